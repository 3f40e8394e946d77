"""Extras: which of them brings a package that an installation may lack, and how to ask for it."""

from importlib.util import find_spec
from typing import Final

from stembench.errors import InputError

#: Packages that are imported only where they are needed, as people write them, with their extra.
_EXTRAS: Final = {
    "keras": ("Keras", "tensorflow"),
    "tensorflow": ("TensorFlow", "tensorflow"),
    "abtem": ("abTEM", "simulate"),
    "hyperspy": ("HyperSpy", "hyperspy"),
}


class MissingExtraError(InputError):
    """A package is not installed that an extra of this program brings."""


def is_installed(package: str, /) -> bool:
    """Return whether a top-level package can be imported; it is not imported for it."""
    return find_spec(package) is not None


def extra_of(package: str, /) -> str:
    """Return the extra that brings a package, or a module of it; empty if none does."""
    return _EXTRAS.get(package.partition(".")[0], ("", ""))[1]


def how_to_get(package: str, /) -> str:
    """Say how a package of an extra is installed.

    Raises
    ------
    KeyError
        When no extra brings it.
    """
    extra = _EXTRAS[package.partition(".")[0]][1]
    return (
        f"install the extra '{extra}' "
        f'(pip install "stembench[{extra}]", in a checkout pip install -e ".[{extra}]")'
    )


def require_extra(package: str, /, *, who: str = "") -> None:
    """Check that a package of an extra is installed.

    Parameters
    ----------
    package : str
        'keras', 'tensorflow', 'abtem' or 'hyperspy'.
    who : str
        What needs it, for the message.

    Raises
    ------
    MissingExtraError
        When it is not; the message names the extra that brings it.
    """
    if is_installed(package):
        return
    name = _EXTRAS[package][0]
    told = f"{who} needs {name}, which is not installed" if who else f"{name} is not installed"
    raise MissingExtraError(f"{told}; {how_to_get(package)}")
