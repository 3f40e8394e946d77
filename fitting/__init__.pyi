from .bounds.biased import (
    BiasGradient as BiasGradient,
)
from .bounds.biased import (
    bias_corrected as bias_corrected,
)
from .bounds.biased import (
    bias_gradient as bias_gradient,
)
from .bounds.cramer_rao import (
    cramer_rao as cramer_rao,
)
from .column_search import (
    DetectionScore as DetectionScore,
)
from .column_search import (
    find_columns as find_columns,
)
from .column_search import (
    score_detection as score_detection,
)
from .counting.library import (
    count_atoms as count_atoms,
)
from .counting.mixture import (
    MixtureCount as MixtureCount,
)
from .counting.mixture import (
    count_by_mixture as count_by_mixture,
)
from .fit import (
    fit_batch as fit_batch,
)
from .fit import (
    fit_columns as fit_columns,
)
from .flags import (
    FAILED as FAILED,
)
from .flags import (
    NOT_RESTORED as NOT_RESTORED,
)
from .model import (
    Background as Background,
)
from .model import (
    ColumnModel as ColumnModel,
)
from .model import (
    Pixel as Pixel,
)
from .model import (
    scattering_cross_section as scattering_cross_section,
)
from .options import (
    Engine as Engine,
)
from .options import (
    Estimator as Estimator,
)
from .options import (
    FitOptions as FitOptions,
)
from .options import (
    Width as Width,
)
from .result import (
    ColumnFit as ColumnFit,
)
from .start import (
    Bounds as Bounds,
)
