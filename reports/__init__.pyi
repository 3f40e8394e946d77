from .gate.comparability import (
    renewal as renewal,
)
from .gate.evidence import (
    Evidence as Evidence,
)
from .gate.evidence import (
    chosen as chosen,
)
from .gate.evidence import (
    evidence_of_run as evidence_of_run,
)
from .gate.evidence import (
    read_baseline as read_baseline,
)
from .gate.evidence import (
    write_baseline as write_baseline,
)
from .gate.gate import (
    judge_versions as judge_versions,
)
from .gate.gate_files import (
    write_csv as write_csv,
)
from .gate.gate_files import (
    write_json as write_json,
)
from .gate.gate_files import (
    write_junit as write_junit,
)
from .gate.gate_files import (
    write_markdown as write_markdown,
)
from .gate.gate_files import (
    write_text as write_text,
)
from .gate.gate_text import (
    SHOWN_FIRST as SHOWN_FIRST,
)
from .gate.gate_text import (
    cell_text as cell_text,
)
from .gate.gate_text import (
    change_text as change_text,
)
from .gate.gate_text import (
    closing_text as closing_text,
)
from .gate.gate_text import (
    metric_text as metric_text,
)
from .gate.gate_text import (
    needed_text as needed_text,
)
from .gate.gate_text import (
    ordered as ordered,
)
from .gate.gate_text import (
    value_text as value_text,
)
from .gate.margins import (
    Margins as Margins,
)
from .gate.margins import (
    default_margins as default_margins,
)
from .gate.margins import (
    default_text as default_text,
)
from .gate.margins import (
    load_margins as load_margins,
)
from .gate.result import (
    GateResult as GateResult,
)
from .gate.result import (
    GateRow as GateRow,
)
from .gate.result import (
    Verdict as Verdict,
)
from .metrics.images.restored_image import (
    RestoredImage as RestoredImage,
)
from .metrics.table import (
    metrics_of as metrics_of,
)
from .names import (
    NETWORK as NETWORK,
)
from .names import (
    RAW as RAW,
)
from .names import (
    is_raw as is_raw,
)
from .page.image_report import (
    write_image_report as write_image_report,
)
from .page.report import (
    write_report as write_report,
)
from .records.ablation import (
    with_rung as with_rung,
)
from .records.image_folder import (
    EXAMPLES as EXAMPLES,
)
from .records.image_folder import (
    IMAGES_VERSION as IMAGES_VERSION,
)
from .records.image_folder import (
    PAIRS as PAIRS,
)
from .records.image_folder import (
    RINGS as RINGS,
)
from .records.image_folder import (
    SETTINGS as SETTINGS,
)
from .records.run_folder import (
    load_run as load_run,
)
from .records.schema import (
    SCHEMA_VERSION as SCHEMA_VERSION,
)
from .records.schema import (
    conform as conform,
)
