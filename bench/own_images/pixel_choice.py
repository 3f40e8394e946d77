"""Which pixels of a user's own image are fitted: mask file, border and region of interest."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bench.own_images.files.image_file import read_image
from stembench.arrays import Bools, Floats
from stembench.errors import InputError

_REGION: Final = re.compile(r"\s*(\d*)\s*:\s*(\d*)\s*,\s*(\d*)\s*:\s*(\d*)\s*")
#: Least height and width of a region [px].
_LEAST: Final = 5


@dataclass(frozen=True, kw_only=True)
class PixelChoice:
    """What a command says of the pixels.

    Attributes
    ----------
    mask : Path or ndarray of bool, shape (rows, columns), or None
        Image file or array of the image's shape; a pixel is left out where it is not zero.
    border : int
        Pixels that are left out along each edge.
    roi : str or None
        Rows and columns ``y0:y1,x0:x1`` that are fitted, the ends not included.
    """

    mask: Path | Bools | None = None
    border: int = 0
    roi: str | None = None

    def region(self, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """Rows and columns of the region of interest; all by default.

        Raises
        ------
        InputError
            If the text is no region, or it is empty or outside the image.
        """
        rows, cols = shape
        if self.roi is None:
            return slice(0, rows), slice(0, cols)
        found = _REGION.fullmatch(self.roi)
        if found is None:
            raise InputError(
                f"--roi takes rows and columns as y0:y1,x0:x1, such as 100:612,0:512; not"
                f" '{self.roi}'"
            )
        y0, y1, x0, x1 = (
            int(text) if text else default
            for text, default in zip(found.groups(), (0, rows, 0, cols), strict=True)
        )
        if y1 > rows or x1 > cols or y1 - y0 < _LEAST or x1 - x0 < _LEAST:
            raise InputError(
                f"--roi {self.roi} is no region of at least {_LEAST} x {_LEAST} px inside the image"
                f" of {rows} rows and {cols} columns"
            )
        return slice(y0, y1), slice(x0, x1)

    def left_out(self, shape: tuple[int, ...]) -> Bools:
        """Pixels of the whole image that are left out, shape (rows, columns).

        Raises
        ------
        InputError
            If the mask cannot be read or has another shape, or the border leaves nothing.
        """
        rows, cols = shape
        out = np.zeros((rows, cols), dtype=np.bool_)
        if self.mask is not None:
            mask, name = self._mask()
            if mask.shape != (rows, cols):
                raise InputError(
                    f"{name} has the shape {mask.shape}, the image {(rows, cols)};"
                    " a mask has the image's shape, and is not zero where a pixel is left out"
                )
            out |= mask != 0
        if self.border < 0:
            raise InputError(f"--border must be 0 or more pixels, not {self.border}")
        if self.border:
            if 2 * self.border + _LEAST > min(rows, cols):
                raise InputError(
                    f"--border {self.border} leaves nothing of the image of {rows} rows and {cols}"
                    " columns"
                )
            inner = slice(self.border, -self.border)
            kept = np.zeros_like(out)
            kept[inner, inner] = True
            out |= ~kept
        return out

    def _mask(self) -> tuple[Floats | Bools, str]:
        """Mask and what messages call it."""
        if isinstance(self.mask, Path):
            file = read_image(self.mask, finite=False)
            return file.images if file.stack else file.images[0], str(self.mask)
        return np.asarray(self.mask), "mask"
