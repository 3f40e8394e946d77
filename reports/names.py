"""How each restorer looks and what it is called: the same in every figure and table of a run."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

#: The colours of Okabe and Ito (2008), told apart with any common colour vision; their yellow is
#: left out, it is too pale for lines on white.
_BLUE, _ORANGE, _GREEN, _VERMILION, _PURPLE, _SKY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9",
)  # fmt: skip
#: The restorer that leaves images as they are.
RAW: Final = "raw"
#: The published network: on each modality of the published pairs the one trained for it.
NETWORK: Final = "cgrdn"


@dataclass(frozen=True)
class RestorerStyle:
    """Colour, marker and readable name of a restorer."""

    name: str
    label: str
    colour: str
    marker: str


_RAW: Final = RestorerStyle("raw", "raw", "#6E6E6E", "o")
_KNOWN: Final = {
    "raw": _RAW,
    "cgrdn-hrstem": RestorerStyle("cgrdn-hrstem", "CGRDN", _BLUE, "s"),
    "gaussian": RestorerStyle("gaussian", "Gaussian filter", _ORANGE, "^"),
    "nlm": RestorerStyle("nlm", "non-local means", _GREEN, "D"),
}
_FREE: Final = (
    (_VERMILION, "v"), (_PURPLE, "P"), (_SKY, "X"), ("#8C564B", "<"), ("#332288", ">"),
    ("#999933", "p"), ("#882255", "h"), ("#44AA99", "d"),  # of P. Tol's muted scheme
)  # fmt: skip
_FIRST: Final = ("raw", "cgrdn-hrstem")
_LAST: Final = ("gaussian", "nlm")
_ALIASES: Final = {"cgrdn": "cgrdn-hrstem", "identity": "raw"}


def main_restorer(restorers: Iterable[str]) -> str | None:
    """Name the restorer that example images show: the published network, else the first found.

    Parameters
    ----------
    restorers : iterable of str
        Names in a run.

    Returns
    -------
    str or None
        None if there is nothing but raw images.
    """
    names = order(restorers)
    return next((name for name in names if not is_raw(name)), None)


def is_raw(name: str) -> bool:
    """Whether a restorer leaves the image as it is."""
    return _ALIASES.get(name, name) == "raw"


def is_classical(name: str) -> bool:
    """Whether a restorer is one of the built-in classical filters, the floor for networks."""
    return _ALIASES.get(name, name) in _LAST


def order(restorers: Iterable[str]) -> list[str]:
    """Restorers as figures and tables show them: raw, CGRDN, a user's own, classical filters."""
    return sorted(dict.fromkeys(str(name) for name in restorers), key=_rank)


def _rank(name: str) -> tuple[int, str]:
    known = _ALIASES.get(name, name)
    if known in _FIRST:
        return _FIRST.index(known), name
    return len(_FIRST) + (1 + _LAST.index(known) if known in _LAST else 0), name


def styles(restorers: Iterable[str]) -> dict[str, RestorerStyle]:
    """Style of each restorer of a run, in display order.

    Parameters
    ----------
    restorers : iterable of str
        All names of the run, so that every figure of it gives a name the same colour.

    Returns
    -------
    dict of str to RestorerStyle
        Names that are not built in take the free colours in alphabetical order.
    """
    chosen: dict[str, RestorerStyle] = {}
    free = 0
    for name in order(restorers):
        known = _KNOWN.get(_ALIASES.get(name, name))
        if known is None:
            colour, marker = _FREE[free % len(_FREE)]
            known = RestorerStyle(name, name, colour, marker)
            free += 1
        chosen[name] = known
    return chosen
