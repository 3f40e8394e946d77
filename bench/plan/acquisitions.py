"""Ways to spend the dose beside the one shot, named among the restorers of a run."""

from typing import Final

#: Name of frames that are aligned and summed.
FRAMES: Final = "frames"


def is_acquisition(spec: str) -> bool:
    """Whether a name among the restorers of a run stands for a way to acquire the image."""
    return spec == FRAMES
