"""Which images of a run are probed: restored once more, and restored moved and mirrored.

One image and one dose of each case and restorer are drawn with the seed of the run, so that nobody
can know beforehand which; how many realizations are probed grows with the amount of the case, so
that probes stay a small part of a run.
"""

import zlib
from typing import Final

import numpy as np

from bench.plan.acquisitions import is_acquisition
from bench.plan.profiles import Selection
from cases import get_case
from restore import is_raw, is_reference

#: One realization is probed for as many images of a case and restorer as this, and most ...
_IMAGES_PER_PROBE: Final = 128
#: ... this many.
MOST_PROBES: Final = 4


def keyed(seed: int, *names: str) -> np.random.Generator:
    """Generator of a run's own choices, keyed by names."""
    key = tuple(zlib.crc32(name.encode()) for name in names)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def probed(selection: Selection, restorer: str, *, seed: int) -> tuple[str, float, int]:
    """Draw what is probed of a case and restorer.

    Parameters
    ----------
    selection : Selection
    restorer : str
        Restorer spec.
    seed : int
        Of the run.

    Returns
    -------
    image : str
        Label of an image that is not edited; '' if none is probed.
    dose : float
        e/Å².
    number : int
        Realizations, from the first on; 0 for raw images, references and acquisitions, which
        restore nothing.
    """
    edits = get_case(selection.case).structure.edits_on_host
    images = [label for label in selection.images if edits is None or edits.edit_of(label) is None]
    if is_raw(restorer) or is_reference(restorer) or is_acquisition(restorer) or not images:
        return "", selection.doses[0], 0
    rng = keyed(seed, "probe", selection.case, restorer)
    realizations = selection.realizations_of(restorer)
    amount = len(selection.images) * len(selection.doses) * realizations
    return (
        images[int(rng.integers(len(images)))],
        selection.doses[int(rng.integers(len(selection.doses)))],
        min(max(1, amount // _IMAGES_PER_PROBE), MOST_PROBES, realizations),
    )
