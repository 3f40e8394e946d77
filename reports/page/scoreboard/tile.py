"""A tile of the scoreboard: what findings about one restorer and one question add up to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

State = Literal["yes", "no", "mixed", "undecided", "reference", "unmeasured"]
#: Symbols that tell states apart without colour.
SYMBOLS: Final[dict[State, str]] = {
    "yes": "✓",
    "no": "✗",
    "mixed": "◐",
    "undecided": "?",
    "reference": "=",
    "unmeasured": "–",
}
#: The gravest first: of these the tile tells the value.
_GRAVITY: Final[tuple[State, ...]] = ("no", "undecided", "yes", "reference")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The answer to a question in one image and dose.

    Attributes
    ----------
    case, image : str
    dose : float
        e/Å².
    state : {'yes', 'no', 'undecided', 'reference'}
    text : str
        Value with its interval, for readers.
    badness : float
        Orders findings of one state, the worst highest.
    n : int
        Realizations.
    """

    case: str
    image: str
    dose: float
    state: State
    text: str
    badness: float
    n: int


@dataclass(frozen=True, kw_only=True)
class Tile:
    """Everything that the scoreboard says of one restorer and one question.

    Attributes
    ----------
    state : State
        Over all findings.
    worst : Finding or None
        The one whose value is shown; None if nothing was measured.
    doses : tuple of (float, State)
        State by dose [e/Å²], in ascending order.
    counts : mapping of State to int
        Findings by state, the gravest first.
    """

    state: State
    worst: Finding | None
    doses: tuple[tuple[float, State], ...]
    counts: Mapping[State, int]


def tile_of(findings: Sequence[Finding]) -> Tile:
    """Add up findings, the gravest in front.

    Parameters
    ----------
    findings : sequence of Finding

    Returns
    -------
    Tile
        'unmeasured' without findings.
    """
    if not findings:
        return Tile(state="unmeasured", worst=None, doses=(), counts={})
    doses = sorted({finding.dose for finding in findings})
    return Tile(
        state=joined(finding.state for finding in findings),
        worst=min(findings, key=lambda one: (_GRAVITY.index(one.state), -one.badness)),
        doses=tuple((d, joined(f.state for f in findings if f.dose == d)) for d in doses),
        counts={s: n for s in _GRAVITY if (n := sum(f.state == s for f in findings))},
    )


def joined(states: Iterable[State]) -> State:
    """State of several findings: what holds somewhere and fails elsewhere is 'mixed'.

    A 'yes' needs a yes everywhere; a 'no' is not softened by what is undecided elsewhere.
    """
    present = set(states)
    if "no" in present:
        return "mixed" if "yes" in present else "no"
    return next(state for state in _GRAVITY if state in present)
