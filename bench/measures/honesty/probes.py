"""Probes of a restorer on a case's own images: an image again, and an image moved and turned.

A recorded image is moved by a part of a pixel, by its Fourier series, and then mirrored, or turned
where counting is its only noise: its noise goes along, and is as likely as before. Of few electrons
per pixel nothing lies in between; such an image is moved by a whole one. What a restorer
knows of the case beside its image stays where it was.
"""

from dataclasses import dataclass, replace
from typing import Final, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.measures.fit_variants import VARIANTS, Setting, counts_alone, spacing, true_width
from bench.plan.blocks import Block
from bench.plan.probed_images import keyed
from bench.reference import positions_and_mask
from cases import Case
from fitting import fit_batch
from noise import ScanNoise, electrons_per_pixel
from restore import RestorationError, Restorer, heard_warnings
from stembench.arrays import Floats

_Pixel = TypeVar("_Pixel", bound=np.generic)

#: Folder of the tables of probes in a run.
PROBES: Final = "probes"
#: Ends of the length of a move along either axis in px: far enough from none, and no whole pixel.
_MOVES: Final = (0.55, 0.95)
#: Electrons per pixel on average below which an image is moved by a whole pixel: counts that are
#: spread over parts of pixels are no longer such as counting gives, and filters tell them apart.
_ENOUGH: Final = 10.0
#: Pixels by which an image is continued evenly on each side before it is moved.
_RIM: Final = 16
#: Standard error of the logarithm of the median of n squared errors, times √n: 1 / (2 m f(m)) with
#: the density f at the median m of χ² of two degrees of freedom (x and y) and of one (SCS).
_MEDIAN_LOG: Final = {"position_change": 1 / np.log(2), "scs_change": 2.332}
#: A standard deviation over the median absolute deviation, and the error of a median of normal
#: numbers over that of their mean.
_MAD: Final = 1.4826
_MEDIAN: Final = np.sqrt(np.pi / 2)
#: How far columns may move where the case holds them, as a part of their distance.
_REACH: Final = 0.3
#: Fewest columns that both fits must have found.
_FEW: Final = 8


@dataclass(frozen=True)
class Transform:
    """How an image was recorded anew.

    Attributes
    ----------
    moved : (float, float)
        Pixels along x and y, before the image was turned.
    turned : bool
        By a quarter; otherwise its lines are in reverse order.
    shape : (int, int)
        Of the image before.
    """

    moved: tuple[float, float]
    turned: bool
    shape: tuple[int, int]

    @property
    def name(self) -> str:
        """What was done to the image, in words."""
        x, y = self.moved
        kind = "turned by a quarter" if self.turned else "mirrored"
        return f"moved by ({x:+.2f}, {y:+.2f}) px and {kind}"

    def image(self, image: Floats) -> Floats:
        """Move and then mirror or turn an image (h, w)."""
        return self.mirrored(shifted(image, self.moved))

    def mirrored(self, image: NDArray[_Pixel]) -> NDArray[_Pixel]:
        """Mirror or turn an image (h, w)."""
        return np.ascontiguousarray(np.rot90(image) if self.turned else image[::-1])

    def places(self, places: Floats) -> Floats:
        """Where places (n, 2) of an unmoved image go, as (x, y) in px."""
        x, y = (places + np.array(self.moved)).T
        height, width = self.shape
        return np.stack([y, width - 1 - x] if self.turned else [x, height - 1 - y], axis=1)

    def unturned(self, places: Floats) -> Floats:
        """Undo the mirror or the turn for places (n, 2), and leave the move."""
        x, y = places.T
        height, width = self.shape
        return np.stack([width - 1 - y, x] if self.turned else [x, height - 1 - y], axis=1)


def shifted(image: Floats, moved: tuple[float, float]) -> Floats:
    """Move an image by its Fourier series.

    The series is that of the image continued evenly beyond its edges. White noise stays white, and
    of the same strength; where no value was negative, none will be.

    Parameters
    ----------
    image : ndarray, shape (h, w)
    moved : (float, float)
        Pixels along x and y.
    """
    from scipy.fft import fft2, fftfreq, ifft2

    whole = np.pad(image, _RIM, mode="symmetric")
    if all(step.is_integer() for step in moved):
        steps = (int(moved[1]), int(moved[0]))
        return np.roll(whole, steps, axis=(0, 1))[_RIM:-_RIM, _RIM:-_RIM]
    y, x = (fftfreq(size) for size in whole.shape)
    phase = np.exp(-2j * np.pi * (moved[0] * x[None, :] + moved[1] * y[:, None]))
    result = np.asarray(ifft2(fft2(whole) * phase)).real[_RIM:-_RIM, _RIM:-_RIM]
    return np.maximum(result, 0.0) if image.min() >= 0 else result


def transform_of(block: Block, noise: ScanNoise, image: Floats, *, number: int) -> Transform:
    """Draw what is done to the image (h, w) of a realization, keyed by all that it belongs to."""
    names = (block.case, block.image, str(block.dose), block.restorer, str(number))
    rng = keyed(block.seed, "transform", *names)
    signs = rng.choice([-1.0, 1.0], size=2)
    x, y = (signs * rng.uniform(*_MOVES, size=2)).tolist()
    turned = bool(rng.integers(2))
    if not counts_alone(noise):
        # Lines that jitter are no columns of pixels that do, and nothing lies between two of them.
        y, turned = 0.0, False
    if image.mean() < _ENOUGH:
        x, y = signs.tolist()
    height, width = image.shape
    return Transform(moved=(x, y), turned=turned, shape=(height, width))


