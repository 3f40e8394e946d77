"""An image with its calibration, as a picture of a notebook and as a signal of HyperSpy."""

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bench.own_images.files.restored_mark import KEY, NODE
from stembench.arrays import Floats
from stembench.surroundings.extras import require_extra

if TYPE_CHECKING:
    from hyperspy.signals import Signal2D

#: Shares of the pixels that are shown black and white.
_BLACK, _WHITE = 0.002, 0.998
#: Longest side of a picture [px]: larger images are shown with every second, third, ... pixel.
_LARGEST: Final = 768


@dataclass(frozen=True, kw_only=True, eq=False)
class CalibratedImage:
    """An image with the size of its pixels.

    Attributes
    ----------
    pixels : ndarray, shape (h, w)
    sampling : float
        Å/px.
    title : str
    origin : (float, float)
        x and y of the first pixel's centre in the whole image [px].
    restored_by : str
        Restorer that made it, as its signal is marked; empty for none.
    """

    pixels: Floats = field(repr=False)
    sampling: float
    title: str = ""
    origin: tuple[float, float] = (0.0, 0.0)
    restored_by: str = ""

    def to_hyperspy(self) -> "Signal2D":
        """Return a signal of HyperSpy with axes x and y in Å.

        Raises
        ------
        MissingExtraError
            If HyperSpy is not installed.
        """
        require_extra("hyperspy", who="a signal with calibrated axes")
        from hyperspy.signals import Signal2D

        axes = [
            {
                "name": name,
                "size": size,
                "scale": self.sampling,
                "offset": first * self.sampling,
                "units": "Å",
            }
            for name, size, first in zip(
                ("y", "x"), self.pixels.shape, self.origin[::-1], strict=True
            )
        ]
        signal: Any = Signal2D(
            self.pixels.copy(), axes=axes, metadata={"General": {"title": self.title}}
        )
        if self.restored_by:
            signal.metadata.set_item(f"{NODE}.{KEY}", self.restored_by)
        return signal

    def _repr_png_(self) -> bytes:
        return png(self.pixels)


def png(values: Floats) -> bytes:
    """Picture of an image in its own grey scale; pixels that are not finite are black.

    Parameters
    ----------
    values : ndarray, shape (h, w)
    """
    from PIL import Image

    step = -(-max(values.shape) // _LARGEST)
    shown = values[::step, ::step]
    finite = shown[np.isfinite(shown)]
    low, high = np.quantile(finite, (_BLACK, _WHITE)) if finite.size else (0.0, 1.0)
    grey = (np.nan_to_num(shown, nan=low) - low) / ((high - low) or 1.0)
    content = io.BytesIO()
    Image.fromarray((255 * np.clip(grey, 0.0, 1.0)).astype(np.uint8)).save(content, "png")
    return content.getvalue()
