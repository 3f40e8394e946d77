"""Edits that the cases of responses share: single columns by size, and waves by wavelength."""

from typing import Final

from cases.specimens.edits import Edit, Wave

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

#: Response whose scatter it is divided by: small changes, which noise still lets be seen.
JUDGED: Final = ("shift15", "scs10")
