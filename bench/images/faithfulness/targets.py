"""What a tuned network is to reach, judged from its measures and the published network's."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from stembench.errors import InputError

Verdict = Literal["met", "missed", "open"]
#: Standard errors from the limit within which a verdict is open.
_UNSURE: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Target:
    """A limit of one measure.

    Attributes
    ----------
    measure : str
        As `WeightJudgement` names it.
    low, high : float or None
        Limits; None for none.
    beside : float or None
        Difference to the published network's value that is the limit: the value is to stay above
        for `better` 'higher', below for 'lower'. The images of both are the same.
    better : {'higher', 'lower'}
    whole : bool
        Whether the images are all that there are, so that a difference on them has no error.
    """

    measure: str
    low: float | None = None
    high: float | None = None
    beside: float | None = None
    better: Literal["higher", "lower"] = "higher"
    whole: bool = False

    def limits(self, published: Mapping[str, float]) -> tuple[float | None, float | None]:
        """Return the lower and the upper limit, with the published network's values."""
        if self.beside is None:
            return self.low, self.high
        limit = published[self.measure] + self.beside
        return (limit, None) if self.better == "higher" else (None, limit)

    def words(self, published: Mapping[str, float]) -> str:
        """Return the limits as text."""
        low, high = self.limits(published)
        if low is not None and high is not None:
            return f"{low:.4g} to {high:.4g}"
        return f">= {low:.4g}" if low is not None else f"<= {high:.4g}"

    def room(self, found: Mapping[str, float], published: Mapping[str, float]) -> float:
        """Return how far a value lies within its limits; below 0 it is on the wrong side."""
        value = found[self.measure]
        low, high = self.limits(published)
        return min(
            value - low if low is not None else float("inf"),
            high - value if high is not None else float("inf"),
        )

    def verdict(self, found: Mapping[str, float], published: Mapping[str, float]) -> Verdict:
        """Judge a network; 'open' within two standard errors of a limit, on either side of it.

        What is no number, or has an error that is none, is missed: nothing says that it is reached.

        Raises
        ------
        InputError
            If the measure is absent.
        """
        if self.measure not in found:
            raise InputError(f"the judgement lacks the measure '{self.measure}'; judge again")
        error = found[f"{self.measure}_se"]
        if self.beside is not None:
            error = 0.0 if self.whole else math.hypot(error, published[f"{self.measure}_se"])
        room = self.room(found, published)
        if not (math.isfinite(room) and math.isfinite(error)):
            return "missed"
        if abs(room) < _UNSURE * error:
            return "open"
        return "met" if room >= 0 else "missed"


TARGETS: Final = (
    Target(measure="vacancy@500", low=0.97),
    Target(measure="half@500", low=0.8),
    Target(measure="position_response@500", low=0.27),
    Target(measure="position_response@5000", low=0.7),
    Target(measure="vacuum@5000", low=-0.01),
    Target(measure="intensity@5000", low=0.995, high=1.005),
    Target(measure="psnr", beside=-0.3, whole=True),
    Target(measure="position_information@500", beside=0.0, better="lower"),
    Target(measure="position_information@5000", beside=0.0, better="lower"),
    Target(measure="scs_information@500", beside=0.0, better="lower"),
    Target(measure="scs_information@5000", beside=0.0, better="lower"),
)
"""Of faithful fine-tuning, in the order of its table; those of cases are for the gate to judge."""


def misses(found: Mapping[str, float], published: Mapping[str, float]) -> tuple[str, ...]:
    """Name the measures whose target a network misses beyond doubt."""
    return tuple(t.measure for t in TARGETS if t.verdict(found, published) == "missed")


def undecided(
    found: Mapping[str, float], published: Mapping[str, float]
) -> dict[str, dict[str, str | float | bool]]:
    """Tell of every target within two standard errors of its limit how near it is.

    Returns
    -------
    dict of str to dict
        By measure: ``target`` in words, ``value`` and its ``standard_error`` to four digits, and
        ``reached``, whether the value itself lies on the right side.
    """
    return {
        t.measure: {
            "target": t.words(published), "value": _told(found[t.measure]),
            "standard_error": _told(found[f"{t.measure}_se"]),
            "reached": t.room(found, published) >= 0,
        }
        for t in TARGETS
        if t.verdict(found, published) == "open"
    }  # fmt: skip


def _told(value: float) -> float:
    return float(f"{value:.4g}")


def chosen(
    judged: Mapping[tuple[str, float], Mapping[str, float]], published: Mapping[str, float]
) -> tuple[str, float]:
    """Choose among tuned networks by name and share, on held-out images alone.

    The fewest targets missed, then the most met, then the highest PSNR.

    Raises
    ------
    InputError
        If there is nothing to choose from.
    """
    if not judged:
        raise InputError("no tuned network was judged; name a folder that holds a tuning")

    def rank(key: tuple[str, float]) -> tuple[int, int, float]:
        verdicts = [target.verdict(judged[key], published) for target in TARGETS]
        return -verdicts.count("missed"), verdicts.count("met"), judged[key]["psnr"]

    return max(sorted(judged), key=rank)
