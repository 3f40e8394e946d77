"""Axes of what a file holds, and the size of a pixel that they state."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Final

from bench.own_images.files.units import Unit, unit_named

#: Sides of a pixel may differ by this much: programs round the field of view to whole pixels.
ANISOTROPY: Final = 0.02
#: A difference of sides that is worth a word.
_WORTH_A_WORD: Final = 0.001


@dataclass(frozen=True)
class Axis:
    """An axis as a file describes it.

    Attributes
    ----------
    size : int
    scale : float
        Step from one value to the next, in its unit; NaN if the steps are not equal.
    unit : str
        As the file spells it.
    name : str
    navigate : bool or None
        Whether the file calls it an axis of positions (of a scan, a series) rather than one of
        what was recorded at each; None if it does not say.
    """

    size: int
    scale: float = 1.0
    unit: str = ""
    name: str = ""
    navigate: bool | None = None

    @property
    def kind(self) -> Unit:
        """Its unit, read."""
        return unit_named(self.unit)

    def text(self) -> str:
        """Step with its unit, as the file states it."""
        if self.kind.kind != "none":
            return f"{self.scale:.6g} {self.unit.strip()}"
        return "1 px" if self.scale in (0.0, 1.0) else f"{self.scale:.6g} without a unit"

    def angstrom(self) -> float | None:
        """Step in Å; None if the file states no length."""
        factor = self.kind.angstrom
        step = abs(self.scale) * factor if factor is not None else 0.0
        return step if isfinite(step) and step > 0 else None


@dataclass(frozen=True)
class PixelSize:
    """Size of a pixel as a file states it.

    Attributes
    ----------
    x, y : float or None
        Å; None if the file states no length along that axis.
    text : str
        What the file states, in its own unit; empty if nothing.
    unset : bool
        Whether both sides are exactly one unit above the Å, as programs write it where nobody
        set a scale.
    """

    x: float | None = None
    y: float | None = None
    text: str = ""
    unset: bool = False

    @property
    def square(self) -> bool:
        """Whether both sides are known and equal within the tolerance."""
        if self.x is None or self.y is None:
            return False
        return abs(self.x - self.y) <= ANISOTROPY * max(self.x, self.y)

    @property
    def sampling(self) -> float | None:
        """Å/px of square pixels: the mean that keeps a pixel's area."""
        if self.x is None or self.y is None or not self.square:
            return None
        return self.x if self.x == self.y else sqrt(self.x * self.y)

    @property
    def note(self) -> str:
        """Sentence on sides that differ within the tolerance; empty if they hardly do."""
        if not self.square or self.x is None or self.y is None:
            return ""
        difference = abs(self.x - self.y) / max(self.x, self.y)
        if difference <= _WORTH_A_WORD:
            return ""
        return (
            f"pixels are {self.x:.6g} x {self.y:.6g} Å, {100 * difference:.2g} % apart; "
            f"{self.sampling:.6g} Å is taken for both sides"
        )


def pixel_size(axes: Sequence[Axis]) -> PixelSize:
    """Size of a pixel that the axes (y, x) of an image state."""
    if len(axes) != 2:
        return PixelSize()
    y, x = axes
    texts = [axis.text() for axis in (x, y)]
    stated = any(axis.kind.kind != "none" or axis.scale not in (0.0, 1.0) for axis in axes)
    text = "" if not stated else texts[0] if texts[0] == texts[1] else " by ".join(texts)
    unset = all(axis.scale == 1.0 and (axis.kind.angstrom or 0.0) > 1.0 for axis in axes)
    return PixelSize(x.angstrom(), y.angstrom(), text, unset)
