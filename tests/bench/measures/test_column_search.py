"""Which images are searched for columns, what is counted, and the Burgers circuit of each image."""

import dataclasses

import numpy as np
import pytest

from bench.measures.burgers import closures, has_circuit
from bench.measures.column_search import RIM, measure_end_to_end, search, searched
from bench.plan.blocks import Block
from bench.reference import clean_fit
from cases import get_case
from cases.truth.ground_truth import load_ground_truth
from noise.scan import ScanNoise


def block(case, **changes):
    plain = Block(
        case=case, image="z10", dose=500.0, restorer="raw", start=0, stop=8, seed=1, example=False
    )
    return dataclasses.replace(plain, **changes)


def test_only_the_first_realizations_are_searched():
    assert searched(block("defect_ladder")) == 8
    assert searched(block("defect_ladder", stop=3)) == 3
    assert searched(block("defect_ladder", start=8, stop=16)) == 0
    assert searched(block("defect_ladder", rung="all", noise=ScanNoise())) == 0
    assert searched(block("nanoparticle")) == 0
    assert searched(block("nanoparticle", example=True)) == 1
    assert searched(block("pt_bulk", example=True)) == 0


@pytest.fixture(scope="module")
def scores():
    """The ladder as it is, with its vacancy filled, with a column wiped out, each noise-free."""
    case = get_case("defect_ladder")
    clean = load_ground_truth(case).image("z10")
    columns = load_ground_truth(case).columns("z10")
    empty = columns[columns["count"] == 0].iloc[0]
    full = columns[columns["count"] == 10].iloc[30]
    y, x = np.mgrid[: case.shape[0], : case.shape[1]]

    def column(at):
        return 0.1 * np.exp(-((x - at["x"]) ** 2 + (y - at["y"]) ** 2) / (2 * 2.4**2))

    images = np.stack([clean, clean + column(empty), clean - column(full)])
    return search(images, case, image="z10")


def test_a_faithful_image_has_neither_misses_nor_inventions(scores):
    first = scores.iloc[0]
    assert (first["n_missed"], first["n_false"], first["n_at_empty"]) == (0, 0, 0)
    assert first["n_true"] == first["n_found"]
    assert first["n_empty"] == 1


def test_a_filled_vacancy_is_an_invention_at_an_empty_site(scores):
    second = scores.iloc[1]
    assert (second["n_missed"], second["n_false"], second["n_at_empty"]) == (0, 1, 1)
    assert second["n_in_vacuum"] == 0


def test_a_wiped_out_column_is_missed(scores):
    assert (scores.iloc[2]["n_missed"], scores.iloc[2]["n_false"]) == (1, 0)


def test_columns_at_the_rim_do_not_count(scores):
    case = get_case("defect_ladder")
    table = load_ground_truth(case).columns("z10")
    last = case.shape[0] - 1 - RIM
    inner = table["x"].between(RIM, last) & table["y"].between(RIM, last) & (table["count"] > 0)
    assert (scores["n_true"] == inner.sum()).all()


def test_the_noise_free_dislocation_closes_by_its_burgers_vector():
    case = get_case("edge_dislocation")
    assert has_circuit(case)
    assert not has_circuit(get_case("defect_ladder"))
    columns = load_ground_truth(case).columns("core")
    lost = columns.assign(x=np.nan)
    found = closures(case, "core", [columns, lost])
    length = case.structure.material.lattice_parameter / np.sqrt(2)
    closure = np.hypot(found["closure_x"], found["closure_y"])
    assert closure[0] == pytest.approx(length, rel=0.1)
    assert np.isnan(closure[1])
    reference = np.hypot(found["closure_x_ref"], found["closure_y_ref"])
    assert reference[0] == pytest.approx(length, rel=0.1)


def test_an_image_alone_gives_what_is_in_it_and_an_erased_one_nothing():
    """Noise-free: all found within 1 pm; a library whose second entry is theirs counts them."""
    case = get_case("pt_bulk")
    clean = load_ground_truth(case).image("z02")
    scs = clean_fit(case, "z02", choice=case.fit).table["scs"].median()
    flat = np.full_like(clean, clean.mean())
    table = measure_end_to_end(
        np.stack([clean, flat]), case, image="z02", library=np.array([scs / 2, scs])
    )
    first, second = table.iloc[0], table.iloc[1]
    assert first["e2e_true"] == 64
    assert first["e2e_matched"] == first["e2e_right"] == 64
    assert first["e2e_distance_pm"] / 64 < 1
    assert second["e2e_matched"] == second["e2e_right"] == 0
    alone = measure_end_to_end(clean[np.newaxis], case, image="z02", library=np.empty(0))
    assert np.isnan(alone["e2e_right"].iloc[0])
