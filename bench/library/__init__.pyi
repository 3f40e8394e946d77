from .assessments import (
    AssessedRestoration as AssessedRestoration,
    assess as assess,
)
from .calibrated_image import (
    CalibratedImage as CalibratedImage,
)
from .column_results import (
    FittedColumns as FittedColumns,
    fit_columns as fit_columns,
)
from .finished_run import (
    FinishedRun as FinishedRun,
    report as report,
    run as run,
)
