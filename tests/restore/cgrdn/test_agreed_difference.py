"""What several tunings agree on, held against numbers of known signal and noise."""

from dataclasses import replace

import numpy as np
import pytest

from restore.cgrdn.agreed_difference import agreed_difference
from restore.cgrdn.weight_difference import WeightDifference, combined_difference
from stembench.errors import InputError

SHAPE = (1, 1, 80, 64)
RNG = np.random.default_rng(11)
#: A tenth of the numbers changed by what is wanted, all of them by noise of each seed.
SIGNAL = np.where(RNG.random(SHAPE) < 0.1, 3.0, 0.0)


def tunings(noise, *, seeds=3):
    return [
        WeightDifference(
            network="hrstem", published_sha256="ab", origin={"seed": seed},
            changes={
                4: (
                    (SIGNAL + noise * RNG.standard_normal(SHAPE)).astype(np.float32),
                    (1.0 + noise * RNG.standard_normal(64)).astype(np.float32),
                )
            },
        )
        for seed in range(seeds)
    ]  # fmt: skip


def mean_of(parts):
    return combined_difference([(each, 1 / len(parts)) for each in parts], origin={})


def test_it_is_nearer_to_what_all_seeds_share_than_their_mean():
    parts = tunings(1.0)
    errors = [
        float(np.mean((each.changes[4][0] - SIGNAL) ** 2))
        for each in (agreed_difference(parts, origin={}), mean_of(parts))
    ]
    # The mean's error is the noise's variance over 3; its standard error over 5120 numbers 2 %.
    assert errors[1] == pytest.approx(1 / 3, rel=0.08)
    assert errors[0] < 0.6 * errors[1]
    # By the rule itself: of a normal mean z of variance 1/3, E (z (1 - 1 / 3 z²)+)² around 0,
    # and the same around 3, by quadrature.
    z = np.linspace(-8, 8, 160_001) / np.sqrt(3)
    weight = np.exp(-1.5 * z**2)
    weight /= weight.sum()

    def risk(centre):
        found = z + centre
        kept = found * np.clip(1 - 1 / (3 * np.maximum(found**2, 1e-12)), 0, 1)
        return float((weight * (kept - centre) ** 2).sum())

    assert errors[0] == pytest.approx(0.9 * risk(0.0) + 0.1 * risk(3.0), rel=0.12)


def test_without_scatter_it_is_the_mean_and_a_gain_multiplies_it():
    parts = tunings(0.0)
    plain, mean = agreed_difference(parts, origin={"x": 1}), mean_of(parts)
    for a, b in zip(plain.changes[4], mean.changes[4], strict=True):
        assert np.allclose(a, b, atol=1e-7)
    assert plain.origin == {"x": 1}
    noisy = tunings(1.0)
    once, twice = (agreed_difference(noisy, gain=gain, origin={}) for gain in (1.0, 2.0))
    assert np.allclose(2 * once.changes[4][0], twice.changes[4][0], rtol=1e-6)
    assert (once.changes[4][0] == 0).mean() > 0.5  # most of what is noise alone goes


def test_what_cannot_agree_is_refused():
    one, other, _ = tunings(1.0)
    for parts, message in (
        ([one], "1 tunings cannot agree"),
        ([one, replace(other, published_sha256="cd")], "other weights"),
        ([one, replace(other, changes={})], "not every tuning changes convolution 4"),
    ):
        with pytest.raises(InputError, match=message):
            agreed_difference(parts, origin={})
    with pytest.raises(InputError, match="gain"):
        agreed_difference([one, other], gain=0.0, origin={})
