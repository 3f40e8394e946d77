"""Work of one restoration, done by worker processes: the same wherever and whenever it is done."""

import time
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from bench.assessment.column_fits import ColumnFitting, Columns
from bench.assessment.edits import Edit, edited_image
from bench.assessment.noise_draws import NoiseDraws
from bench.own_images.values.pixel_values import ElectronScale
from restore import Restorer, heard_warnings, load_restorer
from stembench.arrays import Floats


@dataclass(frozen=True, kw_only=True)
class UsedRestorer:
    """A restorer and the values that it is given.

    Attributes
    ----------
    spec : str
        As on the command line.
    seen : ElectronScale
        Scale from its values to those of the file: the identity where it is given these.
    sampling : float
        Å/px.
    """

    spec: str
    seen: ElectronScale
    sampling: float

    def restored(self, values: Floats) -> "Restored":
        """Restore an image of the file's values, shape (rows, columns)."""
        restorer = _loaded(self.spec)
        given = self.seen.electrons(values)[None]
        with heard_warnings() as said:
            begin = time.perf_counter()
            image = restorer.restore(given, sampling=self.sampling)[0]
            seconds = time.perf_counter() - begin
        return Restored(
            image=self.seen.values(image), seconds=seconds, said=tuple(dict.fromkeys(said))
        )


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A restored image, in the file's values, and what the restorer said.

    Attributes
    ----------
    image : ndarray, shape (rows, columns)
    seconds : float
        That the restoration took.
    said : tuple of str
        What the restorer warned of.
    """

    image: Floats = field(repr=False)
    seconds: float
    said: tuple[str, ...]


@lru_cache(maxsize=1)
def _loaded(spec: str) -> Restorer:
    return load_restorer(spec)


@dataclass(frozen=True, kw_only=True)
class Draws:
    """What all draws of an image share.

    Attributes
    ----------
    restorer : UsedRestorer
    truth : ndarray, shape (rows, columns)
        Image that is taken as truth [electrons], >= 0.
    scale : ElectronScale
        From the file's values to electrons, as estimated.
    columns : Columns
        Fitted in `truth`, in the file's values.
    fitting : ColumnFitting
    noise : NoiseDraws
    """

    restorer: UsedRestorer
    truth: Floats = field(repr=False)
    scale: ElectronScale
    columns: Columns = field(repr=False)
    fitting: ColumnFitting = field(repr=False)
    noise: NoiseDraws

    def edited(self, edits: tuple[Edit, ...]) -> Floats:
        """Image that is taken as truth with changes, in electrons."""
        counted = replace(self.columns, height=self.columns.height / self.scale.gain)
        return edited_image(self.truth, counted, edits)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Columns of one draw, fitted in the image as drawn and in the restored one.

    Attributes
    ----------
    raw, restored : Columns
    towards_raw : ndarray, shape (n,), or None
        `ColumnFitting.step_of_scs` from the restored to the raw image; None where it was changed.
    said : tuple of str
        What the restorer warned of.
    seconds : float
    """

    raw: Columns
    restored: Columns
    towards_raw: Floats | None = field(repr=False)
    said: tuple[str, ...]
    seconds: float


def restore_image(restorer: UsedRestorer, values: Floats) -> Restored:
    """Restore one image of the file's values; see `UsedRestorer.restored`."""
    return restorer.restored(values)


def restore_draw(draws: Draws, number: int, edits: tuple[Edit, ...] | None) -> Drawn:
    """Draw an image anew, restore it, and fit its columns.

    Parameters
    ----------
    draws : Draws
    number : int
        Of the draw.
    edits : tuple of Edit or None
        Changes that are put in before the noise; None for none.
    """
    begin = time.perf_counter()
    after = None if edits is None else draws.edited(edits)
    values = draws.scale.values(draws.noise.drawn(draws.truth, after, number=number))
    done = draws.restorer.restored(values)
    raw, restored = (draws.fitting.fitted(image) for image in (values, done.image))
    step = draws.fitting.step_of_scs(done.image, values) if edits is None else None
    seconds = time.perf_counter() - begin
    return Drawn(raw=raw, restored=restored, towards_raw=step, said=done.said, seconds=seconds)


def clipped_truth(image: Floats) -> tuple[Floats, float]:
    """Image without negative electrons, and the share of the light that these were."""
    truth = np.maximum(image, 0.0)
    return truth, float((truth - image).sum() / max(float(truth.sum()), 1e-300))
