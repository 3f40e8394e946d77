from .bounds.biased import (
    BiasGradient as BiasGradient,
    bias_corrected as bias_corrected,
    bias_gradient as bias_gradient,
)
from .bounds.cramer_rao import (
    cramer_rao as cramer_rao,
)
from .bounds.hybrid import (
    LineJitter as LineJitter,
    hybrid_bound as hybrid_bound,
)
from .bounds.joint_covariance import (
    joint_covariance as joint_covariance,
)
from .counting.library import (
    count_atoms as count_atoms,
)
from .counting.mixture import (
    MixtureCount as MixtureCount,
    count_by_mixture as count_by_mixture,
)
from .engine.lmfit_engine import (
    MOST_MEMORY as MOST_MEMORY,
    FitCost as FitCost,
    fit_cost as fit_cost,
)
from .fit import (
    fit_batch as fit_batch,
    fit_columns as fit_columns,
)
from .flags import (
    FAILED as FAILED,
    FLAGS as FLAGS,
    NOT_CONVERGED as NOT_CONVERGED,
    NOT_RESOLVED as NOT_RESOLVED,
    NOT_RESTORED as NOT_RESTORED,
    OUT_OF_FRAME as OUT_OF_FRAME,
    PARTLY_MASKED as PARTLY_MASKED,
    POOR_FIT as POOR_FIT,
    SATURATED as SATURATED,
)
from .model import (
    Background as Background,
    ColumnModel as ColumnModel,
    Pixel as Pixel,
    scattering_cross_section as scattering_cross_section,
)
from .results.column_fit import (
    ColumnFit as ColumnFit,
)
from .results.scan_result import (
    LineEstimate as LineEstimate,
    ScanResult as ScanResult,
)
from .scan.line_statistics.frozen_likelihood import (
    MOST_PHI as MOST_PHI,
)
from .scan.preparation.alignment import (
    LARGEST_DRIFT as LARGEST_DRIFT,
    AlignedFrames as AlignedFrames,
    align_frames as align_frames,
)
from .scan.preparation.surroundings import (
    median_spacing as median_spacing,
)
from .scan.preparation.trailing import (
    undo_trailing as undo_trailing,
)
from .scan.scan_model import (
    LEAST_LINES as LEAST_LINES,
    ScanModel as ScanModel,
)
from .scan.straighten import (
    straighten as straighten,
)
from .search.column_search import (
    DetectionScore as DetectionScore,
    find_columns as find_columns,
    score_detection as score_detection,
)
from .search.own_image.own_fit import (
    fit_own_image as fit_own_image,
)
from .search.own_image.own_options import (
    Contrast as Contrast,
    OwnBackground as OwnBackground,
    OwnImageOptions as OwnImageOptions,
)
from .search.own_image.own_result import (
    OwnImageFit as OwnImageFit,
)
from .setup.options import (
    Engine as Engine,
    Estimator as Estimator,
    FitOptions as FitOptions,
    Width as Width,
)
from .setup.start import (
    Bounds as Bounds,
)
