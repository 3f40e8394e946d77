"""The folder of an image-metrics call: what its files are called and how they are read."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reports.names import RestorerInfo, Restorers
from stembench.describe import from_dict
from stembench.errors import InputError
from stembench.sealed_files import check_hashes, write_whole
from stembench.sealed_json import check_content, read_json, write_json

PAIRS: Final = "images.parquet"
RINGS: Final = "rings.parquet"
EXAMPLES: Final = "examples.npz"
#: File of a folder of image metrics with what its tables were measured with.
SETTINGS: Final = "images.json"
#: What a folder of image metrics holds, beside its report.
IMAGE_FILES: Final = (PAIRS, RINGS, EXAMPLES, SETTINGS)
#: Version of the files; from 3 on the settings state the hash of every file.
IMAGES_VERSION: Final = 3


@dataclass(frozen=True)
class ImageRun:
    """Image metrics as their folder holds them.

    Attributes
    ----------
    folder : pathlib.Path
    rows : pandas.DataFrame
        One row per pair and restorer: source, kind, image, number, dose (e/Å²), level (electrons
        per pixel of an empty field), sampling (Å/px), maximum (MAX), undistorted, restorer,
        network, the metrics of images (`reports.metrics.table.METRICS`), seconds, failure.
    rings : pandas.DataFrame
        Fourier ring correlation with the truth: source, image, dose, number, restorer, frequency
        (cycles per px), correlation, independent.
    examples : mapping of str to ndarray
        'source/number/restorer' and 'source/number/truth' to images (h, w) in grey values.
    settings : mapping
        Content of ``images.json``.
    restorers : Restorers
        Names, order and looks of the restorers in the rows.
    """

    folder: Path
    rows: pd.DataFrame
    rings: pd.DataFrame
    examples: Mapping[str, NDArray[np.float64]]
    settings: Mapping[str, Any]
    restorers: Restorers


def load_images(folder: Path) -> ImageRun:
    """Read a folder that `stembench images` wrote.

    Raises
    ------
    InputError
        If the folder holds no image metrics, they cannot be read, or another version of
        stembench wrote them.
    """
    if not (folder / SETTINGS).is_file():
        raise InputError(f"{folder} holds no image metrics; run 'stembench images --out {folder}'")
    path, again = folder / SETTINGS, f"run 'stembench images --out {folder}' again"
    settings = read_json(path)
    version = settings.get("images_version")
    if version != IMAGES_VERSION:
        raise InputError(
            f"the image metrics in {folder} are of version {version or 1}, this version reads "
            f"{IMAGES_VERSION}: {again}"
        )
    settings = check_content(settings, path, remedy=again)
    hashes = settings.get("files", {})
    if not isinstance(hashes, dict) or set(hashes) != {PAIRS, RINGS, EXAMPLES}:
        raise InputError(f"{path} does not list the files of image metrics: {again}")
    files = check_hashes(folder, hashes, remedy=again)
    if not isinstance(settings.get("restorers"), dict):
        raise InputError(f"{path} does not describe its restorers: {again}")
    with np.load(io.BytesIO(files[EXAMPLES]), allow_pickle=False) as arrays:
        examples = {name: np.asarray(arrays[name], dtype=np.float64) for name in arrays.files}
    return ImageRun(
        folder=folder,
        rows=pd.read_parquet(io.BytesIO(files[PAIRS])),
        rings=pd.read_parquet(io.BytesIO(files[RINGS])),
        examples=examples,
        settings=settings,
        restorers=Restorers(
            {
                name: from_dict(RestorerInfo, info, source=f"{path}")
                for name, info in settings["restorers"].items()
            }
        ),
    )


def write_images(
    folder: Path,
    *,
    rows: pd.DataFrame,
    rings: pd.DataFrame,
    examples: Mapping[str, NDArray[np.float64]],
    settings: Mapping[str, Any],
) -> None:
    """Write image metrics, the settings last: they state the hash of every other file.

    Parameters
    ----------
    folder : pathlib.Path
    rows, rings, examples, settings
        As of `ImageRun`.
    """
    archive = io.BytesIO()
    np.savez_compressed(archive, allow_pickle=False, **examples)
    files = {EXAMPLES: archive.getvalue()}
    for name, table in ((PAIRS, rows), (RINGS, rings)):
        content = io.BytesIO()
        table.to_parquet(content, index=False)
        files[name] = content.getvalue()
    for name, whole in files.items():
        write_whole(folder / name, whole)
    text = rows.to_csv(index=False, lineterminator="\n")
    write_whole(folder / PAIRS.replace(".parquet", ".csv"), text.encode())
    hashes = {name: hashlib.sha256(whole).hexdigest() for name, whole in files.items()}
    write_json(folder / SETTINGS, {**settings, "files": hashes})
