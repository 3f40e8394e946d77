"""Pixels held out of a blind-spot network's training, and training until their loss stays."""

import numpy as np
import pytest

from restore import load_restorer
from restore.networks.held_out_pixels import Patience, held_out_pixels
from restore.networks.noise2void import BlindSpotSettings, draw_batch
from stembench.errors import InputError


def test_held_out_pixels_are_replaced_by_a_neighbour_that_is_not_held_out() -> None:
    """2 % of n = 20 000 pixels, less the few that touch; 0.4 % are four standard errors."""
    image = np.arange(100 * 200, dtype=np.float32).reshape(100, 200)
    out = held_out_pixels(image, np.random.default_rng(1))
    assert out.held.mean() == pytest.approx(0.02, abs=0.004)
    np.testing.assert_array_equal(out.given[~out.held], image[~out.held])
    assert set(np.abs(out.given - image)[out.held]) == {1.0}
    replaced = out.given[out.held].astype(int)
    assert not out.held.ravel()[replaced].any()


def test_the_loss_of_a_network_that_knows_nothing_is_the_variance() -> None:
    image = np.random.default_rng(2).normal(size=(200, 200)).astype(np.float32)
    out = held_out_pixels(image, np.random.default_rng(3))
    loss = out.loss(np.zeros_like)
    # Mean of some 800 squares of standard normal numbers: 1 ± 4 √(2/800).
    assert loss == pytest.approx(1.0, abs=0.2)
    # One that shows what it is given sees the neighbour, and errs by two variances.
    assert out.loss(lambda given: given) == pytest.approx(2.0, abs=0.4)


def test_held_out_pixels_are_never_hidden_in_training() -> None:
    image = np.arange(64 * 64, dtype=np.float32).reshape(64, 64)
    held = np.random.default_rng(4).random(image.shape) < 0.3
    chosen = BlindSpotSettings(batch=8, patch=32)
    _, truth = draw_batch(image, chosen, np.random.default_rng(5), held=held)
    hidden = truth[..., 0][truth[..., 1] == 1].astype(int)
    assert hidden.size > 50
    # The middle of a piece is hidden if nothing else is; none of these pieces needs that.
    assert not held.ravel()[hidden].any()


def test_without_held_out_pixels_nothing_changes() -> None:
    """The restorer of the benchmark's records: the same draws, bit for bit."""
    image = np.random.default_rng(6).normal(size=(80, 70)).astype(np.float32)
    chosen = BlindSpotSettings(batch=4, patch=32)
    none = draw_batch(image, chosen, np.random.default_rng(7))
    free = draw_batch(
        image, chosen, np.random.default_rng(7), held=np.zeros(image.shape, dtype=bool)
    )
    for one, other in zip(none, free, strict=True):
        np.testing.assert_array_equal(one, other)


def test_patience_ends_after_as_many_epochs_as_stated() -> None:
    waiting = Patience(3)
    assert [waiting.improved(loss) for loss in (2.0, 1.0, 1.5, 1.2)] == [True, True, False, False]
    assert not waiting.over
    waiting.improved(1.0)
    assert waiting.over
    assert waiting.best == 1.0


def test_a_patient_network_denoises_and_ends() -> None:
    y, x = np.mgrid[:64, :64] * (2 * np.pi / 10)
    truth = 5 * (1 + np.cos(x) * np.cos(y)) + 0.5
    counts = np.random.default_rng(8).poisson(truth).astype(float)
    # Two seconds of one core: the limit of time is for a failure to end, however busy the machine.
    restorer = load_restorer("n2v:patience=2,minutes=10,patch=32,features=12")
    assert "patience=2" in restorer.metadata.name
    restored = restorer.restore(counts[None], sampling=0.2)[0]
    assert np.std(restored - truth) < 0.9 * np.std(counts - truth)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(InputError, match="patience and minutes"):
        BlindSpotSettings(patience=-1)
