"""Edited images: what is declared is what the image shows, and nothing else changes."""

import numpy as np
import pytest

from bench.reference import clean_fit
from cases import get_case, load_ground_truth, to_angstrom
from cases.case import case_from_dict
from cases.specimens.edits import Edit, Wave
from cases.truth.edits import check_edited_host
from stembench.errors import InputError

CASE = get_case("response")


def _edits():  # type: ignore[no-untyped-def]
    edits = CASE.structure.edits_on_host
    assert edits is not None
    return edits


def _sites(label: str) -> np.ndarray:
    truth = load_ground_truth(CASE)
    table = truth.columns(truth.base_label(label))
    places = _edits().places(to_angstrom(CASE, table[["x", "y"]].to_numpy()))
    return _edits().site_numbers(places)


def test_the_declared_column_shapes_are_those_of_the_noise_free_fits() -> None:
    for shape in CASE.structure.shapes:
        fit = clean_fit(CASE, f"z{shape.thickness:02d}", choice=CASE.fit).table
        assert fit["height"].mean() == pytest.approx(shape.peak, rel=1e-3)
        assert fit["sigma"].mean() * CASE.sampling == pytest.approx(shape.sigma, rel=1e-3)


def test_an_unedited_image_is_the_hosts() -> None:
    host = load_ground_truth(get_case("pt_bulk"))
    np.testing.assert_array_equal(load_ground_truth(CASE).image("z10"), host.image("z10"))


def test_eight_columns_three_apart_move_in_four_directions_and_no_other() -> None:
    truth = load_ground_truth(CASE)
    before, after = (truth.columns(label) for label in ("z10", "z10-shift30"))
    moved = (after[["x", "y"]] - before[["x", "y"]]).to_numpy() * CASE.sampling * 100
    sites = _sites("z10")
    assert sorted(sites[sites >= 0]) == list(range(8))
    assert not moved[sites < 0].any()
    directions = {tuple(np.round(row)) for row in moved[sites >= 0]}
    assert directions == {(30.0, 0.0), (-30.0, 0.0), (0.0, 30.0), (0.0, -30.0)}
    places = before[["x", "y"]].to_numpy()[sites >= 0] * CASE.sampling
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1) + np.eye(8) * 100
    assert apart.min() == pytest.approx(3 * 3.9242 / 2, abs=1e-6)
    assert before["measured"][sites >= 0].all()


@pytest.mark.parametrize("label", ["z02-shift60", "z10-shift15", "z40-shift30"])
def test_the_fit_of_the_noise_free_image_finds_the_declared_displacement(label: str) -> None:
    truth = load_ground_truth(CASE)
    base = truth.base_label(label)
    fits = [clean_fit(CASE, name, choice=CASE.fit).table for name in (base, label)]
    found = (fits[1][["x", "y"]] - fits[0][["x", "y"]]).to_numpy()
    after, before = (truth.columns(name)[["x", "y"]] for name in (label, base))
    declared = (after - before).to_numpy()
    at = _sites(label) >= 0
    np.testing.assert_allclose(found[at], declared[at], atol=0.01 * np.abs(declared).max())


@pytest.mark.parametrize(("label", "percent"), [("z10-scs25", 25), ("z40-scs5", 5)])
def test_the_fit_finds_the_declared_change_of_brightness(label: str, percent: float) -> None:
    base = load_ground_truth(CASE).base_label(label)
    fits = [clean_fit(CASE, name, choice=CASE.fit).table["scs"] for name in (base, label)]
    change = ((fits[1] / fits[0] - 1) * 100).to_numpy()
    sites = _sites(label)
    signs = np.where(sites % 2 == 0, 1, -1)[sites >= 0]
    np.testing.assert_allclose(change[sites >= 0], signs * percent, atol=0.06 * percent)
    assert np.abs(change[sites < 0]).max() < 0.06 * percent


def test_waves_are_declared_over_the_lattice() -> None:
    wave = Wave(4.0, "diagonal", 0.25)
    places = np.array([[0, 0], [2, 2], [3, -3]])
    along = np.array([0.0, 4 / np.sqrt(2), 0.0])
    np.testing.assert_allclose(wave.at(places), np.cos(2 * np.pi * (along / 4 + 0.25)), atol=1e-12)
    strained = Edit("e", "strain", waves=(wave,), strain=0.01, shear=0.02)
    field = strained.field(np.array([[5, 1]]), np.empty((0, 2)), steps=(2.0, 2.0))
    np.testing.assert_allclose(field[0, :2], [0.1, 0.2])


def test_no_edit_makes_an_image_negative() -> None:
    truth = load_ground_truth(CASE)
    for label in CASE.labels:
        assert truth.image(label, margin=CASE.margin).min() > 0, label


def test_a_wider_source_widens_the_edited_columns_as_it_does_the_crystal() -> None:
    """The edit of the blurred image is the blur of the edit."""
    from scipy.ndimage import gaussian_filter

    truth = load_ground_truth(CASE)
    sharp, wide = CASE.microscope.source_sigma, 0.5
    extra = np.sqrt(wide**2 - sharp**2) / CASE.sampling
    changes = [
        truth.image("z10-shift60", margin=8, source_sigma=sigma)
        - truth.image("z10", margin=8, source_sigma=sigma)
        for sigma in (sharp, wide)
    ]
    blurred = gaussian_filter(changes[0], extra, truncate=8.0)
    np.testing.assert_allclose(
        blurred[12:-12, 12:-12], changes[1][12:-12, 12:-12], atol=2e-3 * np.abs(changes[1]).max()
    )


def test_a_source_that_leaves_a_column_no_width_is_refused() -> None:
    from dataclasses import replace

    microscope = replace(CASE.microscope, source_sigma=0.6)
    truth = load_ground_truth(CASE)
    other = replace(truth, case=replace(CASE, microscope=microscope))
    with pytest.raises(InputError, match="no width"):
        other.image("z02-shift5", source_sigma=0.3)


def test_descriptions_survive_json_and_hosts_are_checked() -> None:
    import json

    again = case_from_dict(json.loads(json.dumps(CASE.as_dict())))
    assert again == CASE
    with pytest.raises(ValueError, match="another specimen"):
        check_edited_host(CASE, get_case("nanoparticle"))
    with pytest.raises(InputError, match="none of the edits"):
        _edits().edit_of("z10-shift16")
