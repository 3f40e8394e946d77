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
from .simulation.convergence import (
    chosen_variations as chosen_variations,
)
from .simulation.convergence import (
    convergence_of as convergence_of,
)
from .simulation.convergence import (
    deviation_text as deviation_text,
)
from .simulation.convergence import (
    record_convergence as record_convergence,
)
from .simulation.simulate import (
    Amount as Amount,
)
from .simulation.simulate import (
    shipped_amount as shipped_amount,
)
from .simulation.simulate import (
    simulate as simulate,
)
from .truth.columns import (
    to_pixels as to_pixels,
)
from .truth.ground_truth import (
    load_ground_truth as load_ground_truth,
)
