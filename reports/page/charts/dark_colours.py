"""Colours of restorers on a dark page: the same hues, light where they are dark on paper."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: From linear sRGB to the cone responses of OKLab, and from their cube roots to lightness and two
#: axes of hue (B. Ottosson, https://bottosson.github.io/posts/oklab, 2020).
_CONES: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
#: Lightness on dark of what is black on paper, and how it falls with the lightness on paper: black
#: becomes nearly white, and nothing gets darker than grey.
_BLACK: Final = 0.95
_FALL: Final = 0.35
_Numbers = NDArray[np.floating[Any]]


def on_dark(colour: str) -> str:
    """Colour for a dark page of one for a white page.

    Parameters
    ----------
    colour : str
        As #rrggbb.

    Returns
    -------
    str
        As #rrggbb, of the same hue. Its lightness in OKLab is 0.95 less 0.35 of that on paper; its
        chroma is that on paper, or less where no screen has that.
    """
    given = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(given <= 0.04045, given / 12.92, ((given + 0.055) / 1.055) ** 2.4)
    lightness, *hue = _LAB @ np.cbrt(_CONES @ linear)
    shares = np.linspace(1, 0, 101)
    wanted = _BLACK - _FALL * lightness
    found = next(
        rgb
        for share in shares
        if _shown(rgb := _linear(np.array([wanted, *(share * np.array(hue))])))
    )
    found = np.clip(found, 0, 1)
    coded = np.where(found <= 0.0031308, 12.92 * found, 1.055 * found ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{value:02x}" for value in np.rint(255 * coded).astype(int))


def _linear(lab: _Numbers) -> _Numbers:
    linear: _Numbers = np.linalg.solve(_CONES, np.linalg.solve(_LAB, lab) ** 3)
    return linear


def _shown(linear: _Numbers) -> bool:
    return bool(np.all((linear >= -1e-6) & (linear <= 1 + 1e-6)))
