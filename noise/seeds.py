"""One random generator per realization, keyed by what the realization is and by nothing else."""

import zlib
from collections.abc import Iterable

import numpy as np


def realization_generator(
    root: int, case: str, *, image: str, dose: float, realization: int
) -> np.random.Generator:
    """Generator of one noise realization.

    The stream depends on the arguments alone, so a result is the same for any batch size, worker
    count or order, and every restorer meets the same noise.

    Parameters
    ----------
    root : int
        Seed of the whole run, >= 0.
    case : str
        Name of the case.
    image : str
        Label of the image within the case.
    dose : float
        Dose in e/Å², resolved to 1e-3 e/Å².
    realization : int
        Number of the realization, >= 0.

    Returns
    -------
    numpy.random.Generator
    """
    key = (
        zlib.crc32(case.encode()),
        zlib.crc32(image.encode()),
        round(dose * 1000),
        realization,
    )
    return np.random.default_rng(np.random.SeedSequence(root, spawn_key=key))


def streams_of(
    generator: np.random.Generator, names: Iterable[str]
) -> dict[str, np.random.Generator]:
    """Give each stage of a chain its own random stream, spawned in the order of `names`.

    A stage that is left out then never changes the draw of another one.
    """
    known = tuple(names)
    return dict(zip(known, generator.spawn(len(known)), strict=True))
