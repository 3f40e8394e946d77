"""Tiled inference: exact where the network sees no farther than the margin, else not."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray
from scipy.ndimage import convolve

from restore.cgrdn.cgrdn_restorer import TILING, CgrdnRestorer
from restore.contract import ContractRestorer
from restore.networks.tiling import run_in_tiles
from restore.restorer import RestorerMetadata, Tiling
from stembench.errors import InputError

Image = NDArray[np.float32]
KERNEL = np.random.default_rng(0).normal(size=(7, 7)).astype(np.float32)  # sees 3 px far
SMALL = Tiling(whole=1, tile=20, margin=4, blend=4, multiple=2)


def network(image: Image) -> Image:
    """A nonlinear network of one convolution, zeros beyond the edges as in CGRDN."""
    return np.maximum(convolve(image, KERNEL, mode="constant"), 0)


def field(height: int, width: int) -> Image:
    return np.random.default_rng(1).normal(size=(height, width)).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    margin=st.integers(3, 6),
    blend=st.integers(1, 5),
    extra=st.integers(0, 9),
    multiple=st.integers(1, 4),
)
def test_tiled_is_whole(
    height: int, width: int, margin: int, blend: int, extra: int, multiple: int
) -> None:
    """Any size and any tiling whose margin covers what the network sees, to float32's rounding."""
    tile = 2 * margin + blend + multiple + extra
    tile += -tile % multiple
    tiling = Tiling(whole=1, tile=tile, margin=margin, blend=blend, multiple=multiple)
    image = field(height * multiple, width * multiple)
    tiled = run_in_tiles(image, network, tiling=tiling)
    np.testing.assert_allclose(tiled, network(image), atol=1e-5)


def test_a_margin_too_small_is_seen() -> None:
    """Negative control: without the margin the seams show, up to a tenth of the result's std."""
    image = field(60, 60)
    tiled = run_in_tiles(image, network, tiling=replace(SMALL, margin=0))
    whole = network(image)
    assert np.abs(tiled - whole).max() > 0.1 * whole.std()


@given(
    size=st.integers(1, 500),
    margin=st.integers(0, 20),
    blend=st.integers(1, 20),
    extra=st.integers(1, 40),
    multiple=st.integers(1, 4),
)
def test_windows_cover_an_axis(
    size: int, margin: int, blend: int, extra: int, multiple: int
) -> None:
    """Aligned, within the image, and every pixel has a weight from beyond the margin of a cut."""
    tile = (2 * margin + blend + extra + multiple) // multiple * multiple + multiple
    tiling = Tiling(whole=1, tile=tile, margin=margin, blend=blend, multiple=multiple)
    size *= multiple
    starts = tiling.starts(size)
    assert starts[0] == 0
    assert max(starts) + tile == size or (len(starts) == 1 and size <= tile)
    assert all(start % multiple == 0 for start in starts)
    assert all(b - a <= tiling.stride for a, b in itertools.pairwise(starts))
    total = np.zeros(size)
    for start in starts:
        weights = tiling.weights(size, start)
        if start > 0:
            assert not weights[:margin].any()
        total[start : start + tile] += weights
    assert total.min() > 0


def test_memory_and_progress_are_those_of_windows() -> None:
    """No window is larger than the tile, and each is told of."""
    seen: list[tuple[int, ...]] = []
    told: list[tuple[int, int]] = []

    def watched(image: Image) -> Image:
        seen.append(image.shape)
        return network(image)

    run_in_tiles(field(44, 20), watched, tiling=SMALL, progress=lambda *steps: told.append(steps))
    assert seen == [(20, 20)] * 4
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(
    "change", [{"tile": 11}, {"tile": 12}, {"margin": -1}, {"blend": 0}, {"whole": 0}]
)
def test_impossible_tilings(change: dict[str, int]) -> None:
    with pytest.raises(InputError, match="margin"):
        replace(SMALL, **change)


def test_what_cannot_be_cut() -> None:
    with pytest.raises(InputError, match="21 x 20 px cannot be cut at multiples of 2 px"):
        run_in_tiles(field(20, 21), network, tiling=SMALL)
    with pytest.raises(InputError, match=r"returned shape \(10, 20\) for a window of shape"):
        run_in_tiles(field(44, 20), lambda image: image[::2], tiling=SMALL)


def stub(forward: Callable[[Image], Image], tiling: Tiling) -> CgrdnRestorer:
    metadata = RestorerMetadata(
        name="stub", version="1", licence="none", training_data="none", input_scale="any"
    )
    return CgrdnRestorer(metadata=metadata, forward=forward, tiling=tiling)


@pytest.mark.parametrize("shape", [(45, 31), (21, 60), (20, 20)])
def test_cgrdn_standardises_by_the_whole_image(shape: tuple[int, int]) -> None:
    """Half the image is vacuum: windows standardised one by one would differ, and do."""
    counts = np.random.default_rng(2).poisson(30.0, shape).astype(np.float64)
    counts[: shape[0] // 2] *= 0.01
    restorer = stub(network, SMALL)
    whole = restorer.restore_with(counts, sampling=0.1, tiling=None)
    tiled = restorer.restore_image(counts, sampling=0.1)
    np.testing.assert_allclose(tiled, whole, atol=1e-5 * whole.std())
    alone = restorer.restore_with(counts[:20, :20], sampling=0.1, tiling=None)
    assert np.abs(alone - whole[:20, :20]).max() > 0.1 * whole.std() or shape == (20, 20)


def test_cgrdn_tiles_from_its_declared_size_on() -> None:
    """1024 x 1024 px whole, a line more in windows, and told window by window."""
    seen: list[tuple[int, ...]] = []

    def forward(image: Image) -> Image:
        seen.append(image.shape)
        return image

    told: list[tuple[int, int]] = []
    restorer = ContractRestorer(stub(forward, TILING))
    for height in (1024, 1025):
        counts = np.arange(height * 1024.0).reshape(1, height, 1024)
        restored = restorer.restore(
            counts, sampling=0.1, progress=lambda *steps: told.append(steps)
        )
        np.testing.assert_allclose(restored, counts, rtol=1e-5, atol=1.0)
    assert seen == [(1024, 1024)] * 3
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_cgrdn_windows_cover_2048_nine_times() -> None:
    assert TILING.starts(2048) == [0, 512, 1024]
