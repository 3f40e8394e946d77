"""Pairs whose noise lacks one thing: only that, only where it is learned from."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from noise import STUDY_SCAN, PostProcessing, ScanNoise, TemNoise
from noise.stages.jitter import RANGES
from stembench.errors import InputError
from training import (
    LACKING,
    LackingPairs,
    MixedPairs,
    PairSequence,
    TrainedPairs,
    WrittenPairs,
    modality_named,
)

STEM = modality_named("hrstem")
#: A draw that has everything that may be lacking, found by its seed.
RNG_SEED = 5


def drawn(number: int) -> tuple[ScanNoise, PostProcessing]:
    rng = np.random.default_rng([RNG_SEED, number])
    noise = STEM.noise(rng)
    assert isinstance(noise, ScanNoise)
    return noise, PostProcessing.sample(rng)


FIELDS = {
    "response": ("fast_scan",), "interpolation": ("transform",), "y-jitter": ("jitter",),
    "pulses": ("detector",),
}  # fmt: skip


@pytest.mark.parametrize("lack", LACKING)
def test_one_thing_is_taken_out_and_nothing_else(lack: str) -> None:
    changed = set()
    for number in range(40):
        noise, post = drawn(number)
        after_noise, after_post = LACKING[lack](noise, post)
        before = {**asdict(noise), **post.as_dict()}
        after = {**asdict(after_noise), **after_post.as_dict()}
        changed |= {name for name in before if before[name] != after[name]}
    assert tuple(changed) == FIELDS[lack]


def test_what_is_lacking_is_never_there() -> None:
    high = RANGES["sigma"].high
    left, before = [], []
    for number in range(60):
        noise, post = drawn(number)
        assert LACKING["response"](noise, post)[0].fast_scan is None  # type: ignore[attr-defined]
        assert LACKING["pulses"](noise, post)[0].detector is None  # type: ignore[attr-defined]
        assert LACKING["interpolation"](noise, post)[1].transform is None
        small = LACKING["y-jitter"](noise, post)[0]
        assert isinstance(small, ScanNoise)
        if noise.jitter is not None:
            assert small.jitter is not None
            before.append(noise.jitter.sigma_y)
            left.append(small.jitter.sigma_y)
            assert small.jitter.sigma_x == noise.jitter.sigma_x
    assert max(left) <= high / 4 < max(before)
    whole = LACKING["y-jitter"](ScanNoise(), PostProcessing())[0]
    assert whole == ScanNoise()  # no jitter to be made smaller


def test_pairs_that_are_held_out_lack_nothing() -> None:
    plain = PairSequence("hrstem", 12, seed=3, shape=(32, 32))
    some = LackingPairs(**vars(plain), lacking="pulses", learned=9)
    for number in range(12):
        same = plain.pair(number).noise == some.pair(number).noise
        had = plain.pair(number).noise.detector is not None  # type: ignore[attr-defined]
        assert same == (number >= 9 or not had)
        if same:
            assert np.array_equal(plain[number][0], some[number][0])
    assert np.array_equal(some[-1][0], plain[11][0])
    assert np.array_equal(plain[0][1], some[0][1])  # the specimen is the same


def test_what_cannot_be_lacking_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lacking may be response, interpolation, y-jitter"):
        TrainedPairs(lacking="shot")
    with pytest.raises(InputError, match="registered scenes must be >= 0 and <= 1"):
        TrainedPairs(scenes=0.5, registered=1.5)
    with pytest.raises(InputError, match="scenes alone are registered"):
        TrainedPairs(registered=0.5)
    with pytest.raises(InputError, match="jittered scenes must be >= 0 and <= 1"):
        TrainedPairs(scenes=0.5, jittered=-0.5)
    with pytest.raises(InputError, match="scenes alone are jittered"):
        TrainedPairs(jittered=0.5)
    with pytest.raises(InputError, match="'hrtem' are not scanned"):
        _ = TrainedPairs(modality="hrtem", lacking="pulses").sequence
    with pytest.raises(InputError, match="of scanned images"):
        LACKING["response"](TemNoise.sample(np.random.default_rng(1)), PostProcessing())
    sequence = replace(TrainedPairs(training=4, validation=2, side=16), lacking="pulses").sequence
    with pytest.raises(InputError, match="without 'pulses', which no folder of pairs holds"):
        WrittenPairs.opened(tmp_path, sequence)


def test_the_studies_lack_the_same_way() -> None:
    noise, _ = LACKING["pulses"](STUDY_SCAN, PostProcessing())
    assert noise == replace(STUDY_SCAN, detector=None)


def mixed(**changes: Any) -> MixedPairs:
    sequence = TrainedPairs(training=30, validation=10, side=32, seed=3, scenes=0.8, registered=0.5)
    found = replace(sequence, **changes).sequence
    assert isinstance(found, MixedPairs)
    return found


def test_scenes_lack_it_too_and_those_held_out_do_not() -> None:
    """Pulses add noise and nothing to the expectation: clean images are equal throughout."""
    whole, some = mixed(), mixed(lacking="pulses")
    differ = [not np.array_equal(whole[number][0], some[number][0]) for number in range(40)]
    assert any(d and whole.is_scene(k) for k, d in enumerate(differ))
    assert not any(differ[30:])
    assert all(np.array_equal(whole[number][1], some[number][1]) for number in range(40))


def test_registered_scenes_are_moved_and_smoothed() -> None:
    still, moved, without = mixed(registered=0.0), mixed(), mixed(lacking="interpolation")
    changed = [
        number for number in range(30) if not np.array_equal(still[number][0], moved[number][0])
    ]
    scenes = [number for number in range(30) if still.is_scene(number)]
    assert set(changed) <= set(scenes)
    # Half of the scenes, within four standard errors of a binomial of 24.
    assert abs(len(changed) / len(scenes) - 0.5) < 4 * 0.5 / np.sqrt(len(scenes))
    for number in changed:
        assert np.array_equal(without[number][0], still[number][0])
        assert moved[number][0].std() < still[number][0].std()
        assert not np.array_equal(moved[number][1], still[number][1])
    assert all(np.array_equal(moved[k][0], without[k][0]) for k in range(30, 40))
