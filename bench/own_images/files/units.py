"""Units of axes as image files spell them."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

Kind = Literal["length", "reciprocal", "energy", "angle", "time", "none", "other", "unknown"]

#: Spellings of microscopes' programs that no library of units knows, or takes for something else.
_SPELLINGS: Final = {
    "a": "angstrom",
    "ang": "angstrom",
    "ang.": "angstrom",
    "angs": "angstrom",
    "å": "angstrom",
    "ångstrom": "angstrom",
    "ångströms": "angstrom",
    "n_m": "nm",
    "u_m": "um",
    "p_m": "pm",
    "m_m": "mm",
    "mu": "um",
    "µ": "um",
    "mum": "um",
    "mic": "um",
    "nanom": "nm",
}
#: What files write where an axis has no unit.
_NO_UNIT: Final = frozenset(
    {
        "", "px", "pix", "pixel", "pixels", "point", "points", "none", "null", "nan", "n/a", "na",
        "<undefined>", "undefined", "unknown", "unitless", "au", "a.u.", "a.u", "arb", "arb.",
        "channel", "channels", "index", "frame", "frames", "slice", "slices", "1", "counts",
    }
)  # fmt: skip
#: Å per unit of the usual spellings, so that no library is loaded for them.
_USUAL: Final = {
    "nm": 10.0,
    "pm": 0.01,
    "um": 1e4,
    "µm": 1e4,
    "angstrom": 1.0,
    "mm": 1e7,
    "m": 1e10,
}
_KINDS: Final[dict[Any, Kind]] = {
    (("[length]", 1),): "length",
    (("[length]", -1),): "reciprocal",
    (("[length]", 2), ("[mass]", 1), ("[time]", -2)): "energy",
    (("[time]", 1),): "time",
}


@dataclass(frozen=True)
class Unit:
    """A unit of an axis.

    Attributes
    ----------
    kind : str
        'length', 'reciprocal', 'energy', 'angle', 'time', 'other', 'none' where the axis has no
        unit, or 'unknown' where the text is not understood.
    angstrom : float or None
        Å per unit of a length.
    """

    kind: Kind
    angstrom: float | None = None


def unit_named(text: object) -> Unit:
    """Read a unit as a file spells it.

    Capital letters count only where they tell prefixes apart (mm from Mm); brackets, blanks and
    the two forms of the letters Å and µ do not.

    Parameters
    ----------
    text : str, bytes or None
        Anything else is taken as its text.
    """
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    return _unit("" if text is None else _plain(str(text)))


def _plain(text: str) -> str:
    """Text with one form of each letter, without brackets around it or NUL."""
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    text = text.replace("⁻", "-").replace("−", "-").replace("\0", "")
    text = unicodedata.normalize("NFKC", text).replace("μ", "µ").strip()
    while len(text) > 1 and (text[0], text[-1]) in (("[", "]"), ("(", ")"), ("{", "}")):
        text = text[1:-1].strip()
    return "" if text in ("[]", "()", "{}") else text


@cache
def _unit(text: str) -> Unit:
    if text.lower() in _NO_UNIT:
        return Unit("none")
    reciprocal = re.fullmatch(r"(?:1\s*/\s*)(.+)|(.+?)\s*(?:\^|\*\*)?\s*\(?-1\)?", text)
    if reciprocal:
        inner = _unit(_plain(reciprocal[1] or reciprocal[2]))
        return Unit("reciprocal" if inner.kind == "length" else "other")
    lower = text.lower()
    # A capital first letter is a sentence's habit in words, and a prefix of its own in symbols.
    names = [_SPELLINGS.get(lower, text)]
    if len(text) > 2 or text in ("NM", "UM", "Nm", "Um"):
        names.append(lower)
    for name in names:
        if name in _USUAL:
            return Unit("length", _USUAL[name])
        found = _from_library(name)
        if found is not None:
            return found
    return Unit("unknown")


def _from_library(name: str) -> Unit | None:
    registry = _registry()
    try:
        unit = registry.parse_units(name)
        if not unit.dimensionality:
            angle = str(unit).removesuffix("s").endswith(("radian", "degree", "arcsecond"))
            return Unit("angle" if angle else "other")
        kind = _KINDS.get(tuple(sorted(unit.dimensionality.items())), "other")
        if kind != "length":
            return Unit(kind)
        return Unit("length", float(registry.Quantity(1.0, unit).to("angstrom").magnitude))
    except Exception:  # the library raises errors of many kinds for text that is no unit
        return None


@cache
def _registry() -> Any:
    import pint

    return pint.UnitRegistry()
