"""Loss, what is held, and a tuning that is stopped and continued; on a tiny network."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

import training.tuning.fusion_tuning as room
from restore import CgrdnSize, PublishedWeights, combined_difference, difference_of
from stembench.errors import InputError
from training.networks.dense_networks import Cgrdn, cgrdn_weights
from training.tuning.fusion_tuning import (
    FusionTuning,
    hold_all_but_fusions,
    read_tuned_fusions,
    tune_fusions,
)
from training.tuning.tuning_batches import TuningBatches
from training.tuning.tuning_loss import tuning_loss

TINY = Cgrdn(features=4, growth=2, groups=2, blocks=1, dense_layers=2)


def loss_by_numpy(truth, restored, weights):
    out = []
    for y, g, w in zip(truth[..., 0], restored[..., 0], weights[..., 0], strict=True):
        error = (y - g) / max(0.1, y.std())
        line = np.exp(-(np.arange(-6, 7) ** 2) / 8)
        line /= line.sum()
        soft = ndimage.convolve(error, np.outer(line, line), mode="constant")
        out.append(
            (w * abs(error)).sum() / w.sum() + 0.5 * np.sqrt((w * soft**2).sum() / w.sum() + 1e-10)
        )
    return np.mean(out)


def test_the_loss_is_that_of_its_numpy_twin():
    rng = np.random.default_rng(0)
    y, g = rng.standard_normal((2, 3, 20, 24, 1)).astype(np.float32)
    y[1] *= 0.02  # below the floor of contrast
    w = 1 + 7 * (rng.random((3, 20, 24, 1)) < 0.1).astype(np.float32)
    assert float(tuning_loss(y, g, weights=w)) == pytest.approx(loss_by_numpy(y, g, w), rel=1e-5)
    # Negative control: the weights matter.
    assert float(tuning_loss(y, g, weights=np.ones_like(w))) != pytest.approx(
        loss_by_numpy(y, g, w), rel=1e-3
    )


def test_an_error_of_a_whole_column_costs_more_than_one_of_pixels():
    y = np.random.default_rng(1).standard_normal((1, 32, 32, 1)).astype(np.float32)
    rows, across = np.indices((32, 32))
    column = np.exp(-((rows - 16) ** 2 + (across - 16) ** 2) / 8)
    scattered = np.where((rows + across) % 2 == 0, column, -column)
    one, other = (
        float(tuning_loss(y, (y[0, ..., 0] + each)[None, ..., None], weights=np.ones_like(y)))
        for each in (column, scattered)
    )
    assert one > 1.5 * other


def test_fusions_alone_are_free():
    model = Cgrdn().build(np.random.default_rng(0))
    assert hold_all_but_fusions(model) == 410_944
    assert {tuple(w.shape[:2]) for w in model.trainable_weights if len(w.shape) == 4} == {(1, 1)}


@pytest.fixture
def tiny(monkeypatch):
    """The published network is a tiny one of random weights."""
    weights = cgrdn_weights(TINY.build(np.random.default_rng(3)))
    published = PublishedWeights(
        network="hrstem", version="tiny", sha256="00", convolutions=weights
    )
    monkeypatch.setattr(room, "read_published_weights", lambda _: published)
    monkeypatch.setattr(room, "Cgrdn", lambda: TINY)
    return weights


def tuning(steps=6, seed=0):
    return FusionTuning(
        batches=TuningBatches(seed=seed, shape=(32, 32)), steps=steps, warm_up=2,
        learning_rate=3e-3, precision="float32",
    )  # fmt: skip


def test_a_tuning_moves_fusions_alone_and_goes_on_where_it_stopped(tiny, tmp_path, monkeypatch):
    whole = tune_fusions(tuning(), tmp_path / "whole")
    for number, (kernel, bias) in whole.items():
        fusion = kernel.shape[:2] == (1, 1)
        assert np.array_equal(kernel, tiny[number][0]) is not fusion
        assert fusion or np.array_equal(bias, tiny[number][1])

    class KilledError(Exception):
        pass

    def kill(done, loss):
        if done == 4:
            raise KilledError

    monkeypatch.setattr(room, "_BETWEEN", -1.0)  # a checkpoint after every step
    with pytest.raises(KilledError):
        tune_fusions(tuning(), tmp_path / "parts", progress=kill)
    seen = []
    again = tune_fusions(tuning(), tmp_path / "parts", progress=lambda done, _: seen.append(done))
    assert seen == [4, 5, 6]  # the fourth step was not kept: it was killed before
    for number, (kernel, bias) in whole.items():
        assert np.allclose(again[number][0], kernel, atol=1e-6)
        assert np.allclose(again[number][1], bias, atol=1e-6)
    lines = (tmp_path / "parts" / "history.csv").read_text().splitlines()
    assert lines == (tmp_path / "whole" / "history.csv").read_text().splitlines()
    kept = read_tuned_fusions(tmp_path / "parts")
    assert (kept.steps, kept.settings["batches"]["seed"]) == (6, 0)
    for number, pair in again.items():
        assert all(np.array_equal(a, b) for a, b in zip(pair, kept.weights[number], strict=True))
    with pytest.raises(InputError, match="another tuning"):
        tune_fusions(tuning(seed=1), tmp_path / "parts")
    (tmp_path / "parts" / "checkpoint.npz").write_bytes(b"")
    with pytest.raises(InputError, match="damaged"):
        tune_fusions(tuning(), tmp_path / "parts")
    with pytest.raises(InputError, match="damaged"):
        read_tuned_fusions(tmp_path / "parts")
    with pytest.raises(InputError, match="no checkpoint"):
        read_tuned_fusions(tmp_path / "nothing")


def test_a_tuning_goes_on_from_what_earlier_ones_changed(tiny, tmp_path):
    first = tune_fusions(tuning(), tmp_path / "first")
    published = PublishedWeights(network="hrstem", version="tiny", sha256="00", convolutions=tiny)
    start = difference_of(published, first, origin={})
    # A rate that moves nothing: what comes out is what it began with.
    still = replace(tuning(steps=1, seed=1), learning_rate=1e-12)
    again = tune_fusions(still, tmp_path / "again", start=start)
    assert all(np.allclose(again[k][0], first[k][0], atol=1e-7) for k in first)
    assert not all(np.allclose(again[k][0], tiny[k][0], atol=1e-4) for k in first)
    kept = read_tuned_fusions(tmp_path / "again")
    assert len(kept.settings["start_sha256"]) == 64
    # The start is part of what a checkpoint is of.
    for other in (None, combined_difference([(start, 0.5)], origin={})):
        with pytest.raises(InputError, match="another tuning"):
            tune_fusions(still, tmp_path / "again", start=other)
    dense = next(k for k, (kernel, _) in tiny.items() if kernel.shape[:2] == (3, 3))
    changes = {dense: tuple(np.ones_like(part) for part in tiny[dense])}
    with pytest.raises(InputError, match=f"changes convolution {dense}, which is no 1 x 1"):
        tune_fusions(still, tmp_path / "dense", start=replace(start, changes=changes))
    assert not (tmp_path / "dense").exists()


def test_a_diverged_tuning_stops_with_a_sentence(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "tuning_loss", lambda _, g, **__: 1e38 * (1e38 * g[0, 0, 0, 0]))
    with pytest.raises(InputError, match="diverged"):
        tune_fusions(tuning(), tmp_path)


def test_the_learning_rate_rises_and_falls():
    rates = [FusionTuning().rate(k) for k in range(500)]
    assert rates[20] == pytest.approx(2e-4)
    assert max(rates) == rates[20]
    assert rates[0] < rates[10] < rates[20] > rates[260] > rates[499] >= 0
    assert rates[260] == pytest.approx(1e-4)


def test_a_batch_holds_scenes_and_what_the_published_network_makes_of_its_own_pairs():
    def teacher(x):
        return -x

    batches = TuningBatches(shape=(32, 32))
    x, y, w = batches.batch(3, teacher)
    assert x.shape == y.shape == w.shape == (4, 32, 32, 1)
    assert np.array_equal(y[3], -x[3])
    assert (w[3] == 1).all()
    assert not np.array_equal(y[0], -x[0])
    # Each distorted image has mean 0 and standard deviation 1.
    assert np.allclose(x.mean(axis=(1, 2, 3)), 0, atol=1e-4)
    again = batches.batch(3, teacher)
    assert all(np.array_equal(one, other) for one, other in zip((x, y, w), again, strict=True))
    assert not np.array_equal(batches.batch(4, teacher)[0], x)
    with pytest.raises(InputError, match="distilled"):
        TuningBatches(distilled=5)


def test_the_tiny_network_is_a_cgrdn():
    assert isinstance(TINY, CgrdnSize)
