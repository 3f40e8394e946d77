"""Case pt_112: a perfect Pt [112] crystal of six unit cells, pure shot noise."""

from typing import Final

from cases.case import Case, FitChoice, ImageSpec, MeasuredColumns
from cases.declared.shared import HAADF, PLATINUM
from cases.imaging import CoarseLevel, SupercellScan
from cases.specimens.kinds.bulk_112 import Bulk112
from cases.study import Study
from noise import ScanNoise

CASE: Final = Case(
    name="pt_112",
    version=1,
    title="Pt [112] bulk crystal",
    summary=(
        "A perfect crystal in the orientation and of the thickness of the dislocation's, under "
        "shot noise alone; other cases change its image."
    ),
    # Not run by itself.
    study=Study(figure="precision", quick=None, paper=None),
    structure=Bulk112(material=PLATINUM, cells=6),
    microscope=HAADF,
    simulation=SupercellScan(
        repeats=10,
        grid_points=960,
        scan_points=7,
        scan_points_y=10,
        slices_per_cell=6,
        seed=20230006,
        coarse=CoarseLevel(grid=840, window=140, outer=170.0, places=24),
    ),
    images=(ImageSpec(label="z06", thickness=6),),
    sampling=0.2,
    shape=(128, 128),
    margin=8,
    offset=(0.3127, 0.5713),
    doses=(5e2, 5e3, 5e4),
    noise=ScanNoise(),
    measured=MeasuredColumns(rule="innermost", value=8),
    fit=FitChoice(width="shared", background="none"),
    bound=True,
)
