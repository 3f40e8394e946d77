"""The folder of an image-metrics call: what its files are called and how they are read."""

import json
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

PAIRS: Final = "images.parquet"
RINGS: Final = "rings.parquet"
EXAMPLES: Final = "examples.npz"
SETTINGS: Final = "images.json"
#: Version of the files; 2 calls the metrics of residuals by their standard names.
IMAGES_VERSION: Final = 2


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
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        version = settings.get("images_version")
        if version != IMAGES_VERSION:
            raise InputError(
                f"the image metrics in {folder} are of version {version or 1}, this version reads "
                f"{IMAGES_VERSION}: run 'stembench images --out {folder}' again"
            )
        with np.load(folder / EXAMPLES, allow_pickle=False) as arrays:
            examples = {name: np.asarray(arrays[name], dtype=np.float64) for name in arrays.files}
        return ImageRun(
            folder=folder,
            rows=pd.read_parquet(folder / PAIRS),
            rings=pd.read_parquet(folder / RINGS),
            examples=examples,
            settings=settings,
            restorers=Restorers(
                {
                    name: from_dict(RestorerInfo, info, source=f"{folder / SETTINGS}")
                    for name, info in settings["restorers"].items()
                }
            ),
        )
    except (KeyError, OSError, ValueError) as error:
        raise InputError(f"the image metrics in {folder} cannot be read ({error})") from error
