"""Case defect_ladder: Pt [001] with one defect in each of seven columns, pure shot noise."""

from typing import Final

from cases.case import Case, FitChoice, ImageSpec, MeasuredColumns
from cases.declared.shared import DEFECT_HEADLINE, HAADF, PLATINUM
from cases.imaging import WindowScan
from cases.specimens.kinds.defect_ladder import DefectLadder, DefectSite
from cases.study import RunAmount, Study
from noise import ScanNoise

CASE: Final = Case(
    name="defect_ladder",
    version=1,
    title="Defects in Pt [001]",
    summary=(
        "Whether defects of single columns survive restoration: a vacancy, a half-filled column, "
        "one or two atoms more or less, and a lighter element, in an otherwise perfect crystal."
    ),
    study=Study(
        figure="defects",
        headline=DEFECT_HEADLINE,
        score="defect_error",
        quick=RunAmount(images=("z10",), doses=(5e2, 5e3), realizations=16, raw_realizations=64),
        searched=8,
    ),
    structure=DefectLadder(
        material=PLATINUM,
        cells=20,
        # Four columns apart, so that no difference image reaches another site.
        sites=(
            DefectSite("minus1", -4, -4),
            DefectSite("half", 0, -4),
            DefectSite("plus1", 4, -4),
            DefectSite("perfect", -4, 0),
            DefectSite("vacancy", 0, 0),
            DefectSite("substituted", 4, 0),
            DefectSite("minus2", -4, 4),
            DefectSite("perfect", 0, 4),
            DefectSite("plus2", 4, 4),
        ),
        guest="Pd",
        host_case="pt_bulk",
    ),
    microscope=HAADF,
    simulation=WindowScan(
        points=35,
        step=0.2295,
        oversampling=8,
        window=320,
        planes_per_slice=1,
        interleave=1,
        symmetry="p4m",
        fine_radius=None,
        seed=20230004,
    ),
    images=tuple(ImageSpec(label=f"z{z:02d}", thickness=z) for z in (5, 10, 20)),
    sampling=0.2,
    shape=(128, 128),
    margin=8,
    offset=(0.3127, 0.5713),
    doses=(5e2, 5e3, 5e4),
    noise=ScanNoise(),
    measured=MeasuredColumns(rule="innermost", value=11),
    # A free position would wander off an empty site to the next bright spot.
    fit=FitChoice(width="shared", background="none", drift=0.0),
)
