"""Column fits, their Cramér-Rao bound, atom counts and column detection."""

from fitting import flags
from fitting.biased import BiasGradient, bias_corrected, bias_gradient
from fitting.bound import cramer_rao
from fitting.columns import fit_batch, fit_columns
from fitting.counting import count_atoms
from fitting.detection import DetectionScore, find_columns, score_detection
from fitting.mixture import MixtureCount, count_by_mixture
from fitting.model import ColumnModel, scattering_cross_section
from fitting.result import ColumnFit
from fitting.start import Bounds

__all__ = [
    "BiasGradient",
    "Bounds",
    "ColumnFit",
    "ColumnModel",
    "DetectionScore",
    "MixtureCount",
    "bias_corrected",
    "bias_gradient",
    "count_atoms",
    "count_by_mixture",
    "cramer_rao",
    "find_columns",
    "fit_batch",
    "fit_columns",
    "flags",
    "scattering_cross_section",
    "score_detection",
]
