"""The blind-spot network: what it is trained on, that it denoises, and that it repeats itself."""

import numpy as np
import pytest
from numpy.typing import NDArray

from restore import Restorer, load_restorer
from restore.conformance import check_restorer
from restore.contract import ContractRestorer
from restore.networks.noise2void import TILING, BlindSpotSettings, draw_batch, load_blind_spot
from restore.restorer import Tiling
from stembench.errors import InputError

STEPS = 60


@pytest.fixture(scope="module")
def restorer() -> Restorer:
    return load_restorer(f"n2v:steps={STEPS}")


def lattice() -> NDArray[np.float64]:
    """Expected counts of columns every 2 Å at 0.2 Å/px, 5.5 on average."""
    y, x = np.mgrid[:96, :80] * (2 * np.pi / 10)
    return np.asarray(5 * (1 + np.cos(x) * np.cos(y)) + 0.5)


COUNTS = np.random.default_rng(0).poisson(lattice()).astype(np.float64)


def test_hidden_pixels_show_a_neighbour() -> None:
    """2 % of the pixels, never themselves, from at most 2 px away; all others as they were.

    Each pixel of the image is its own number, so that where a value came from can be told. The
    share of n = 16 384 pixels has a standard error of 0.11 %; four of them.
    """
    chosen = BlindSpotSettings(batch=4, patch=64)
    image = np.arange(70 * 90, dtype=np.float32).reshape(70, 90)
    given, truth = draw_batch(image, chosen, np.random.default_rng(1))
    assert given.shape == (4, 64, 64, 1)
    original, hidden = truth[..., 0], truth[..., 1] == 1
    assert hidden.mean() == pytest.approx(0.02, abs=0.0044)
    np.testing.assert_array_equal(given[..., 0][~hidden], original[~hidden])
    assert (given[..., 0][hidden] != original[hidden]).all()
    was, became = original[hidden].astype(int), given[..., 0][hidden].astype(int)
    assert np.abs(was // 90 - became // 90).max() == 2
    assert np.abs(was % 90 - became % 90).max() == 2
    # Pieces are turned and mirrored: not all run the same way.
    steps = {int(piece[0, 1] - piece[0, 0]) for piece in original}
    assert len(steps) > 1
    assert steps <= {1, -1, 90, -90}


def test_every_piece_has_a_hidden_pixel() -> None:
    """A piece of 16 x 16 px has none by chance in 0.6 % of cases: the loss would be 0 / 0."""
    image = np.zeros((16, 16), np.float32)
    _, truth = draw_batch(image, BlindSpotSettings(batch=2000, patch=16), np.random.default_rng(2))
    assert truth[..., 1].any(axis=(1, 2)).all()


def test_it_denoises(restorer: Restorer) -> None:
    """Less than 60 % of the noise is left after 60 steps, and the mean is kept to 3 %."""
    restored = restorer.restore(COUNTS[None], sampling=0.2)[0]
    truth = lattice()
    assert np.std(restored - truth) < 0.6 * np.std(COUNTS - truth)
    assert restored.mean() == pytest.approx(COUNTS.mean(), rel=0.03)


def test_it_does_not_learn_noise_that_is_alone(restorer: Restorer) -> None:
    """On white noise there is nothing to predict; its mean is all that is left."""
    noise = np.random.default_rng(3).poisson(20.0, (1, 64, 64)).astype(np.float64)
    assert np.std(restorer.restore(noise, sampling=0.2)) < 0.5 * np.std(noise)


def test_same_bits_again_and_after_others_and_another_seed_differs() -> None:
    small = COUNTS[None, :40, :40]
    short = "n2v:steps=6,patch=32"
    restorer = load_restorer(short)
    first = restorer.restore(small, sampling=0.2)
    restorer.restore(2 * COUNTS[None, 40:, :31], sampling=0.2)
    np.testing.assert_array_equal(restorer.restore(small, sampling=0.2), first)
    fresh = load_restorer(short).restore(small, sampling=0.2)
    np.testing.assert_array_equal(fresh, first)
    other = load_restorer(f"{short},seed=1").restore(small, sampling=0.2)
    assert np.abs(other - first).max() > 0.01 * first.std()


def test_windows_give_the_same_and_the_margin_holds_all_that_is_seen() -> None:
    loaded = load_blind_spot(steps=3)
    tiling = Tiling(whole=1, tile=52, margin=TILING.margin, blend=4, multiple=2)
    whole = loaded.restore_with(COUNTS, sampling=0.2, tiling=None)
    tiled = loaded.restore_with(COUNTS, sampling=0.2, tiling=tiling)
    np.testing.assert_allclose(tiled, whole, atol=1e-5 * whole.std())
    point = np.random.default_rng(4).normal(size=(64, 64)).astype(np.float32)
    before = loaded.forward(point)
    point[32, 32] += 10
    changed = np.argwhere(loaded.forward(point) != before) - 32
    assert 5 < np.abs(changed).max() <= TILING.margin


def test_contract_and_progress() -> None:
    loaded = ContractRestorer(load_blind_spot(steps=2))
    assert loaded.metadata.name == "n2v:steps=2"
    for finding in check_restorer(loaded):
        assert finding.outcome != "fail", finding
    told: list[tuple[int, int]] = []
    loaded.restore(COUNTS[None], sampling=0.2, progress=lambda *steps: told.append(steps))
    assert told == [(0, 2), (1, 2), (2, 2)]


@pytest.mark.parametrize("setting", ["steps=0", "patch=15", "patch=17", "seed=-1", "features=0"])
def test_impossible_settings(setting: str) -> None:
    with pytest.raises(InputError, match="'n2v'"):
        load_restorer(f"n2v:{setting}")
