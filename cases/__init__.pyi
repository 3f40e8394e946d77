from .case import (
    Case as Case,
)
from .case import (
    FitChoice as FitChoice,
)
from .registry import (
    CASES as CASES,
)
from .registry import (
    get_case as get_case,
)
from .specimens.descriptions import SITE_LABELS as SITE_LABELS
from .truth.column_roles import (
    REFERENCE as REFERENCE,
)
from .truth.column_roles import (
    SITE as SITE,
)
from .truth.column_roles import (
    column_roles as column_roles,
)
from .truth.columns import (
    to_pixels as to_pixels,
)
from .truth.ground_truth import (
    load_ground_truth as load_ground_truth,
)
