"""Random generators of realizations, and the streams of the stages within one."""

import copy
import zlib
from collections.abc import Iterable, Sequence
from typing import Final, cast

import numpy as np

# Stages of the first version, in the order in which a chain spawns their random streams and draws
# their parameters. It is part of every published result and never changes: the streams and draws of
# a stage that came later are keyed by its name, and it is not added here.
FIRST_SCAN_STAGES: Final = (
    "jitter",
    "counting",
    "detector",
    "fast_scan",
    "row_lines",
    "black_pixels",
    "zingers",
    "clip",
    "quantisation",
)
FIRST_TEM_STAGES: Final = (
    "mtf",
    "counting",
    "fixed_pattern",
    "dark_current",
    "thermal",
    "flicker",
    "reset",
    "black_pixels",
    "zingers",
    "clip",
    "quantisation",
)

#: Last part of the key of a scan's generator.
_SCAN: Final = zlib.crc32(b"scan")


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


def scan_generator(root: int, case: str, *, image: str, realization: int) -> np.random.Generator:
    """Generator of what the scan does in one noise realization, the same at every dose.

    The displacements of scan lines drawn from it make the doses of a realization a pair: between
    them the electrons differ, not the scan.

    Parameters
    ----------
    root : int
        Seed of the whole run, >= 0.
    case : str
        Name of the case.
    image : str
        Label of the image within the case.
    realization : int
        Number of the realization, >= 0.

    Returns
    -------
    numpy.random.Generator
        Its streams are none of those of any `realization_generator`.
    """
    # No dose is 0, and no stream is spawned under so large a number.
    key = (zlib.crc32(case.encode()), zlib.crc32(image.encode()), 0, realization, _SCAN)
    return np.random.default_rng(np.random.SeedSequence(root, spawn_key=key))


def streams_of(
    generator: np.random.Generator, numbered: Sequence[str], *, named: Iterable[str] = ()
) -> dict[str, np.random.Generator]:
    """Give each stage of a chain random streams of its own.

    A stage that is left out then never changes the draw of another one.

    Parameters
    ----------
    generator : numpy.random.Generator
        Of the realization. Its state stays as it is; it counts what it has spawned.
    numbered : sequence of str
        At least one. They are spawned in this order, which is part of every published result.
    named : iterable of str
        Streams keyed by their name: whatever their number and order, no other stream changes.

    Returns
    -------
    dict of str to numpy.random.Generator
    """
    spawned = generator.spawn(len(numbered))
    streams = dict(zip(numbered, spawned, strict=True))
    first = cast("np.random.SeedSequence", spawned[0].bit_generator.seed_seq)
    for name in named:
        # A child of the first stream, with a number that no stage reaches by spawning.
        key = (*first.spawn_key, zlib.crc32(name.encode()))
        seed = np.random.SeedSequence(first.entropy, spawn_key=key, pool_size=first.pool_size)
        streams[name] = np.random.Generator(type(generator.bit_generator)(seed))
    return streams


def side_generator(generator: np.random.Generator, name: str) -> np.random.Generator:
    """Generator keyed by a name and by the state of `generator`, which stays as it is."""
    ahead = copy.deepcopy(generator).integers(2**63)
    return np.random.default_rng([int(ahead), zlib.crc32(name.encode())])
