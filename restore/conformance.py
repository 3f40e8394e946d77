"""Conformance test of a restorer: one finding, with its number, for each item of the contract.

`restore.contract` refuses what breaks the contract while a benchmark runs; here a restorer is
tried on synthetic images beforehand, and its claims about itself are measured.
"""

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from restore.contract import ContractRestorer
from restore.restorer import ImageRestorer, RestorationWarning, TiledRestorer

Image = NDArray[np.float64]
Outcome = Literal["pass", "fail", "not applicable", "reported"]

SAMPLING = 0.2
"""Sampling of the test images, Å/px."""
SAME = 1e-5
"""Largest difference between equal results, in standard deviations: float32's rounding."""
SEAM = 1e-3
"""Largest difference between a tiled and a whole result, in standard deviations of it."""
SCALED = 1e-3
"""Largest difference between results for k times the counts and k times the result, as above."""
LEAK = 0.5
"""Largest value that an image without electrons may be restored to, electrons."""
KEPT = 0.05
"""Largest relative change of a constant image's mean."""
LARGE_MEMORY = 8e9
"""Most memory that a process may need for 2048 x 2048 px, bytes."""

_FACTOR = 4.0  # a power of two, so that scaling itself rounds nothing
_ODD = ((31, 30), (30, 31), (33, 35), (17, 5), (1, 17), (17, 1), (2, 3), (1, 2))


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Result of one item of the contract."""

    item: str
    """Name of the item."""
    outcome: Outcome
    """'reported' for a number about which nothing was claimed."""
    measured: str
    """The number with its unit, or what went wrong."""
    wanted: str
    """What the contract requires."""
    value: float | None = None
    """The number; None where there is none."""
    notes: tuple[str, ...] = ()
    """Warnings that the restorer issued."""


def synthetic_counts(shape: tuple[int, int], /, *, seed: int = 0) -> Image:
    """Draw Poisson counts (h, w) of a lattice of 2 Å with 21 electrons per pixel on average."""
    y, x = (2 * np.pi * SAMPLING / 2 * np.arange(size) for size in shape)
    expected = 20 * (1 + np.cos(y)[:, None] * np.cos(x)) + 1
    counts: Image = np.random.default_rng(seed).poisson(expected).astype(np.float64)
    return counts


def check_restorer(
    restorer: ContractRestorer,
    /,
    *,
    shape: tuple[int, int] = (48, 40),
    large: bool = False,
    peak_memory: Callable[[], int] | None = None,
) -> Iterator[Finding]:
    """Test a restorer on synthetic images, item by item.

    Parameters
    ----------
    restorer : ContractRestorer
        As `restore.load_restorer` returns it.
    shape : (int, int)
        Height and width of the image that most items use, px.
    large : bool
        Whether to restore 2048 x 2048 px too, which may take minutes.
    peak_memory : callable, optional
        Returns the largest resident size of this process so far, in bytes.

    Yields
    ------
    Finding
        One for each item, as soon as it is known; a restorer's exceptions are findings too.
    """
    for item, check in _ITEMS.items():
        yield _guarded(item, partial(check, restorer, shape))
    yield _guarded("2048 x 2048", partial(_large, restorer, large, peak_memory))


def _guarded(item: str, check: Callable[[], Finding]) -> Finding:
    """Run one check; any exception is a failure of its item."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            finding = check()
        except Exception as error:
            # A user's restorer may raise anything.
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            finding = Finding(item=item, outcome="fail", measured=reason, wanted="no error")
    notes = tuple(
        dict.fromkeys(
            str(warning.message)
            for warning in caught
            if issubclass(warning.category, RestorationWarning)
        )
    )
    return replace(finding, item=item, notes=notes)


def _judged(good: bool, measured: str, wanted: str, value: float | None = None) -> Finding:
    outcome: Outcome = "pass" if good else "fail"
    return Finding(item="", outcome=outcome, measured=measured, wanted=wanted, value=value)


def _unchecked(restorer: ContractRestorer, image: Image) -> NDArray[np.generic]:
    """Return the restorer's own output for one image, before the contract is enforced."""
    inner: ImageRestorer = restorer.inner
    return np.asarray(inner.restore_image(image.copy(), sampling=SAMPLING))


def _one(restorer: ContractRestorer, image: Image) -> Image:
    restored: Image = restorer.restore(image[None], sampling=SAMPLING)[0]
    return restored


def difference(image: Image, expected: Image, /) -> float:
    """Return the largest difference of two images in standard deviations of the second."""
    largest = float(np.abs(image - expected).max())
    spread = float(expected.std())
    return largest / spread if spread > 0 else (0.0 if largest == 0 else float("inf"))


def _shape(restorer: ContractRestorer, shape: tuple[int, int]) -> Finding:
    output = _unchecked(restorer, synthetic_counts(shape))
    return _judged(output.shape == shape, str(output.shape), f"{shape}, as the input")


def _dtype(restorer: ContractRestorer, shape: tuple[int, int]) -> Finding:
    dtype = _unchecked(restorer, synthetic_counts(shape)).dtype
    good = dtype.kind == "f" and dtype.itemsize >= 4
    return _judged(good, str(dtype), "real, at least float32")


def _finite(restorer: ContractRestorer, shape: tuple[int, int]) -> Finding:
    output = _unchecked(restorer, synthetic_counts(shape)).astype(np.float64)
    wrong = int(output.size - np.isfinite(output).sum())
    return _judged(wrong == 0, f"{wrong} px NaN or infinite", "none", wrong)


