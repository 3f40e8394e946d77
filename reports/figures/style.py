"""Colours that belong to what is drawn, not to a restorer."""

from typing import Final

BOUND_COLOUR: Final = "#000000"
