"""Case pt_bulk: a perfect Pt [001] crystal, 1 to 75 unit cells, pure shot noise (study 1)."""

from typing import Final

from cases.case import (
    BulkCrystal,
    Case,
    CoarseLevel,
    FitChoice,
    ImageSpec,
    MeasuredColumns,
    SupercellScan,
)
from cases.declared.shared import HAADF, PLATINUM
from noise import ScanNoise

CASE: Final = Case(
    name="pt_bulk",
    version=2,
    title="Pt [001] bulk crystal",
    summary=(
        "Precision of column position and scattering cross-section against thickness, under shot "
        "noise alone, beside the Cramér-Rao bound. Thickness 1 serves the atom-counting library."
    ),
    study=1,
    structure=BulkCrystal(material=PLATINUM, cells=75),
    microscope=HAADF,
    simulation=SupercellScan(
        repeats=6,
        grid_points=800,
        scan_points=18,
        slices_per_cell=2,
        seed=20230001,
        coarse=CoarseLevel(grid=648, window=120, outer=170.0, places=8),
    ),
    images=tuple(ImageSpec(label=f"z{z:02d}", thickness=z) for z in range(1, 76)),
    sampling=0.2,
    shape=(128, 128),
    margin=8,
    # Not commensurate with the pixel grid, so that columns lie at all phases of a pixel.
    offset=(0.3127, 0.5713),
    doses=(5e2, 5e4),
    noise=ScanNoise(),
    measured=MeasuredColumns(rule="innermost", value=8),
    fit=FitChoice(width="shared", background="none"),
    bound=True,
)
