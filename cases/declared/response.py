"""Case response: edits of Pt [001] whose restored images show how much of a change is passed on."""

from typing import Final

from cases.case import Case, FitChoice, ImageSpec, MeasuredColumns
from cases.declared.pt_bulk import CASE as PT_BULK
from cases.declared.shared import HAADF, PLATINUM
from cases.specimens.edits import ColumnShape, Edit, Wave
from cases.specimens.kinds.edited_crystal import EditedCrystal
from cases.study import RunAmount, Study
from noise import ScanNoise

#: Wavelengths in columns. Quarter turns set the waves of one image apart, but for the shortest,
#: which has its full height at the columns.
_WAVELENGTHS: Final = (2.0, 3.0, 4.0, 6.0, 8.0, 12.0)
_X: Final = tuple(Wave(w, "x", 0.25 * n) for n, w in enumerate(_WAVELENGTHS))
_Y: Final = tuple(Wave(w, "y", 0.25 * n) for n, w in enumerate(_WAVELENGTHS))
_DIAGONAL: Final = tuple(Wave(w, "diagonal", 0.25 * n) for n, w in enumerate(_WAVELENGTHS))

EDITS: Final = (
    *(Edit(f"shift{pm:g}", "isolated", shift=pm) for pm in (5.0, 15.0, 30.0, 60.0)),
    *(Edit(f"scs{percent:g}", "isolated", scs=percent) for percent in (5.0, 10.0, 25.0)),
    Edit("shiftwaves-x", "waves", shift=6.0, waves=_X),
    Edit("shiftwaves-y", "waves", shift=6.0, waves=_Y),
    Edit("shiftwaves-diagonal", "waves", shift=6.0, waves=_DIAGONAL),
    Edit("scswaves-x", "waves", scs=4.0, waves=_X),
    Edit("scswaves-y", "waves", scs=4.0, waves=_Y),
    Edit("scswaves-diagonal", "waves", scs=4.0, waves=_DIAGONAL),
)

#: Eight columns, three apart, round one that is left as it is.
SITES: Final = ((-3, -3), (0, -3), (3, -3), (3, 0), (3, 3), (0, 3), (-3, 3), (-3, 0))

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
        judged_edits=("shift15", "scs10"),
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
        edits=EDITS,
    ),
    microscope=HAADF,
    simulation=PT_BULK.simulation,
    images=tuple(
        ImageSpec(label=f"z{z:02d}{suffix}", thickness=z)
        for z in _THICKNESSES
        for suffix in ("", *(f"-{edit.name}" for edit in EDITS))
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
