"""Case response: edits of Pt [001] whose restored images show how much of a change is passed on."""

from typing import Final

from cases.case import Case, FitChoice, ImageSpec, MeasuredColumns
from cases.declared.pt_bulk import CASE as PT_BULK
from cases.declared.responses.response_edits import EDITS, JUDGED, SITES
from cases.declared.shared import HAADF, PLATINUM
from cases.specimens.edits import ColumnChange, ColumnShape, Edit
from cases.specimens.kinds.edited_crystal import EditedCrystal
from cases.study import RunAmount, Study
from noise import ScanNoise

#: Changes that the case 'simulated_edits' has by multislice, made in the image: two atoms more
#: scatter 13.2 % more, as its noise-free fit says.
_SHIFTED: Final = ((-4, -4), (4, -4), (-4, 4), (4, 4))
_BRIGHTER: Final = ((0, -4), (0, 0), (0, 4))
_LISTED: Final = (
    *(ColumnChange(i, j, shift=30.0) for i, j in _SHIFTED),
    *(ColumnChange(i, j, scs=13.2) for i, j in _BRIGHTER),
)
_LISTED_EDITS: Final = (
    Edit("edited", "listed", columns=_LISTED),
    Edit("simulated", "listed", columns=_LISTED, source="simulated_edits"),
)

_THICKNESSES: Final = (2, 10, 40)

CASE: Final = Case(
    name="response",
    version=1,
    title="Response to changes in Pt [001]",
    summary=(
        "How much of a real change a restored image passes on: single columns displaced or made "
        "brighter, and waves of displacement and of brightness, in an otherwise perfect crystal."
    ),
    study=Study(
        figure="response",
        headline=(
            "position_std_pm",
            "position_std_over_bound",
            "scs_std_pct",
            "scs_std_over_bound",
            "failure_rate",
        ),
        score="information",
        information="response",
        quick=RunAmount(
            images=(
                "z10",
                "z10-shift15",
                "z10-shift60",
                "z10-scs10",
                "z10-scs25",
                "z10-shiftwaves-x",
                "z10-scswaves-x",
            ),
            doses=(5e2, 5e3),
            realizations=12,
        ),
        paper=RunAmount(realizations=20),
        judged_edits=JUDGED,
    ),
    structure=EditedCrystal(
        material=PLATINUM,
        cells=40,
        orientation="001",
        host_case=PT_BULK.name,
        # Means of the noise-free fits of the host's 169 columns, rounded.
        shapes=(
            ColumnShape(2, peak=0.01916, sigma=0.4404),
            ColumnShape(10, peak=0.1152, sigma=0.4872),
            ColumnShape(40, peak=0.2185, sigma=0.6516),
        ),
        sites=SITES,
        edits=(*EDITS, *_LISTED_EDITS),
    ),
    microscope=HAADF,
    simulation=PT_BULK.simulation,
    images=(
        *(
            ImageSpec(label=f"z{z:02d}{suffix}", thickness=z)
            for z in _THICKNESSES
            for suffix in ("", *(f"-{edit.name}" for edit in EDITS))
        ),
        *(ImageSpec(label=f"z10-{edit.name}", thickness=10) for edit in _LISTED_EDITS),
    ),
    sampling=0.2,
    shape=(128, 128),
    margin=8,
    offset=(0.3127, 0.5713),
    doses=(5e2, 5e3, 5e4),
    noise=ScanNoise(),
    measured=MeasuredColumns(rule="innermost", value=11),
    fit=FitChoice(width="shared", background="none"),
    bound=True,
)
