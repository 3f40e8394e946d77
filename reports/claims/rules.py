"""Rules by which intervals decide a claim; no verdict comes from anywhere else."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from reports.words.numbers import plain, quantity

Outcome = Literal["confirmed", "refuted", "partly", "undecided", "no data"]


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number that speaks for or against a claim.

    Attributes
    ----------
    value, low, high : float
        With the ends of its 95 % interval: NaN where none can be stated, all three equal for what
        no noise touches.
    unit : str
        As readers see it; '' for ratios.
    at : str
        Where in the run it was found.
    condition : str
        Name of the condition of the claim's rule that it belongs to.
    """

    value: float
    low: float
    high: float
    unit: str = ""
    at: str = ""
    condition: str = ""

    @property
    def text(self) -> str:
        """The number with place, interval and unit."""
        after = f" {self.unit}" if self.unit else ""
        if math.isinf(self.value):
            written = f"above {plain(self.low)}{after}" if math.isfinite(self.low) else "none"
        elif self.low == self.value == self.high:
            written = f"{self.value:.7g}{after}"
        else:
            written = quantity(self.value, self.low, self.high, unit=self.unit)
            written += "" if math.isfinite(self.low) else " without interval"
        return f"{self.at}: {written}" if self.at else written


@dataclass(frozen=True, kw_only=True)
class Condition:
    """Where the intervals must lie for a claim, or one part of it, to hold.

    Attributes
    ----------
    name : str
        What the part is about; '' for a rule of one condition.
    above, below : float
        The open range in which a whole interval must lie.
    each : bool
        Whether every interval must lie there; else one is enough.
    """

    name: str = ""
    above: float = -math.inf
    below: float = math.inf
    each: bool = True

    def __post_init__(self) -> None:
        if not self.above < self.below or (self.above, self.below) == (-math.inf, math.inf):
            raise ValueError(f"condition {self.name!r} excludes nothing, or everything")

    def holds(self, number: Number) -> bool:
        """Whether the whole interval lies in the range."""
        return self.above < number.low and number.high < self.below

    def fails(self, number: Number) -> bool:
        """Whether the whole interval lies outside of the range."""
        return number.high <= self.above or number.low >= self.below

    def room(self, number: Number) -> float:
        """Distance of the interval's worse end from the range's ends; negative beyond them."""
        low = math.inf if math.isinf(self.above) else number.low - self.above
        high = math.inf if math.isinf(self.below) else self.below - number.high
        nearest = min(low, high)
        return -math.inf if math.isnan(low) or math.isnan(high) else nearest

    def own(self, numbers: Sequence[Number]) -> list[Number]:
        """Numbers that belong to it, the least favourable first."""
        return sorted((n for n in numbers if n.condition == self.name), key=self.room)

    def judge(self, numbers: Sequence[Number]) -> Outcome:
        """Decide by the numbers that belong to it."""
        own = self.own(numbers)
        if not own:
            return "no data"
        held, failed = [self.holds(n) for n in own], [self.fails(n) for n in own]
        enough, against = (all(held), any(failed)) if self.each else (any(held), all(failed))
        return "confirmed" if enough else "refuted" if against else "undecided"

    @property
    def text(self) -> str:
        """Where intervals must lie, in words."""
        which = "every interval" if self.each else "an interval"
        if math.isinf(self.above):
            return f"{which} below {self.below:.4g}"
        if math.isinf(self.below):
            return f"{which} above {self.above:.4g}"
        return f"{which} between {self.above:.4g} and {self.below:.4g}"


@dataclass(frozen=True)
class Rule:
    """The conditions of a claim; it holds if all of them do.

    Raises
    ------
    ValueError
        If two conditions share a name, or there is none.
    """

    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        names = [condition.name for condition in self.conditions]
        if not names or len(set(names)) < len(names):
            raise ValueError("a rule has conditions, each with a name of its own")

    def judge(self, numbers: Sequence[Number]) -> Outcome:
        """Decide a claim.

        Parameters
        ----------
        numbers : sequence of Number

        Returns
        -------
        {'confirmed', 'refuted', 'partly', 'undecided', 'no data'}
            'confirmed' if all conditions are, 'refuted' if all are, 'partly' if some are the one
            and some the other, 'no data' if no condition has a number, else 'undecided': a
            condition without numbers leaves a claim open.

        Raises
        ------
        ValueError
            If a number belongs to no condition.
        """
        strangers = {n.condition for n in numbers} - {c.name for c in self.conditions}
        if strangers:
            raise ValueError(f"numbers of no condition of the rule: {sorted(strangers)}")
        found = {condition.judge(numbers) for condition in self.conditions}
        if found == {"no data"}:
            return "no data"
        if {"confirmed", "refuted"} <= found:
            return "partly"
        return next(iter(found)) if len(found) == 1 else "undecided"

    def deciding(self, numbers: Sequence[Number]) -> Number | None:
        """Return the number that decides: of the first condition that speaks against the claim.

        Its least favourable one; of a condition that one number is enough for, the most favourable.
        None without numbers.
        """
        rank = {"refuted": 0, "undecided": 1, "confirmed": 2}
        told = [c for c in self.conditions if c.own(numbers)]
        if not told:
            return None
        worst = min(told, key=lambda condition: rank[condition.judge(numbers)])
        own = worst.own(numbers)
        return own[0] if worst.each else own[-1]

    @property
    def text(self) -> str:
        """The rule in words."""
        texts = list(dict.fromkeys(condition.text for condition in self.conditions))
        if len(texts) == 1:
            return texts[0] + (", in each condition" if len(self.conditions) > 1 else "")
        return "; ".join(f"{condition.name}: {condition.text}" for condition in self.conditions)


def below(limit: float, *, name: str = "", each: bool = True) -> Condition:
    """Condition that whole intervals lie below a limit."""
    return Condition(name=name, below=limit, each=each)


def above(limit: float, *, name: str = "", each: bool = True) -> Condition:
    """Condition that whole intervals lie above a limit."""
    return Condition(name=name, above=limit, each=each)


def within(low: float, high: float, *, name: str = "") -> Condition:
    """Condition that whole intervals lie between two limits."""
    return Condition(name=name, above=low, below=high)


def rule(*conditions: Condition) -> Rule:
    """Rule of one condition or of several."""
    return Rule(conditions)


#: For what no record of a run decides: any number would do, and there is none.
NO_RECORD: Final = rule(above(0.0))
