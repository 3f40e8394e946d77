"""The letters of annotations: 5 x 7 pixels each, so that no font decides what an image holds."""

from typing import Final

import numpy as np
import numpy.typing as npt

from stembench.errors import InputError

#: Rows from top to bottom, five bits each, the highest bit on the left.
_GLYPHS: Final[dict[str, tuple[int, ...]]] = {
    " ": (0, 0, 0, 0, 0, 0, 0),
    ".": (0, 0, 0, 0, 0, 12, 12),
    "0": (14, 17, 19, 21, 25, 17, 14),
    "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 2, 4, 8, 31),
    "3": (31, 2, 4, 2, 1, 17, 14),
    "4": (2, 6, 10, 18, 31, 2, 2),
    "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14),
    "7": (31, 1, 2, 4, 8, 8, 8),
    "8": (14, 17, 17, 14, 17, 17, 14),
    "9": (14, 17, 17, 15, 1, 2, 12),
    "a": (0, 0, 14, 1, 15, 17, 15),
    "b": (16, 16, 22, 25, 17, 17, 30),
    "e": (0, 0, 14, 17, 31, 16, 14),
    "k": (16, 16, 18, 20, 24, 20, 18),
    "m": (0, 0, 26, 21, 21, 17, 17),
    "n": (0, 0, 22, 25, 17, 17, 17),
    "A": (14, 17, 17, 31, 17, 17, 17),
    "E": (31, 16, 16, 30, 16, 16, 31),
    "M": (17, 27, 21, 21, 17, 17, 17),
    "S": (15, 16, 16, 14, 1, 1, 30),
    "T": (31, 4, 4, 4, 4, 4, 4),
    "V": (17, 17, 17, 17, 17, 10, 4),
    "X": (17, 17, 10, 4, 10, 17, 17),
}

#: Characters that can be written.
LETTERS: Final = "".join(_GLYPHS)


def written(text: str) -> npt.NDArray[np.bool_]:
    """Write a line of text.

    Parameters
    ----------
    text : str
        Characters of `LETTERS`, at least one.

    Returns
    -------
    ndarray of bool, shape (9, 6 n + 1)
        True where there is ink, with one empty pixel all round.

    Raises
    ------
    InputError
        If a character is not in `LETTERS` or there is none.
    """
    unknown = sorted(set(text) - set(_GLYPHS))
    if unknown or not text:
        raise InputError(
            f"annotations can write {LETTERS!r}, not {''.join(unknown)!r}"
            if unknown
            else "an annotation's text is empty"
        )
    out = np.zeros((9, 6 * len(text) + 1), dtype=np.bool_)
    for k, letter in enumerate(text):
        rows = np.array(_GLYPHS[letter])[:, None]
        out[1:8, 6 * k + 1 : 6 * k + 6] = (rows >> np.arange(4, -1, -1)) & 1
    return out
