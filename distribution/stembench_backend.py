"""Build backend: that of setuptools, with the packages of a wheel below one name (`one_name`).

Editable installations and source distributions are as setuptools makes them.
"""

import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from one_name import below_one_name
from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
]

#: A date that zip files can hold: equal sources give equal wheels.
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_RIGHTS: Final = 0o100644 << 16


# The metadata of a wheel are read from the wheel itself, whose entry points are rewritten: there is
# no prepare_metadata_for_build_wheel.
def build_wheel(
    wheel_directory: str,
    config_settings: Mapping[str, Any] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Build the wheel; see PEP 517."""
    del metadata_directory
    with tempfile.TemporaryDirectory() as folder:
        name = str(build_meta.build_wheel(folder, config_settings))
        with zipfile.ZipFile(Path(folder) / name) as built:
            files = {path: built.read(path) for path in built.namelist() if path[-1] != "/"}
    with zipfile.ZipFile(Path(wheel_directory) / name, "w") as wheel:
        for path, content in below_one_name(files).items():
            member = zipfile.ZipInfo(path, _DATE)
            member.external_attr = _RIGHTS
            wheel.writestr(member, content, zipfile.ZIP_DEFLATED)
    return name
