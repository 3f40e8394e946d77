"""What training leaves out: read from the cases, and kept out of lists of pairs."""

import json
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cases import CASES, get_case
from stembench.errors import InputError
from training.pairs.modalities import modality_named
from training.pairs.pair import draw_pair, generator
from training.pairs.pair_sequence import PairSequence
from training.specimens.crystals.crystal import Crystal
from training.specimens.held_out.column_distances import projected_distances
from training.specimens.held_out.exclusion import (
    NOTHING_EXCLUDED,
    Exclusion,
    case_distances,
    exclusion_of,
    exclusion_of_cases,
)

ROOT = Path(__file__).parents[4]
PT = 3.9242  # Å
#: Distances of columns of Pt at 0.2 Å/px, from its lattice parameter alone.
BY_HAND = (PT / 2 / 0.2, PT / 8**0.5 / 0.2, PT / 3**0.5 / 0.2)


def bodies(sequence):
    """Bodies of the specimens and supports of a list of pairs, with the pixel size."""
    for place in range(len(sequence)):
        drawn = draw_pair(
            sequence.seed, sequence.first + place, modality=modality_named(sequence.modality),
            shape=sequence.shape, exclude=sequence.exclude,
        )  # fmt: skip
        if drawn.specimen is not None:
            for layer in (drawn.specimen.layer, drawn.specimen.support):
                if layer is not None:
                    yield layer.body, drawn.pixel


def elements_of(body):
    if isinstance(body, Crystal):
        return set(body.cell.numbers)
    return {body.number} if hasattr(body, "number") else set(body.numbers)


def violations(sequence):
    """Numbers of bodies with Pt, and of crystals like Pt's along the axis they were drawn for."""
    platinum = lattices = 0
    for body, pixel in bodies(sequence):
        platinum += 78 in elements_of(body)
        if isinstance(body, Crystal) and body.orientation.zone_axis is not None:
            found = projected_distances(
                body.cell.vectors(), body.cell.basis()[1], axis=body.orientation.zone_axis
            )
            # An axis that the mistilt took far away shows no columns.
            near = abs(body.orientation.mistilt) < np.radians(10)
            pairs = np.abs(np.subtract.outer(np.array(found) / pixel, BY_HAND)) / BY_HAND
            lattices += near and bool((pairs < 0.0499).any())
    return platinum, lattices


@pytest.mark.parametrize("name", ["hrstem", "lrsem", "hrtem"])
def test_no_pair_shows_what_the_cases_show(name):
    count = 150 if name.startswith("hr") else 300
    assert violations(PairSequence(name, count, seed=8, shape=(128, 128))) == (0, 0)
    # Negative control: without the exclusion both are found.
    everything = PairSequence(name, count, seed=8, shape=(128, 128), exclude=NOTHING_EXCLUDED)
    platinum, lattices = violations(everything)
    assert platinum > 0
    assert lattices > 0


def test_it_is_read_from_the_cases():
    ours = exclusion_of_cases()
    assert ours.numbers == (78,)
    for distance in BY_HAND:
        assert min(abs(each / distance - 1) for each in ours.distances) < 1e-3
    assert set(ours.distances) == {each for case in CASES for each in case_distances(case)}


def test_a_new_case_is_excluded_by_being_declared():
    bulk = get_case("pt_bulk")
    gold = replace(bulk.structure.material, element="Au", lattice_parameter=4.0782)
    new = replace(
        bulk, name="au_bulk", structure=replace(bulk.structure, material=gold), sampling=0.15
    )
    found = exclusion_of((*CASES, new))
    assert found.numbers == (78, 79)
    assert found.has_distance([4.0782 / 2 / 0.15])
    assert not exclusion_of_cases().has_distance([4.0782 / 2 / 0.15])


def test_the_tolerance_is_a_share_of_the_distance():
    ours = Exclusion(distances=(10.0,), tolerance=0.05)
    assert ours.has_distance([3.0, 9.51])
    assert ours.has_distance([10.49])
    assert not ours.has_distance([9.49, 10.51])
    with pytest.raises(InputError, match="tolerance"):
        Exclusion(tolerance=1.0)


@pytest.mark.parametrize(("tilt", "seen"), [(0.0, True), (9.0, True), (13.3, False)])
def test_columns_show_near_a_zone_axis_alone(tilt, seen):
    """Halfway between [001] and [012], 13.3° from each, there are none."""
    fcc = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    ours = Exclusion(distances=(2.05 / 0.2,))
    beam = np.array([0.0, np.sin(np.radians(tilt)), np.cos(np.radians(tilt))])
    assert ours.has_crystal(4.1 * np.eye(3), fcc, beam=beam, pixel=0.2) is seen
    # Another pixel size shows another lattice.
    assert not ours.has_crystal(4.1 * np.eye(3), fcc, beam=beam, pixel=0.26)


def test_streams_of_pairs_are_none_of_a_run():
    """Runs key their streams by a case's name, pairs by a word that no case may have."""
    words = {zlib.crc32(case.name.encode()) for case in CASES}
    key = generator(2024, 0, modality="hrstem", purpose="noise").bit_generator.seed_seq.spawn_key
    assert key[0] not in words


_AUDIT = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import numpy as np
from training import PairSequence, make_pair
{what}
print(sum("cases/data" in name.replace(chr(92), "/") for name in opened))
"""


@pytest.mark.parametrize(
    ("what", "some"),
    [
        ("PairSequence('hrstem', 3, shape=(32, 32)).batch((0, 1, 2))", False),
        ("from cases import get_case, load_ground_truth; load_ground_truth(get_case('pt_bulk'))",
         True),
    ],
)  # fmt: skip
def test_no_ground_truth_is_opened_for_pairs(what, some):
    done = subprocess.run(
        [sys.executable, "-c", _AUDIT.format(what=what)], cwd=ROOT, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert (int(done.stdout) > 0) is some


def test_it_is_written_as_json():
    assert json.loads(json.dumps(exclusion_of_cases().description())) == {
        "atomic_numbers": [78],
        "column_distances_px": list(exclusion_of_cases().distances),
        "tolerance": 0.05,
    }