def _deterministic(restorer: ContractRestorer, shape: tuple[int, int]) -> Finding:
    image = synthetic_counts(shape)
    first = _one(restorer, image)
    _one(restorer, synthetic_counts(shape, seed=1))
    value = difference(_one(restorer, image), first)
    return _judged(value <= SAME, f"{value:.1e} std", f"the same again, to {SAME:g} std", value)


def _batch(restorer: ContractRestorer, shape: tuple[int, int]) -> Finding:
    images = np.stack([synthetic_counts(shape, seed=seed) for seed in range(3)])
    alone = [_one(restorer, image) for image in images]
    together = restorer.restore(images[::-1], sampling=SAMPLING)[::-1]
    value = max(difference(*pair) for pair in zip(together, alone, strict=True))
    return _judged(value <= SAME, f"{value:.1e} std", f"as alone, to {SAME:g} std", value)


def _tiles(restorer: ContractRestorer, _shape: tuple[int, int]) -> Finding:
    inner = restorer.inner
    wanted = f"as whole, to {SEAM:g} std"
    if not isinstance(inner, TiledRestorer):
        return Finding(
            item="", outcome="not applicable", measured="restores every image whole", wanted=wanted
        )
    # A narrow strip cut three times across: the length of a cut does not matter.
    declared = inner.tiling
    step = 32 * declared.multiple
    tile = 2 * declared.margin + declared.blend + step
    tile += -tile % declared.multiple
    small = replace(declared, whole=1, tile=tile)
    image = synthetic_counts((32, tile + 3 * small.stride))
    whole = np.asarray(inner.restore_with(image.copy(), sampling=SAMPLING, tiling=None))
    tiled = np.asarray(inner.restore_with(image.copy(), sampling=SAMPLING, tiling=small))
    value = difference(tiled.astype(np.float64), whole.astype(np.float64))
    return _judged(value <= SEAM, f"{value:.1e} std", wanted, value)


def _scale(restorer: ContractRestorer, shape: tuple[int, int]) -> Finding:
    image = synthetic_counts(shape)
    plain = _one(restorer, image)
    value = difference(_one(restorer, _FACTOR * image) / _FACTOR, plain)
    measured = f"{value:.1e} std for {_FACTOR:g} x the counts"
    if restorer.metadata.scales_with_counts:
        return _judged(value <= SCALED, measured, f"scales with counts, to {SCALED:g} std", value)
    claimed = "nothing claimed" if restorer.metadata.scales_with_counts is None else "takes counts"
    return Finding(item="", outcome="reported", measured=measured, wanted=claimed, value=value)


def _odd_sizes(restorer: ContractRestorer, _shape: tuple[int, int]) -> Finding:
    failed = []
    for size in _ODD:
        try:
            _one(restorer, synthetic_counts(size))
        except Exception as error:
            failed.append(f"{size[0]} x {size[1]}: {str(error).splitlines()[0]}")
    measured = "; ".join(failed[:1]) if failed else f"all of {len(_ODD)} sizes"
    return _judged(not failed, measured, "any height and width", len(_ODD) - len(failed))


def _empty(restorer: ContractRestorer, shape: tuple[int, int]) -> Finding:
    value = float(np.abs(_one(restorer, np.zeros(shape))).max())
    return _judged(value <= LEAK, f"{value:.2g} e at most", f"below {LEAK:g} e", value)


def _constant(restorer: ContractRestorer, shape: tuple[int, int]) -> Finding:
    level = 20.0
    output = _one(restorer, np.full(shape, level))
    mean = abs(float(output.mean()) / level - 1)
    most = float(np.abs(output / level - 1).max())
    measured = f"mean off by {mean:.2g}, a pixel by {most:.2g} at most"
    return _judged(mean <= KEPT, measured, f"mean kept to {KEPT:g}", mean)


def _single(restorer: ContractRestorer, _shape: tuple[int, int]) -> Finding:
    value = float(_one(restorer, np.full((1, 1), 7.0))[0, 0])
    return _judged(True, f"{value:.3g} e of 7", "finite", value)


def _large(
    restorer: ContractRestorer, wanted: bool, peak_memory: Callable[[], int] | None
) -> Finding:
    limit = f"below {LARGE_MEMORY / 1e9:g} GB"
    if not wanted:
        return Finding(
            item="", outcome="not applicable", measured="not tested; ask with --large", wanted=limit
        )
    image = synthetic_counts((2048, 2048))
    begun = time.perf_counter()
    _one(restorer, image)
    seconds = time.perf_counter() - begun
    if peak_memory is None:
        return _judged(True, f"{seconds:.0f} s", "no error", seconds)
    peak = peak_memory()
    measured = f"{seconds:.0f} s, {peak / 1e9:.1f} GB at most in this process"
    return _judged(peak < LARGE_MEMORY, measured, limit, float(peak))


_ITEMS: dict[str, Callable[[ContractRestorer, tuple[int, int]], Finding]] = {
    "shape": _shape,
    "dtype": _dtype,
    "finite": _finite,
    "deterministic": _deterministic,
    "batch-invariant": _batch,
    "tile-invariant": _tiles,
    "scale": _scale,
    "odd sizes": _odd_sizes,
    "empty field": _empty,
    "constant image": _constant,
    "1 x 1": _single,
}
