"""The S(T)EM noise chain: its stages in order."""

from typing import Final

from noise.chain import Chain
from noise.seeds import FIRST_SCAN_STAGES

#: Files of `noise.stages` in the order in which their stages happen. A new stage adds its line.
SCAN_STAGES: Final = (
    "jitter",
    "additions.flyback",
    "electron_counting",
    "detector",
    "additions.pulse_height",
    "fast_scan",
    "row_lines",
    "point_defects",
    "digitiser",
)


class ScanNoise(Chain, files=SCAN_STAGES, first=FIRST_SCAN_STAGES, modalities=("stem", "sem")):
    """Distortions of a scanned image in the order in which they happen; None leaves one out.

    ``ScanNoise(jitter=Jitter(...), detector=Detector(...))`` takes the settings of a stage by its
    name; docs/noise.md lists the stages. Poisson counting, equation (45), is always applied.
    """
