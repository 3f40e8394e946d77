from .claims.registry import (
    CLAIMS as CLAIMS,
)
from .claims.rules import (
    Number as Number,
    Rule as Rule,
    above as above,
    below as below,
    rule as rule,
    within as within,
)
from .claims.table_numbers import (
    quotient as quotient,
)
from .figures.acquisition.displacements import (
    write_displacement_figure as write_displacement_figure,
)
from .figures.acquisition.noise import (
    write_noise_figures as write_noise_figures,
)
from .figures.paper.column_width import (
    COLUMNS as COLUMNS,
    area as area,
    even_grid as even_grid,
    journal_letters as journal_letters,
    letter as letter,
    new_page as new_page,
    picture as picture,
    scale_bar as scale_bar,
    shared_grey as shared_grey,
    side_label as side_label,
    tag as tag,
)
from .figures.paper.paper_figure import (
    Drawn as Drawn,
    Finding as Finding,
    LackingError as LackingError,
    Material as Material,
    PaperFigure as PaperFigure,
    Searching as Searching,
)
from .figures.paper.run_figures import (
    run_paper_figures as run_paper_figures,
)
from .gate.comparability import (
    renewal as renewal,
)
from .gate.evidence import (
    Evidence as Evidence,
    chosen as chosen,
    evidence_of_run as evidence_of_run,
    read_baseline as read_baseline,
    write_baseline as write_baseline,
)
from .gate.gate import (
    judge_versions as judge_versions,
)
from .gate.gate_files import (
    write_csv as write_csv,
    write_junit as write_junit,
    write_markdown as write_markdown,
    write_text as write_text,
)
from .gate.gate_matrix import (
    Matrix as Matrix,
    MatrixField as MatrixField,
    deciding as deciding,
    legend as legend,
    matrices as matrices,
)
from .gate.gate_text import (
    SHOWN_FIRST as SHOWN_FIRST,
    cell_text as cell_text,
    change_text as change_text,
    closing_text as closing_text,
    metric_text as metric_text,
    needed_text as needed_text,
    ordered as ordered,
    value_text as value_text,
)
from .gate.margins import (
    Margins as Margins,
    default_margins as default_margins,
    default_text as default_text,
    load_margins as load_margins,
)
from .gate.power import (
    Power as Power,
    power_of as power_of,
    power_text as power_text,
)
from .gate.result import (
    GateResult as GateResult,
    GateRow as GateRow,
    Verdict as Verdict,
)
from .metrics.dislocation import (
    BURGERS_CIRCLE as BURGERS_CIRCLE,
)
from .metrics.images.agreement import (
    psnr as psnr,
)
from .metrics.images.residual import (
    residual_autocorrelation_rms as residual_autocorrelation_rms,
)
from .metrics.images.restored_image import (
    RestoredImage as RestoredImage,
)
from .metrics.images.ring_correlation import (
    RingCorrelation as RingCorrelation,
    cutoff as cutoff,
    one_seventh as one_seventh,
    ring_correlation as ring_correlation,
)
from .metrics.kept.resolution import (
    CONTRAST_FLOOR as CONTRAST_FLOOR,
)
from .metrics.table import (
    metrics_of as metrics_of,
)
from .names import (
    LATTICE_FIT as LATTICE_FIT,
    NETWORK as NETWORK,
    RAW as RAW,
    SCAN_FIT as SCAN_FIT,
    RestorerInfo as RestorerInfo,
    Restorers as Restorers,
    RestorerStyle as RestorerStyle,
    variant_name as variant_name,
)
from .packs.pack import (
    write_pack as write_pack,
)
from .packs.packed_run import (
    open_run as open_run,
)
from .page.assessment.assessed_columns import (
    AssessedColumns as AssessedColumns,
)
from .page.assessment.assessment_page import (
    AssessmentPage as AssessmentPage,
    write_assessment_page as write_assessment_page,
)
from .page.comparison.comparison_page import (
    write_comparison_page as write_comparison_page,
)
from .page.comparison.differing_images import (
    Restoring as Restoring,
)
from .page.gallery.gallery import (
    chosen_figures as chosen_figures,
    gallery_text as gallery_text,
    write_gallery as write_gallery,
    write_index as write_index,
)
from .page.gallery.gallery_entry import (
    GalleryEntry as GalleryEntry,
)
from .page.image_report import (
    write_image_report as write_image_report,
)
from .page.parts.shared_work import (
    OtherProcesses as OtherProcesses,
)
from .page.report import (
    write_report as write_report,
)
from .page.scoreboard.scoreboard import (
    BoardRow as BoardRow,
    board_of_run as board_of_run,
)
from .page.shipped.shipped_numbers import (
    ShippedNumbers as ShippedNumbers,
)
from .page.shipped.shipped_results import (
    shipped_tables as shipped_tables,
)
from .records.bounds import (
    BOUNDS_FILE as BOUNDS_FILE,
    conform_bounds as conform_bounds,
    read_bounds as read_bounds,
    write_bounds_file as write_bounds_file,
)
from .records.edited import (
    LAG_COVARIANCE as LAG_COVARIANCE,
)
from .records.image_folder import (
    IMAGE_FILES as IMAGE_FILES,
    IMAGES_VERSION as IMAGES_VERSION,
    SETTINGS as SETTINGS,
    write_images as write_images,
)
from .records.ladder import (
    ABLATION as ABLATION,
    AXES as AXES,
    Ladder as Ladder,
    Rung as Rung,
)
from .records.ladder_records import (
    with_rung as with_rung,
)
from .records.run_files import (
    Origin as Origin,
    RunTable as RunTable,
    read_arrays as read_arrays,
    read_hdf5 as read_hdf5,
    read_table as read_table,
    write_arrays as write_arrays,
    write_hdf5 as write_hdf5,
    write_table as write_table,
)
from .records.run_folder import (
    EXAMPLE_FILE as EXAMPLE_FILE,
    Run as Run,
    load_run as load_run,
)
from .records.run_info import (
    RECORDS as RECORDS,
    RUN_FILE as RUN_FILE,
    CaseInfo as CaseInfo,
    Caution as Caution,
    Doubt as Doubt,
    RunInfo as RunInfo,
    SessionInfo as SessionInfo,
    read_run_info as read_run_info,
    write_run_info as write_run_info,
)
from .records.schema import (
    SCHEMA_VERSION as SCHEMA_VERSION,
    conform as conform,
)
from .records.verification import (
    FitVerification as FitVerification,
    RefittedImage as RefittedImage,
    write_verification as write_verification,
)
from .statistics.paired import (
    Effect as Effect,
    mean_effect as mean_effect,
)
from .summaries.information_rank import (
    log_ratio as log_ratio,
)
from .summaries.response import (
    information_of_run as information_of_run,
)
from .summaries.summary import (
    paired_comparisons as paired_comparisons,
    summarise as summarise,
)
from .words.cell_table import (
    cell_table as cell_table,
)
from .words.numbers import (
    quantity as quantity,
    seconds_text as seconds_text,
    tabulated as tabulated,
)
from .words.studies.verification import (
    refit_text as refit_text,
    verification_sentence as verification_sentence,
)
from .words.tables import (
    Table as Table,
)
