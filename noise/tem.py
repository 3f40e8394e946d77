"""The TEM noise chain: its stages in order."""

from typing import Final

from noise.chain import Chain
from noise.seeds import FIRST_TEM_STAGES

#: Files of `noise.stages` in the order in which their stages happen. A new stage adds its line.
TEM_STAGES: Final = (
    "camera.mtf",
    "electron_counting",
    "camera.sensor",
    "camera.readout",
    "camera.defect_clusters",
    "digitiser",
)


class TemNoise(Chain, files=TEM_STAGES, first=FIRST_TEM_STAGES, modalities=("tem",)):
    """Distortions of a TEM image in the order in which they happen; None leaves one out.

    ``TemNoise(mtf=Mtf(...), thermal=ReadoutNoise(...))`` takes the settings of a stage by its
    name; docs/noise.md lists the stages. Shot noise, equation (30), is always applied. The
    camera's blur belongs to the ground truth too: see `ground_truth`.
    """
