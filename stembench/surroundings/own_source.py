"""The source of this program, in a checkout and in a wheel.

In a checkout its packages lie beside each other. A wheel has all but the ground floor below
``stembench/packages/`` and imports them by that name (``distribution/one_name.py``); everything
else of a file is the same, and so is what is computed. Hashes of source are those of the checkout.
"""

from pathlib import Path
from typing import Final

PACKAGES: Final = (
    "bench",
    "cases",
    "fitting",
    "noise",
    "reports",
    "restore",
    "stembench",
    "training",
)
"""The packages of this program."""
_GROUND: Final = Path(__file__).resolve().parents[1]
_BELOW: Final = _GROUND / "packages"
IN_WHEEL: Final = _BELOW.is_dir()
"""Whether this is an installed wheel."""
TOP_LEVEL: Final = ("stembench",) if IN_WHEEL else PACKAGES
"""Names of this program that an import finds on the path."""
HOME: Final = _GROUND.parent
"""Folder on the path in which they are: the checkout, or site-packages."""
# In two parts: what the build takes for the mark of a rewritten file.
_PREFIX: Final = b"stembench" + b".packages."
_APPENDED: Final = b"\n# Of the wheel" + b" alone:\n"


def source_files() -> dict[str, Path]:
    """Return the files of the packages' Python source by their paths in a checkout.

    Scripts in folders that are no packages are the checkout's alone, and no run depends on them.
    """
    files = {}
    for package in PACKAGES:
        folder = _folder(package)
        for room in {path.parent for path in folder.rglob("__init__.py")}:
            if folder == _GROUND and room.is_relative_to(_BELOW):
                continue
            for path in room.glob("*.py"):
                files[f"{package}/{path.relative_to(folder).as_posix()}"] = path
    return files


def is_own_source(path: Path, /) -> bool:
    """Return whether a file belongs to this program."""
    return any(path.is_relative_to(_folder(package)) for package in PACKAGES)


def as_in_checkout(content: bytes, /) -> bytes:
    """Return what a source file of an installed wheel holds in a checkout.

    Parameters
    ----------
    content : bytes
        Of a file of `source_files`, in either.
    """
    return content.partition(_APPENDED)[0].replace(_PREFIX, b"")


def _folder(package: str) -> Path:
    return _GROUND if package == _GROUND.name else (_BELOW if IN_WHEEL else HOME) / package
