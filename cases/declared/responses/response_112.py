"""Case response_112: the edits of case response in Pt [112], whose columns lie closer."""

from typing import Final

from cases.case import Case, FitChoice, ImageSpec, MeasuredColumns
from cases.declared.pt_112 import CASE as PT_112
from cases.declared.responses.response import CASE as RESPONSE
from cases.declared.responses.response_edits import EDITS, JUDGED, SITES
from cases.declared.shared import HAADF, PLATINUM
from cases.specimens.edits import ColumnShape
from cases.specimens.kinds.edited_crystal import EditedCrystal
from cases.study import RunAmount, Study
from noise import ScanNoise

CASE: Final = Case(
    name="response_112",
    version=1,
    title="Response to changes in Pt [112]",
    summary=(
        "How much of a real change a restored image passes on in the orientation and of the "
        "thickness of the dislocation's crystal."
    ),
    study=Study(
        figure="response",
        headline=RESPONSE.study.headline,
        score="information",
        quick=None,
        paper=RunAmount(realizations=20),
        judged_edits=JUDGED,
        information="response_112",
    ),
    structure=EditedCrystal(
        material=PLATINUM,
        cells=6,
        orientation="112",
        host_case=PT_112.name,
        # Mean of the noise-free fits of the host's measured columns, rounded.
        shapes=(ColumnShape(6, peak=0.0751, sigma=0.4599),),
        sites=SITES,
        edits=EDITS,
    ),
    microscope=HAADF,
    simulation=PT_112.simulation,
    images=tuple(
        ImageSpec(label=f"z06{suffix}", thickness=6)
        for suffix in ("", *(f"-{edit.name}" for edit in EDITS))
    ),
    sampling=0.2,
    shape=(128, 128),
    margin=8,
    offset=PT_112.offset,
    doses=(5e2, 5e3, 5e4),
    noise=ScanNoise(),
    measured=MeasuredColumns(rule="innermost", value=9),
    fit=FitChoice(width="shared", background="none"),
    bound=True,
)
