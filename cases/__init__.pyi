from .case import (
    Case as Case,
    FitChoice as FitChoice,
    case_from_dict as case_from_dict,
)
from .registry import (
    CASES as CASES,
    get_case as get_case,
)
from .simulation.convergence import (
    chosen_variations as chosen_variations,
    convergence_of as convergence_of,
    deviation_text as deviation_text,
    record_convergence as record_convergence,
)
from .simulation.simulate import (
    Amount as Amount,
    shipped_amount as shipped_amount,
    simulate as simulate,
)
from .specimens.descriptions import site_labels as site_labels
from .specimens.edits import (
    Edit as Edit,
)
from .study import (
    RunAmount as RunAmount,
    Study as Study,
)
from .truth.column_roles import (
    REFERENCE as REFERENCE,
    SITE as SITE,
    column_roles as column_roles,
)
from .truth.columns import (
    to_angstrom as to_angstrom,
    to_pixels as to_pixels,
)
from .truth.ground_truth import (
    load_ground_truth as load_ground_truth,
    load_version as load_version,
)