def probe(
    block: Block,
    noise: ScanNoise,
    restorer: Restorer,
    *,
    case: Case,
    counts: Floats,
    restored: Floats,
    reference: pd.DataFrame,
) -> pd.DataFrame:
    """Probe a restorer on the images of a block that are to be probed.

    Parameters
    ----------
    block : Block
    noise : ScanNoise
        Of its images.
    restorer : Restorer
    case : Case
    counts, restored : ndarray, shape (n, h, w)
        The block's images in electrons per pixel, before and after.
    reference : pandas.DataFrame
        `bench.reference.reference_table` of the image.

    Returns
    -------
    pandas.DataFrame
        One row per probed realization. `transform`: what was done. `repeated`: largest difference
        of the image restored once more, in standard deviations of the first result; NaN but for
        realization 0. `followed`: share of the move that the fitted columns followed, a median
        over columns. `position_change`, `scs_change`: natural logarithm of the ratio of the median
        squared errors, transformed over untouched. Each has a standard error `..._err`, for
        columns that err independently, and `columns` is their number. `failure`: why nothing is
        known.
    """
    number = max(0, min(block.stop, block.probes) - block.start)
    rows = []
    for k in range(number):
        transform = transform_of(block, noise, counts[k], number=block.start + k)
        row: dict[str, object] = {"realization": block.start + k, "transform": transform.name}
        row["failure"] = ""
        with heard_warnings():
            try:
                (image,) = restorer.restore(
                    transform.image(counts[k])[None], sampling=case.sampling
                )
            except RestorationError as error:
                rows.append({**row, "failure": str(error)})
                continue
        scale = electrons_per_pixel(block.dose, case.sampling)
        setting = Setting(case, noise, restorer.metadata.family)
        pair = np.stack([restored[k], image]) / scale
        row |= _compared(pair, setting, image=block.image, transform=transform, reference=reference)
        rows.append(row)
    if number and block.start == 0:
        rows[0]["repeated"] = _repeated(restorer, counts, restored, sampling=case.sampling)
    names = ("repeated", "columns", *(f"{name}{end}" for name in MEASURED for end in ("", "_err")))
    table = pd.DataFrame(rows, columns=["realization", "transform", "failure", *names])
    return table.astype(dict.fromkeys(names, np.float64))


#: What the fits of a probe tell.
MEASURED: Final = ("followed", "position_change", "scs_change")


def _repeated(restorer: Restorer, counts: Floats, restored: Floats, *, sampling: float) -> float:
    """Difference of the first image, restored alone and after others, in standard deviations."""
    with heard_warnings():
        try:
            (again,) = restorer.restore(counts[:1], sampling=sampling)
        except RestorationError:
            return float("inf")
    largest = float(np.abs(again - restored[0]).max())
    spread = float(restored[0].std())
    return largest / spread if spread > 0 else (0.0 if largest == 0 else float("inf"))


def _compared(
    pair: Floats,
    setting: Setting,
    *,
    image: str,
    transform: Transform,
    reference: pd.DataFrame,
) -> dict[str, float]:
    """Fit a restored image (h, w) and that of the transformed one, and compare."""
    case = setting.case
    positions, mask = positions_and_mask(case, image)
    distance = spacing(case, image)
    options = VARIANTS[0].options(setting, width=true_width(case, image), spacing=distance)
    if case.fit.drift == 0:  # a fit that holds the positions cannot tell whether columns moved
        options = replace(options, bounds=replace(options.bounds, drift=_REACH * distance))
    plain, changed = (
        fit_batch(
            one[None], starts, sampling=case.sampling, options=options, mask=left_out, threads=1
        )[0].table
        for one, starts, left_out in (
            (pair[0], positions, mask),
            (pair[1], transform.places(positions), transform.mirrored(mask)),
        )
    )
    before = plain[["x", "y"]].to_numpy(dtype=np.float64)
    after = transform.unturned(changed[["x", "y"]].to_numpy(dtype=np.float64))
    move = np.array(transform.moved)
    asked = (reference["measured"] & (reference["count_true"] > 0)).to_numpy()
    found = asked & np.isfinite(before).all(axis=1) & np.isfinite(after).all(axis=1)
    if found.sum() < max(_FEW, asked.sum() / 2):
        return {"columns": float(found.sum())}
    share = ((after - before) @ move / (move @ move))[found]
    followed = float(np.median(share))
    scatter = _MAD * float(np.median(np.abs(share - followed)))
    n = int(found.sum())
    places = reference[["x_ref", "y_ref"]].to_numpy(dtype=np.float64)
    # Where the untouched image as a whole lies: filters that decide by thresholds move all columns
    # together. What is drawn from memory lies where it should, and widens nothing.
    whole = np.median((before - places)[found], axis=0)
    common = np.sqrt(np.square(whole).sum() / (move @ move))
    measured = {
        "columns": float(n),
        "followed": followed,
        "followed_err": float(np.hypot(_MEDIAN * scatter / np.sqrt(n), common)),
    }
    scs = reference["scs_ref"].to_numpy(dtype=np.float64)
    squares = {
        "position_change": (
            np.square(before - places).sum(axis=1),
            np.square(after - move - places).sum(axis=1),
        ),
        "scs_change": tuple(
            np.square(table["scs"].to_numpy(dtype=np.float64) / scs - 1)
            for table in (plain, changed)
        ),
    }
    for name, (first, second) in squares.items():
        # Zero errors, as of a stamp, have no logarithm.
        small, large = (max(float(np.median(one[found])), 1e-24) for one in (first, second))
        measured[name] = float(np.log(large / small))
        measured[f"{name}_err"] = float(np.sqrt(2 / n) * _MEDIAN_LOG[name])
    return measured
