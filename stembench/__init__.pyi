import cases as cases
from bench.library import (
    assess as assess,
    fit_columns as fit_columns,
    report as report,
    run as run,
)
from restore import (
    load_restorer as load_restorer,
)

__version__: str
