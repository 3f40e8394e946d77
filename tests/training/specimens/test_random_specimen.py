"""Whole specimens: probabilities, repeatability, support and disorder."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from training.specimens.amorphous import Amorphous
from training.specimens.atom_set import AtomSet
from training.specimens.crystals.crystal import Crystal
from training.specimens.disorder import Disorder, atomic_radii
from training.specimens.random_specimen import Layer, Specimen, draw_specimen
from training.specimens.simulation_box import Box
from training.specimens.specimen_ranges import SPECIMEN_DRAWN, draw_whole

BOX = Box((48, 64), 0.3)


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(17)
    return [draw_specimen(rng, BOX) for _ in range(400)]


def close(share, expected, n, k=4):
    return abs(share - expected) < k * np.sqrt(expected * (1 - expected) / n)


@pytest.mark.parametrize("kind", ["crystal", "amorphous", "points"])
def test_kinds_are_as_frequent(drawn, kind):
    assert close(sum(each.kind == kind for each in drawn) / 400, 1 / 3, 400)


def test_probabilities_are_the_paper_s(drawn):
    supports = [each.support for each in drawn if each.support is not None]
    assert close(len(supports) / 400, 0.95, 400)
    crystals = sum(isinstance(support.body, Crystal) for support in supports)
    assert close(crystals / len(supports), 0.5, len(supports))
    assert close(sum(each.layer.disorder is not None for each in drawn) / 400, 0.8, 400)
    shaped = sum(any(c.kind != "wedge" for c in each.layer.cuts) for each in drawn)
    assert close(shaped / 400, 0.5, 400)
    wedged = sum(any(c.kind == "wedge" for c in each.layer.cuts) for each in drawn)
    assert close(wedged / 400, 0.75, 400)
    # Negative control: the bound tells 0.7 from 0.8.
    assert not close(0.7, 0.8, 400)


def test_supports_are_1_to_30_nm_thick_and_have_no_shape(drawn):
    for each in drawn:
        if each.support is not None:
            assert 10.0 <= each.support.thickness <= 300.0
            assert all(cut.kind == "wedge" for cut in each.support.cuts)


@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=15)
def test_a_seed_makes_one_specimen(seed):
    first, second = np.random.default_rng(seed), np.random.default_rng(seed)
    one, other = draw_specimen(first, BOX), draw_specimen(second, BOX)
    assert one == other
    atoms, again = one.atoms(first, BOX), other.atoms(second, BOX)
    assert np.array_equal(atoms.positions, again.positions)
    assert np.array_equal(atoms.numbers, again.numbers)


def test_excluded_lattices_enter_neither_specimen_nor_support():
    rng = np.random.default_rng(3)
    for _ in range(40):
        specimen = draw_specimen(rng, BOX, exclude=lambda cell: cell.space_group > 15)
        layers = [specimen.layer, *([specimen.support] if specimen.support else [])]
        for layer in layers:
            if isinstance(layer.body, Crystal):
                assert layer.body.cell.space_group <= 15


def test_the_support_lies_below():
    """Gold on carbon, without disorder: every atom of the one is above each of the other."""
    specimen = Specimen(
        Layer(Amorphous(number=79, distance=2.6, density=12.0), thickness=25.0),
        Layer(Amorphous(number=6, distance=1.4, density=1.6), thickness=40.0),
    )
    atoms = specimen.atoms(np.random.default_rng(0), BOX)
    gold, carbon = (atoms.positions[atoms.numbers == number, 2] for number in (79, 6))
    assert 0.0 <= gold.min() < 1.0
    assert 24.0 < gold.max() <= 25.0
    assert -40.0 <= carbon.min() < -39.0
    assert -1.0 < carbon.max() <= 0.0


class TestDisorder:
    ATOMS = AtomSet(np.full(4000, 79), np.zeros((4000, 3)))

    def test_displaced_atoms_move_by_their_radius(self):
        left = Disorder(0.25, displaced=True).applied(self.ATOMS, np.random.default_rng(1))
        moved = left.positions[np.abs(left.positions).max(axis=1) > 0]
        assert len(left) == 4000
        assert len(moved) == 1000
        radius = atomic_radii()[79]
        # Standard error of a standard deviation from 3000 numbers; k = 4.
        assert abs(moved.std() - radius) < 4 * radius / np.sqrt(2 * moved.size)

    def test_other_atoms_are_taken_out(self):
        left = Disorder(0.1, displaced=False).applied(self.ATOMS, np.random.default_rng(1))
        assert len(left) == 3600
        assert not left.positions.any()

    def test_radii_are_atomic_radii(self):
        radii = atomic_radii()
        assert radii[6] == pytest.approx(0.76)
        assert radii[79] == pytest.approx(1.36)
        assert (radii[1:] > 0.2).all()


class TestBox:
    def test_the_extended_image_is_larger_by_the_correlation_distance(self):
        box = Box((256, 200), 0.2, correlation=5.0)
        assert box.margin == 13  # 12.5 px on each side
        assert box.extended == (282, 226)
        assert box.skirt == 20
        assert box.sides == pytest.approx([(226 + 40) * 0.2, (282 + 40) * 0.2, 282 * 0.2])
        assert box.longest == pytest.approx(51.2)

    @pytest.mark.parametrize("wrong", [{"shape": (0, 4)}, {"sampling": 0.0}, {"correlation": -1}])
    def test_impossible_boxes_are_refused(self, wrong):
        with pytest.raises(ValueError, match="must be"):
            Box(**{"shape": (4, 4), "sampling": 0.1, **wrong})


def test_every_declaration_says_where_it_comes_from():
    for step in SPECIMEN_DRAWN:
        for each in (*step.ranges.values(), *step.choices.values(), step.chance):
            assert each is None or each.reason.startswith(("paper", "ours")), step.name


def test_whole_numbers_reach_both_ends():
    from noise import Range

    rng = np.random.default_rng(0)
    drawn = {draw_whole(Range(3, 6, "", "linear", "test"), rng) for _ in range(200)}
    assert drawn == {3, 4, 5, 6}
