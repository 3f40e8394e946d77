"""Mark of a file that its image was restored, and by what: its noise is no measurement's.

A .npz file holds the text as ``restored_by``; a TIFF file in a line of its description, like those
of ImageJ; a signal of HyperSpy in its metadata, which its files keep. A .npy file has no place for
it.
"""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

KEY: Final = "restored_by"
#: Node of a signal's metadata that holds the key.
NODE: Final = "Stembench"
_TIFF: Final = (".tif", ".tiff")


def mark_tiff(content: io.BytesIO, restored_by: str) -> None:
    """Add the mark to the description of a TIFF file in memory that has one."""
    from tifffile import TiffFile, tiffcomment

    content.seek(0)
    with TiffFile(content) as file:
        described = file.pages.first.description.rstrip("\n")
    # Descriptions are ASCII, and the mark is one line of them.
    line = " ".join(restored_by.split()).encode("ascii", "backslashreplace").decode("ascii")
    content.seek(0)
    tiffcomment(content, f"{described}\n{KEY}={line}\n")


def mark_in(metadata: Mapping[str, Any]) -> str:
    """Restorer that the metadata of a signal name; empty where there is none."""
    node = metadata.get(NODE)
    mark = node.get(KEY) if isinstance(node, Mapping) else None
    return mark if isinstance(mark, str) else ""


def mark_of(path: Path) -> str:
    """Restorer that a readable file's mark names; empty where there is none."""
    suffix = path.suffix.lower()
    if suffix in _TIFF:
        from tifffile import TiffFile

        with TiffFile(path) as file:
            lines = file.pages.first.description.splitlines()
        marks = [line.partition("=")[2] for line in lines if line.startswith(f"{KEY}=")]
        return marks[-1].strip() if marks else ""
    if suffix == ".npz":
        import numpy as np

        with np.load(path, allow_pickle=False) as file:
            mark = file[KEY] if KEY in file.files else np.array("")
        return str(mark) if mark.dtype.kind == "U" and mark.ndim == 0 else ""
    return ""
