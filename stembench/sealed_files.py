"""Files that show whether they are as they were written: the SHA-256 of a file, inside that file.

A writer leaves a blank seal of 64 digits somewhere in the file: in the metadata of a table, an
attribute of an HDF5 file, the comment of a zip archive. The seal is the hash of the whole file with
the blank one in its place, so that it covers every byte, those of the metadata and its own.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from stembench.atomic_files import replacing
from stembench.errors import InputError

_MARK: Final = "stembench-sha256:"
#: What a writer puts into a file that is to be sealed.
BLANK_SEAL: Final = _MARK + "0" * 64
_SEAL: Final = re.compile(_MARK.encode() + b"([0-9a-f]{64})")


class DamagedFileError(InputError):
    """A file that is not as it was written."""


def sealed(content: bytes) -> bytes:
    """Fill in the blank seal of a file's content.

    Raises
    ------
    ValueError
        If the content has none.
    """
    blank = BLANK_SEAL.encode()
    if blank not in content:
        raise ValueError("the content has no blank seal")
    return content.replace(blank, (_MARK + hashlib.sha256(content).hexdigest()).encode())


def has_seal(content: bytes) -> bool:
    """Whether a seal can be made out in the content, right or wrong."""
    return _SEAL.search(content) is not None


def seal_of(content: bytes) -> str:
    """Digits of the seal of a file's content; empty if it has none or is not what was sealed."""
    stated = {match.decode() for match in _SEAL.findall(content)}
    if len(stated) != 1:
        return ""
    (digits,) = stated
    blank = _SEAL.sub(BLANK_SEAL.encode(), content)
    return digits if hashlib.sha256(blank).hexdigest() == digits else ""


def read_bytes(path: Path) -> bytes:
    """Read a whole file.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error})") from error


def read_sealed(path: Path, *, remedy: str) -> tuple[bytes, str]:
    """Read a sealed file.

    Parameters
    ----------
    path : pathlib.Path
    remedy : str
        What makes the file again, for the message of an error.

    Returns
    -------
    content : bytes
    seal : str

    Raises
    ------
    DamagedFileError
        If it is not as it was written.
    InputError
        If it cannot be read.
    """
    content = read_bytes(path)
    seal = seal_of(content)
    if not seal:
        raise DamagedFileError(
            f"{path} is damaged: it is not as it was written (its SHA-256 does not fit); {remedy}"
        )
    return content, seal


def write_sealed(path: Path, content: bytes) -> str:
    """Seal content that has a blank seal, write it whole or not at all, and return the seal."""
    whole = sealed(content)
    write_whole(path, whole)
    return seal_of(whole)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror or error})") from error


def check_hashes(folder: Path, hashes: Mapping[str, str], *, remedy: str) -> dict[str, bytes]:
    """Read the files of a folder whose SHA-256 another file states.

    Raises
    ------
    DamagedFileError
        If one is not what is stated.
    InputError
        If one cannot be read.
    """
    found = {}
    for name, stated in hashes.items():
        found[name] = read_bytes(folder / name)
        if hashlib.sha256(found[name]).hexdigest() != stated:
            raise DamagedFileError(
                f"{folder / name} is damaged, or of another call than the files beside it (its "
                f"SHA-256 does not fit); {remedy}"
            )
    return found
