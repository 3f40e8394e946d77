"""Bits of the records' column `flags` that reports read; `fitting.flags` sets them."""

from typing import Final

#: The position, the width or the height ended at its bound.
AT_LIMIT: Final = 2 | 128
#: There was no image: the restorer failed.
NOT_RESTORED: Final = 256
#: The image kept too little of the columns' contrast to be fitted.
NOT_RESOLVED: Final = 512
