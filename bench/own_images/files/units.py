"""Units of axes as image files spell them."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

Kind = Literal["length", "reciprocal", "energy", "angle", "time", "none", "other", "unknown"]

#: The length of a pixel, stated as a length per pixel.
_PER_PIXEL: Final = re.compile(
    r"(.+?)(?:\s*(?:/|\bper\b)\s*(?:px|pix|pixels?)|[\s·⋅*.]+(?:px|pix|pixels?)[\s^*]*\(?-1\)?)",
    re.IGNORECASE,
)
#: Words before or behind a unit, one of both in brackets: 'nanometer (nm)', 'nm (calibrated)'.
_WITH_WORDS: Final = re.compile(r"(.+?)\s*[\[({](.+)[\])}]")
#: The letters of ångström that have other forms.
_FOLDED: Final = str.maketrans("åöø", "aoo")

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
    "aa": "angstrom",
    "\\aa": "angstrom",
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

    Capital letters count only where they tell prefixes apart (mm from Mm); brackets, quotes,
    blanks and the two forms of the letters Å and µ do not. A length per pixel is that length, and
    words beside a unit are passed over where one of both stands in brackets.

    Parameters
    ----------
    text : str, bytes or None
        Anything else is taken as its text.
    """
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    return _unit("" if text is None else _plain(str(text)))


def _plain(text: str) -> str:
    """Text with one form of each letter, without brackets or quotes around it or NUL."""
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    text = text.replace("⁻", "-").replace("−", "-").replace("\0", "")
    text = unicodedata.normalize("NFKC", text).replace("μ", "µ").strip()
    around = (("[", "]"), ("(", ")"), ("{", "}"), ("'", "'"), ('"', '"'))
    while len(text) > 1 and (text[0], text[-1]) in around:
        text = text[1:-1].strip()
    return "" if text in ("[]", "()", "{}") else text


@cache
def _unit(text: str) -> Unit:
    if text.lower() in _NO_UNIT:
        return Unit("none")
    per_pixel = _PER_PIXEL.fullmatch(text)
    if per_pixel:
        return _unit(_plain(per_pixel[1]))
    reciprocal = re.fullmatch(r"(?:1\s*/\s*)(.+)|(.+?)\s*(?:\^|\*\*)?\s*\(?-1\)?", text)
    if reciprocal:
        inner = _unit(_plain(reciprocal[1] or reciprocal[2]))
        return Unit("reciprocal" if inner.kind == "length" else "other")
    with_words = _WITH_WORDS.fullmatch(text)
    if with_words:
        return _one_length(_unit(_plain(with_words[2])), _unit(_plain(with_words[1])))
    lower = text.lower()
    # A capital first letter is a sentence's habit in words, and a prefix of its own in symbols.
    names = [_SPELLINGS.get(lower, text)]
    if lower.translate(_FOLDED).startswith("angstr"):
        names = ["angstrom"]
    letters = lower.replace(" ", "")
    if letters != lower and letters.isalpha():  # 'nano meter', 'n m'
        names = [_SPELLINGS.get(letters, letters), *names]
    if len(text) > 2 or text in ("NM", "UM", "Nm", "Um"):
        names.append(lower)
    for name in names:
        if name in _USUAL:
            return Unit("length", _USUAL[name])
        found = _from_library(name)
        if found is not None:
            return found
    return Unit("unknown")


def _one_length(inner: Unit, outer: Unit) -> Unit:
    """The length among two readings of a text; neither if they contradict each other."""
    lengths = {unit for unit in (inner, outer) if unit.kind == "length"}
    if len(lengths) == 1:
        return lengths.pop()
    return inner if outer.kind == "unknown" and not lengths else Unit("unknown")


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
