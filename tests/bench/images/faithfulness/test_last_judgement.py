"""The unseen specimen: its atoms are its columns, and the judgement sees what it is for."""

from dataclasses import dataclass

import numpy as np
import pytest

from bench.images.faithfulness.last_judgement import LastJudgement
from bench.images.faithfulness.unseen_specimen import (
    CELLS,
    EDITS,
    LATTICE,
    SAMPLING,
    SHAPE,
    SHIFT,
    THICKNESS,
    atoms_at_rest,
    read_unseen_image,
    unseen_columns,
)
from cases import CASES
from noise import electrons_per_pixel
from restore import load_restorer
from stembench.errors import InputError
from training import SceneColumns, SceneLattice, case_distances, column_image, exclusion_of_tuning

DOSE = 5e3
N = 6
JUDGE = LastJudgement(doses=(DOSE,), realizations=N)
WIDTH = 2.6


def drawn(*, edited=True):
    """The specimen as Gaussian columns: SCS by number of atoms, weaker for TiO."""
    columns = unseen_columns()
    places, heights = columns.places.copy(), np.where(columns.strontium, 0.10, 0.06)
    if edited:
        places[columns.edits == "right", 0] += SHIFT / SAMPLING
        places[columns.edits == "up", 1] -= SHIFT / SAMPLING
        heights[columns.edits == "vacancy"] = 0.0
        heights[columns.edits == "half"] /= 2
    lattice = SceneLattice(((18.3, 0.0), (0.0, 18.3)), width=WIDTH)
    return column_image(
        SceneColumns(places, heights, np.ones(len(places))), lattice, shape=SHAPE
    )  # fmt: skip


@dataclass(frozen=True)
class Filled:
    """A restorer that knows the perfect crystal and nothing of the image, or half of each."""

    share: float

    def restore(self, images, /, **_):
        perfect = drawn(edited=False) * electrons_per_pixel(DOSE, SAMPLING)
        return np.stack([(1 - self.share) * image + self.share * perfect for image in images])


@pytest.fixture(scope="module")
def raw():
    return JUDGE(load_restorer("raw"), drawn())


@pytest.mark.parametrize(
    "measure", ["position_response", "vacancy", "half", "sublattice", "intensity"]
)
def test_unbiased_images_give_the_truth(raw, measure):
    """Of n = 6 images, k = 5 standard errors, which are themselves known to 30 %."""
    name = f"{measure}@5000"
    assert abs(raw[name] - 1) < 5 * raw[f"{name}_se"] + 1e-3
    assert 0 < raw[f"{name}_se"] < 0.1


def test_errors_of_raw_images_are_in_their_units(raw):
    """Of N electrons: 4/3 of width over root N by plain least squares of one Gaussian, k = 4.

    N = 2 pi 2.6² 0.1 (Sr) or 0.06 (TiO) of 228 electrons per pixel: 970 and 580. 29 columns and six
    images: 1 / sqrt(2 n) is 4 % for each of x and y.
    """
    electrons = 2 * np.pi * WIDTH**2 * np.array([0.10, 0.06]) * DOSE * SAMPLING**2
    expected = 4 / 3 * np.sqrt(np.mean((WIDTH * SAMPLING * 100) ** 2 / electrons))
    assert raw["position_pm@5000"] == pytest.approx(expected, rel=0.16)
    assert raw["position_information@5000"] == pytest.approx(
        raw["position_pm@5000"] / raw["position_response@5000"]
    )


def test_an_image_of_the_perfect_crystal_has_no_response():
    found = JUDGE(Filled(1.0), drawn())
    for measure in ("position_response", "vacancy", "half"):
        assert abs(found[f"{measure}@5000"]) < 0.03
    assert found["position_pm@5000"] < 0.2  # and yet its errors are the least


def test_an_image_half_filled_has_half_of_the_response(raw):
    found = JUDGE(Filled(0.5), drawn())
    for measure in ("vacancy", "half"):
        assert found[f"{measure}@5000"] == pytest.approx(raw[f"{measure}@5000"] / 2, abs=0.02)
    assert found["position_response@5000"] == pytest.approx(0.5, abs=0.15)


def test_columns_are_those_of_the_atoms():
    symbols, positions = atoms_at_rest()
    assert symbols.count("Sr") == (CELLS**2 - 1) * THICKNESS - THICKNESS // 2
    assert symbols.count("Ti") == CELLS**2 * THICKNESS
    assert symbols.count("O") == 3 * CELLS**2 * THICKNESS
    columns = unseen_columns()
    for symbol, heavy in (("Sr", True), ("Ti", False)):
        atoms = positions[np.array(symbols) == symbol, :2] / SAMPLING
        for place, edit in zip(
            columns.places[columns.strontium == heavy],
            columns.edits[columns.strontium == heavy],
            strict=True,
        ):
            away = atoms - place
            away -= 128 * np.round(away / 128)  # the crystal is periodic
            near = np.linalg.norm(away, axis=1) < 2.0
            expected = {"vacancy": 0, "half": THICKNESS // 2}.get(edit, THICKNESS)
            assert near.sum() == expected
            moved = {"right": (SHIFT / SAMPLING, 0), "up": (0, -SHIFT / SAMPLING)}
            if near.any():
                assert away[near].mean(axis=0) == pytest.approx(moved.get(edit, (0, 0)), abs=1e-6)
    assert sorted(set(columns.edits)) == ["", "half", "right", "up", "vacancy"]
    assert len(EDITS) == (columns.edits[columns.inside] != "").sum()


def test_neither_cases_nor_tuning_pairs_have_its_lattice():
    first = LATTICE / SAMPLING / 2**0.5
    for case in CASES:
        assert case.structure.material.element not in ("Sr", "Ti", "O")
        for distance in case_distances(case):
            assert abs(first - distance) > 0.05 * distance
            assert abs(LATTICE / SAMPLING - distance) > 0.05 * distance
    assert exclusion_of_tuning().has_distance((first,))


@pytest.mark.parametrize("content", [None, b"", "shape", "nan"])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "unseen.npz"
    if content == "shape":
        np.savez(path, image=np.ones((4, 4)))
    elif content == "nan":
        np.savez(path, image=np.full(SHAPE, np.nan))
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="holds no image"):
        read_unseen_image(path)
