"""Pairs mixed with scenes: which is which, what they are, and that no case is among them."""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.data import atomic_numbers

from cases import CASES
from noise import ScanNoise
from stembench.errors import InputError
from training import (
    MixedPairs,
    PairSequence,
    Shards,
    WrittenPairs,
    draw_pair,
    make_scene_pair,
    modality_named,
    read_recipe,
    write_pairs,
)
from training.specimens.held_out.exclusion import case_distances
from training.tuning.scene_pair import draw_noise, scene_generator

SEQUENCE = MixedPairs("hrstem", 4000, seed=3, first=11, shape=(32, 32), scenes=0.6)
PLAIN = PairSequence("hrstem", 4000, seed=3, first=11, shape=(32, 32))
RECIPE = read_recipe("stembench-small").pairs.sequence


def elements_of(body: Any) -> set[int]:
    """Elements of a crystal, of points or of amorphous matter."""
    found = getattr(body, "cell", body)
    return {body.number} if hasattr(body, "number") else set(found.numbers)


def test_the_share_is_what_was_asked_for() -> None:
    """Within four standard errors of a binomial; all or none at the ends."""
    n, share = len(SEQUENCE), SEQUENCE.scenes
    found = np.mean([SEQUENCE.is_scene(k) for k in range(n)])
    assert abs(found - share) < 4 * np.sqrt(share * (1 - share) / n)
    for whole in (0.0, 1.0):
        ends = MixedPairs("hrstem", 50, scenes=whole)
        assert {ends.is_scene(k) for k in range(50)} == {bool(whole)}


def test_each_pair_is_a_scene_or_that_of_the_plain_sequence() -> None:
    kinds = [SEQUENCE.is_scene(k) for k in range(8)]
    assert len(set(kinds)) == 2
    for number, scene in enumerate(kinds):
        x, y = SEQUENCE[number]
        assert x.shape == y.shape == (32, 32, 1)
        if scene:
            made = make_scene_pair(
                3, SEQUENCE.scene_index(number), shape=(32, 32), exclude=SEQUENCE.exclude
            )
            expected = made.distorted[..., None], made.clean[..., None]
        else:
            expected = PLAIN[number]
        assert np.array_equal(x, expected[0])
        assert np.array_equal(y, expected[1])
        again = pickle.loads(pickle.dumps(SEQUENCE))  # noqa: S301 (as workers are handed it)
        assert np.array_equal(again.batch((number,))[0][0], x)
    assert np.array_equal(SEQUENCE[-1][0], SEQUENCE[3999][0])


def test_no_two_places_share_a_scene_and_few_are_counted_alone() -> None:
    """Half of all scenes are, and the better one of two is taken: a quarter is left."""
    n = 600
    indices = [SEQUENCE.scene_index(k) for k in range(n)]
    assert len(set(indices)) == n
    alone = np.mean([draw_noise(scene_generator(3, k, "noise")) == ScanNoise() for k in indices])
    assert abs(alone - 0.25) < 4 * np.sqrt(0.25 * 0.75 / n)


def test_the_share_of_jittered_scenes_is_what_was_asked_for() -> None:
    """Within four standard errors of a binomial; the other scenes are those without a share."""
    n, share = 2000, 0.5
    mixed = replace(SEQUENCE, jittered=share)
    found = np.mean([mixed.is_jittered(k) for k in range(n)])
    assert abs(found - share) < 4 * np.sqrt(share * (1 - share) / n)
    assert not any(SEQUENCE.is_jittered(k) for k in range(n))
    scenes = [k for k in range(16) if mixed.is_scene(k)]
    assert {mixed.is_jittered(k) for k in scenes} == {True, False}
    for number in scenes:
        same = np.array_equal(mixed[number][0], SEQUENCE[number][0])
        assert same != mixed.is_jittered(number)
    indices = [mixed.scene_index(k) for k in range(300)]
    assert len(set(indices)) == 300


def test_a_scene_is_no_specimen_and_no_folder_holds_the_mixture(tmp_path: Path) -> None:
    kinds = [SEQUENCE.is_scene(k) for k in range(8)]
    with pytest.raises(InputError, match="is a scene of columns"):
        SEQUENCE.pair(kinds.index(True))
    assert SEQUENCE.pair(kinds.index(False)).distorted.shape == (32, 32)
    folder = write_pairs(Shards(tmp_path, PairSequence("hrstem", 2, shape=(16, 16))))
    with pytest.raises(InputError, match="leave the folder out"):
        WrittenPairs.opened(folder, MixedPairs("hrstem", 2, shape=(16, 16), scenes=0.5))


def test_pairs_of_the_small_network_show_nothing_of_a_case() -> None:
    """Elements and lattices of pairs and scenes, read from what was made and not from the rule."""
    forbidden = {each for case in CASES for each in case_distances(case)}
    elements = {atomic_numbers[case.structure.material.element] for case in CASES}
    assert isinstance(RECIPE, MixedPairs)
    seen: set[int] = set()
    for number in range(120):
        if RECIPE.is_scene(number):
            scene = make_scene_pair(
                RECIPE.seed, RECIPE.scene_index(number), shape=(16, 16), exclude=RECIPE.exclude
            )
            cell = np.array(scene.lattice.vectors)
            steps = [np.linalg.norm(v) for v in (*cell, cell[0] + cell[1], cell[0] - cell[1])]
            for step in sorted(steps)[:2]:
                assert all(abs(step / each - 1) > 0.0499 for each in forbidden)
            continue
        drawn = draw_pair(
            RECIPE.seed, RECIPE.first + number, modality=modality_named("hrstem"),
            shape=(64, 64), exclude=RECIPE.exclude,
        )  # fmt: skip
        assert drawn.specimen is not None
        for layer in (drawn.specimen.layer, drawn.specimen.support):
            if layer is not None:
                seen |= elements_of(layer.body)
    assert len(seen) > 30
    assert not seen & elements
