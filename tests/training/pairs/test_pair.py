"""One pair: a function of seed and index alone, its noise, its ground truth."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from noise import Jitter, PostProcessing, ScanNoise, TemNoise
from stembench.errors import InputError
from training.images.image_ranges import KINDS
from training.pairs.modalities import DATA_SETS, correlation_distance, modality_named
from training.pairs.pair import _distorted, generator, make_pair
from training.specimens.simulation_box import Box

ROOT = Path(__file__).parents[3]
NAMES = ("hrstem", "lrstem", "hrtem", "lrtem", "hrsem", "lrsem")
SMALL = (32, 40)


def small(seed, index, name="lrstem", shape=SMALL):
    return make_pair(seed, index, modality=modality_named(name), shape=shape)


def test_there_are_the_six_data_sets_of_the_paper():
    assert sorted(each.name for each in DATA_SETS) == sorted(NAMES)
    with pytest.raises(InputError, match="hrstem"):
        modality_named("cryo")


@given(
    seed=st.integers(0, 2**40), index=st.integers(0, 2**40), name=st.sampled_from(NAMES),
    before=st.integers(0, 2**40),
)  # fmt: skip
@settings(deadline=None, max_examples=15)
def test_a_pair_is_a_function_of_seed_and_index(seed, index, name, before):
    first = small(seed, index, name)
    small(seed, before, name)  # another pair in between changes nothing
    second = small(seed, index, name)
    assert np.array_equal(first.distorted, second.distorted)
    assert np.array_equal(first.clean, second.clean)
    assert (first.kind, first.sampling, first.noise) == (
        second.kind,
        second.sampling,
        second.noise,
    )


def test_another_process_makes_the_same_pair():
    pair = small(11, 3, "hrstem")
    code = (
        "from training import make_pair, modality_named\n"
        f"pair = make_pair(11, 3, modality=modality_named('hrstem'), shape={SMALL})\n"
        "print(pair.distorted.tobytes().hex(), pair.clean.tobytes().hex())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    x, y = done.stdout.split()
    assert bytes.fromhex(x) == pair.distorted.tobytes()
    assert bytes.fromhex(y) == pair.clean.tobytes()


@pytest.mark.parametrize("other", [(1, 5, "hrstem"), (0, 6, "hrstem"), (0, 5, "hrsem")])
def test_another_seed_index_or_modality_makes_another_pair(other):
    seed, index, name = other
    assert not np.array_equal(small(0, 5, "hrstem").clean, small(seed, index, name).clean)


def test_streams_of_purposes_are_apart():
    draws = {
        generator(0, 1, modality=name, purpose=purpose).integers(2**62)
        for name in NAMES
        for purpose in ("noise", "atoms", "post")
    }
    assert len(draws) == 18


@given(seed=st.integers(0, 2**32), name=st.sampled_from(NAMES))
@settings(deadline=None, max_examples=20)
def test_pairs_are_electrons_per_pixel(seed, name):
    pair = small(seed, 0, name)
    assert pair.distorted.shape == pair.clean.shape == SMALL
    assert pair.distorted.dtype == pair.clean.dtype == np.float32
    assert np.isfinite(pair.distorted).all()
    assert np.isfinite(pair.clean).all()
    scale = pair.post.transform.scale if pair.post.transform else 1.0
    assert 0.025 <= pair.sampling * scale <= 0.9
    assert 0.5 <= pair.electrons <= 750.0
    if pair.post == PostProcessing(blur=pair.post.blur):  # nothing drawn into the clean image
        assert pair.clean.mean() == pytest.approx(pair.electrons, rel=0.02)
        assert pair.clean.min() >= 0.0


def test_the_clean_image_is_the_expectation_of_the_distorted_one():
    """Counting alone: the residual has mean 0 and the variance of the expectation (Poisson)."""
    box = Box((64, 64), 0.2, correlation=1.0)
    image = 0.2 + 0.8 * np.random.default_rng(0).random(box.extended)
    image /= image.max()
    pair = _distorted(
        image, box, ScanNoise(), kind="test", electrons=40.0, post=PostProcessing(),
        rng=np.random.default_rng(1),
    )  # fmt: skip
    assert pair.clean.mean() == pytest.approx(40.0, rel=1e-6)
    standard = (pair.distorted - pair.clean) / np.sqrt(pair.clean)
    n = standard.size
    assert abs(standard.mean()) < 4 / np.sqrt(n)
    # Standard error of a variance of about normal numbers: sqrt(2 / n); k = 4.
    assert abs(standard.var() - 1) < 4 * np.sqrt(2 / n)
    # Negative control: a displacement by a pixel between the two is seen.
    moved = (np.roll(pair.distorted, 1, axis=1) - pair.clean) / np.sqrt(pair.clean)
    assert abs(moved.var() - 1) > 4 * np.sqrt(2 / n)


def test_high_resolution_shows_atoms_and_low_resolution_mostly_objects():
    high = {small(5, k, "hrsem").kind for k in range(30)}
    assert high == {"crystal", "amorphous", "points"}
    low = [small(5, k, "lrtem").kind for k in range(60)]
    objects = [kind for kind in low if set(kind.split()) <= set(KINDS)]
    # p = 0.6, n = 60: k = 4 standard deviations.
    assert abs(len(objects) / 60 - 0.6) < 4 * np.sqrt(0.6 * 0.4 / 60)


def test_microscopes_have_their_noise():
    assert isinstance(small(0, 0, "hrtem").noise, TemNoise)
    assert isinstance(small(0, 0, "hrstem").noise, ScanNoise)
    assert all(small(0, k, "lrsem").noise.black_pixels is None for k in range(10))


def test_the_correlation_distance_is_that_of_the_jitter():
    noise = ScanNoise(jitter=Jitter(sigma_x=0.3, sigma_y=0.1, phi_x=0.6, phi_y=0.0))
    # Lines scatter by 0.3 / 0.8 Å; four of these on each side.
    assert correlation_distance(noise) == pytest.approx(2 * 4 * 0.375)
    assert correlation_distance(ScanNoise()) == 0.0
    assert correlation_distance(TemNoise()) == 0.0


def test_post_processing_meets_both_images():
    """Of 1e10 electrons per pixel hardly any noise is left, and the two stay one image.

    What is done to one of them alone is seen: it changes an image by more than that.
    """
    box = Box((48, 48), 0.2, correlation=1.0)
    image = 0.2 + 0.8 * np.random.default_rng(0).random(box.extended)
    image /= image.max()

    def pair_of(post):
        return _distorted(
            image, box, ScanNoise(), kind="test", electrons=1e10, post=post,
            rng=np.random.default_rng(1),
        )  # fmt: skip

    plain = pair_of(PostProcessing()).clean
    draws = np.random.default_rng(2)
    changed = 0
    for _ in range(40):
        # Blur is of the distorted image alone: the network is to take it away.
        pair = pair_of(replace(PostProcessing.sample(draws), blur=0.0))
        # k = 6 standard deviations of the counts, n = 2304 px.
        assert np.abs(pair.distorted - pair.clean).max() < 6 * np.sqrt(1e10) * 3
        changed += np.abs(pair.clean - plain).max() > 1e9
    assert changed > 10


@pytest.mark.parametrize(
    ("seed", "index", "shape", "name"),
    [(-1, 0, SMALL, "seed"), (0, -1, SMALL, "index"), (0, 0, (8, 40), "side")],
)
def test_impossible_requests_are_refused_in_one_sentence(seed, index, shape, name):
    with pytest.raises(InputError, match=name):
        small(seed, index, shape=shape)
