"""Case simulated_edits: Pt [001] with columns displaced and longer, by multislice."""

from typing import Final

from cases.case import Case, FitChoice, ImageSpec, MeasuredColumns
from cases.declared.shared import DEFECT_HEADLINE, HAADF, PLATINUM
from cases.imaging import WindowScan
from cases.specimens.kinds.column_edits import ColumnEdits, EditSite
from cases.study import Study
from noise import ScanNoise

CASE: Final = Case(
    name="simulated_edits",
    version=1,
    title="Edited columns in Pt [001] by multislice",
    summary=(
        "Four columns displaced by 30 pm and three of two atoms more in an otherwise perfect "
        "crystal: what editing its clean image should come to."
    ),
    # Not run by itself.
    study=Study(
        figure="defects", headline=DEFECT_HEADLINE, score="defect_error", quick=None, paper=None
    ),
    structure=ColumnEdits(
        material=PLATINUM,
        cells=10,
        # Four columns apart, so that no change reaches another site.
        sites=(
            EditSite("displaced", -4, -4),
            EditSite("plus2", 0, -4),
            EditSite("displaced", 4, -4),
            EditSite("perfect", -4, 0),
            EditSite("plus2", 0, 0),
            EditSite("perfect", 4, 0),
            EditSite("displaced", -4, 4),
            EditSite("plus2", 0, 4),
            EditSite("displaced", 4, 4),
        ),
        shift=0.3,
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
        # The mirror y → -y alone leaves a column displaced along x as it is.
        symmetry="pm",
        fine_radius=None,
        seed=20230007,
    ),
    images=(ImageSpec(label="z10", thickness=10),),
    sampling=0.2,
    shape=(128, 128),
    margin=8,
    offset=(0.3127, 0.5713),
    doses=(5e2, 5e3, 5e4),
    noise=ScanNoise(),
    measured=MeasuredColumns(rule="innermost", value=11),
    fit=FitChoice(width="shared", background="none"),
)
