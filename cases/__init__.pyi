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
from .study import (
    RunAmount as RunAmount,
)
from .study import (
    Study as Study,
)
from .truth.columns import (
    to_pixels as to_pixels,
)
from .truth.ground_truth import (
    load_ground_truth as load_ground_truth,
)
from .truth.ground_truth import (
    load_version as load_version,
)
