"""Case response_long: long waves, uniform strain and shear of Pt [001] in a larger image."""

from dataclasses import replace
from typing import Final

from cases.case import ImageSpec, MeasuredColumns
from cases.declared.responses.response import CASE as RESPONSE
from cases.declared.responses.response_edits import SITES
from cases.declared.shared import PLATINUM
from cases.specimens.edits import ColumnShape, Edit, Wave
from cases.specimens.kinds.edited_crystal import EditedCrystal
from cases.study import RunAmount, Study

#: Half a percent moves the columns at the rim by 13 pm.
_EDITS: Final = (
    Edit(
        "strain",
        "strain",
        shift=3.0,
        waves=(
            Wave(16.0, "x"),
            Wave(24.0, "x", 0.25),
            Wave(16.0, "y"),
            Wave(24.0, "y", 0.25),
        ),
        strain=0.005,
        shear=0.005,
    ),
)

CASE: Final = replace(
    RESPONSE,
    name="response_long",
    title="Response to long waves and strain in Pt [001]",
    summary=(
        "How much of long waves of displacement, uniform strain and shear a restored image passes "
        "on."
    ),
    study=Study(
        figure="response",
        headline=RESPONSE.study.headline,
        quick=None,
        paper=RunAmount(realizations=20),
    ),
    structure=EditedCrystal(
        material=PLATINUM,
        cells=10,
        orientation="001",
        host_case="pt_bulk",
        shapes=(ColumnShape(10, peak=0.1152, sigma=0.4872),),
        sites=SITES,
        edits=_EDITS,
    ),
    images=(ImageSpec(label="z10", thickness=10), ImageSpec(label="z10-strain", thickness=10)),
    shape=(256, 256),
    measured=MeasuredColumns(rule="innermost", value=24),
)
