"""Want of memory in a training, on whichever backend: one sentence that says what takes less."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from stembench.errors import InputError
from training.recipes.recipe import Recipe

#: What TensorFlow and PyTorch call the error; JAX and PyTorch's CPU raise a plain RuntimeError.
_KINDS: Final = ("ResourceExhaustedError", "OutOfMemoryError")
_SIGNS: Final = ("RESOURCE_EXHAUSTED", "out of memory", "not enough memory", "allocate memory")


@contextmanager
def telling_of_memory(recipe: Recipe) -> Iterator[None]:
    """Turn a backend's error for want of memory into a sentence; other errors pass.

    Raises
    ------
    InputError
    """
    try:
        yield
    except Exception as error:
        if not _is_want_of_memory(error):
            raise
        side = recipe.pairs.side
        raise InputError(
            f"memory ran out in the training {recipe.name}, {recipe.batch} images of {side} x "
            f"{side} px at a time; take a smaller batch, side or network in a new recipe, or close "
            "other programs"
        ) from error


def _is_want_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ in _KINDS:
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS)
