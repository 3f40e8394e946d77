"""JSON with a hash over its content: numbers are finite, and what was altered is refused."""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stembench.errors import InputError
from stembench.sealed_files import DamagedFileError, read_bytes, write_whole

#: Key of the hash beside the content.
HASH: Final = "sha256"


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 of content as canonical JSON: sorted keys, no blanks."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def write_json(path: Path, content: Mapping[str, Any], *, indent: int = 2) -> None:
    """Write content with its hash, whole or not at all.

    Raises
    ------
    InputError
        If the file cannot be written.
    ValueError
        If a number is not finite.
    """
    whole = {**content, HASH: content_hash(content)}
    text = json.dumps(whole, indent=indent, ensure_ascii=False, allow_nan=False)
    write_whole(path, f"{text}\n".encode())


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object whose numbers are finite; what hash it states is not looked at.

    Raises
    ------
    InputError
        If the file cannot be read, or is no JSON object.
    """
    try:
        content = json.loads(
            read_bytes(path).decode(), parse_constant=_refused, parse_float=_finite
        )
    except RecursionError as error:
        raise DamagedFileError(f"{path} cannot be read: it is nested too deeply") from error
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise DamagedFileError(f"{path} cannot be read ({error})") from error
    if not isinstance(content, dict):
        raise DamagedFileError(f"{path} cannot be read: it is no JSON object")
    return content


def check_content(content: Mapping[str, Any], path: Path, *, remedy: str) -> dict[str, Any]:
    """Return content without its hash, if that fits.

    Parameters
    ----------
    content : mapping
        Of `read_json`.
    path : pathlib.Path
        Where it was read, for the message of an error.
    remedy : str
        What to do about it, for the message of an error.

    Raises
    ------
    DamagedFileError
        If it states no hash, or another.
    """
    bare = {key: value for key, value in content.items() if key != HASH}
    try:
        fits = content.get(HASH) == content_hash(bare)
    except (RecursionError, UnicodeEncodeError):
        fits = False
    if not fits:
        raise DamagedFileError(
            f"{path} was altered since it was written: its hash does not fit; {remedy}"
        )
    return bare


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:20]} is too large")
    return value
