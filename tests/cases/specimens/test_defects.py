"""Defects and their ground truth: layers, columns, superposition, errors, shared slices."""

import dataclasses
import hashlib

import h5py
import numpy as np
import pytest

from cases import get_case
from cases.simulation.defect_scan import SiteFunctions, displaced_block, scan_specimens
from cases.simulation.multislice import (
    abtem_settings,
    configuration_rng,
    make_probe,
    make_propagator,
    multislice as plain_multislice,
)
from cases.simulation.shared_slices import multislice_shared
from cases.specimens.defects import DEFECTS, atoms, defect_kinds, scan_labels, site_places, slices
from cases.specimens.descriptions import DefectSite
from cases.truth.columns import to_pixels
from cases.truth.ground_truth import load_ground_truth
from cases.truth.truth_file import default_path

#: SHA-256 of the stored differences and their errors.
DATA = "8eced6f53b23b2e6a2459f226000f8ca7115fef65220bcc56958c99949578e3d"


@pytest.fixture(scope="module")
def truth():
    return load_ground_truth(get_case("defect_ladder"))


def test_the_data_that_ship_are_pinned(truth):
    assert truth.scan.hash == DATA
    with h5py.File(default_path(truth.case), "r") as file:
        assert file.attrs["data_sha256"] == DATA
    assert default_path(truth.case).stat().st_size < 5e5


def test_the_hash_of_a_ladder_follows_its_host(truth):
    expected = hashlib.sha256(f"{truth.scan.hash} {truth.host.hash}".encode()).hexdigest()
    assert truth.hash == expected
    other = dataclasses.replace(truth.host.scan, mean=truth.host.scan.mean * 1.01)
    changed = dataclasses.replace(truth, host=dataclasses.replace(truth.host, scan=other))
    assert changed.hash != truth.hash


@pytest.mark.parametrize("kind", DEFECTS)
@pytest.mark.parametrize("cells", [5, 10, 20])
def test_each_layer_holds_what_the_kind_says(kind, cells):
    passed = slices(kind, cells)
    assert [layer for _, layer in passed] == list(range(len(passed)))
    there = [(content, layer % 2) for content, layer in passed]
    at_site = [c for c, odd in there if c in ("guest", "adatom") or (c, odd) == ("host", 0)]
    assert len(at_site) == atoms(kind, cells)
    assert len(passed) == 2 * cells + {"plus1": 1, "plus2": 3}.get(kind, 0)
    # Neighbouring columns keep their atoms.
    assert [passed[layer] for layer in range(1, 2 * cells, 2)] == [
        ("host", layer) for layer in range(1, 2 * cells, 2)
    ]


def test_what_is_missing_is_missing_where_the_beam_leaves():
    assert [c for c, _ in slices("half", 5)[::2]] == ["host", "host", "empty", "empty", "empty"]
    assert slices("minus1", 5)[8] == ("empty", 8)
    assert slices("plus2", 5)[10:] == (("adatom", 10), ("vacuum", 11), ("adatom", 12))


def test_a_site_off_its_sublattice_is_refused():
    with pytest.raises(ValueError, match="must be even"):
        DefectSite("vacancy", 1, 0)


def test_the_column_table_counts_what_the_defects_leave(truth):
    case = truth.case
    for spec in case.images:
        table = truth.columns(spec.label)
        sites = to_pixels(case, site_places(case.structure))
        for site, place in zip(case.structure.sites, sites, strict=True):
            here = np.hypot(table["x"] - place[0], table["y"] - place[1]) < 0.01
            assert table.loc[here, "count"].tolist() == [atoms(site.kind, spec.thickness)]
            assert table.loc[here, "measured"].all()
        changed = (table["count"] != spec.thickness).sum()
        assert changed == 6  # all but the two controls and the substituted column, out of nine
        assert (truth.outside(spec.label)["count"] == spec.thickness).all()


def test_the_image_is_the_perfect_crystal_away_from_the_sites(truth):
    case = truth.case
    host = dataclasses.replace(
        truth.host, case=dataclasses.replace(truth.host.case, offset=case.offset)
    )
    image, perfect = truth.image("z10"), host.image("z10")
    y, x = np.mgrid[: case.shape[0], : case.shape[1]]
    sites = to_pixels(case, site_places(case.structure))
    reach = case.simulation.points * case.simulation.step / 2 / case.sampling
    away = np.ones(case.shape, dtype=bool)
    for site, (px, py) in zip(case.structure.sites, sites, strict=True):
        if site.kind != "perfect":
            away &= np.maximum(np.abs(x - px), np.abs(y - py)) > reach
    assert away.sum() > 1000
    np.testing.assert_array_equal(image[away], perfect[away])
    assert not np.array_equal(image, perfect)


def test_windows_of_influence_do_not_overlap(truth):
    case = truth.case
    places = site_places(case.structure)
    apart = np.abs(places[:, None] - places[None]).max(axis=-1)
    np.fill_diagonal(apart, np.inf)
    scan = truth.scan
    # The outermost ring of a scan holds next to nothing, so that what lies beyond is nothing.
    assert apart.min() > (scan.mean.shape[1] - 2) * scan.step
    rim = np.ones(scan.mean.shape[1:], dtype=bool)
    rim[1:-1, 1:-1] = False
    for label in scan.labels:
        column = truth.difference(f"{label[:3]}-vacancy").sum()
        assert abs(truth.difference(label)[rim].sum()) < 0.003 * abs(column), label


def test_differences_have_the_sign_and_size_of_their_atoms(truth):
    """Sums over the scan against atoms; channelling makes single atoms deep down count less."""
    sums = {label: truth.difference(label).sum() for label in truth.scan.labels}
    for label, cells in (("z05", 5), ("z10", 10), ("z20", 20)):
        vacancy = sums[f"{label}-vacancy"]
        assert vacancy < sums[f"{label}-half"] < sums[f"{label}-minus2"] < 0
        assert sums[f"{label}-minus2"] < sums[f"{label}-minus1"] < 0
        assert 0 < sums[f"{label}-plus1"] < sums[f"{label}-plus2"]
        # Pd for Pt: about (46/78)^1.7 of the scattering remains.
        assert sums[f"{label}-substituted"] / vacancy == pytest.approx(1 - 0.41, abs=0.15)
        per_atom = sums[f"{label}-minus1"] / (vacancy / cells)
        assert 0.5 < per_atom < 1.7


def test_stderr_scales_the_host_and_adds_the_defects(truth):
    case = truth.case
    frame = dataclasses.replace(truth.host.case, offset=case.offset)
    perfect = dataclasses.replace(truth.host, case=frame)
    host, stderr = perfect.stderr("z10"), truth.stderr("z10")
    ratio = truth.image("z10") / perfect.image("z10")
    assert (stderr >= host * ratio * (1 - 1e-9)).all()
    np.testing.assert_allclose(stderr[:3, :3], host[:3, :3], rtol=1e-6)
    places = np.rint(to_pixels(case, site_places(case.structure))).astype(int)
    at = {site.kind: (y, x) for site, (x, y) in zip(case.structure.sites, places, strict=True)}
    assert stderr[at["vacancy"]] < 0.5 * host[at["vacancy"]]
    assert stderr[at["plus1"]] > host[at["plus1"]]
    assert stderr[at["perfect"]] == pytest.approx(host[at["perfect"]], rel=1e-3)
    assert np.sqrt(np.mean(stderr**2)) < 0.05 * truth.image("z10").max()


def test_rendered_error_is_the_scatter_of_rendered_differences(truth):
    """150 draws of changes that symmetry copies; k = 5, relative error 1/√300."""
    from cases.truth.scan_plan import scan_plan

    unfold = scan_plan(truth.case.simulation).unfold
    rng = np.random.default_rng(4)
    errors = 1e-2 * (1 + rng.uniform(size=(len(truth.scan.labels), unfold.max() + 1)))
    scan = dataclasses.replace(truth.scan, stderr=errors[:, unfold].astype(np.float32))
    # Without errors of its own, and bright so that nothing is clipped at 0.
    quiet = dataclasses.replace(
        truth.host.scan, stderr=0 * truth.host.scan.stderr, mean=truth.host.scan.mean + 0.2
    )
    still = dataclasses.replace(truth, scan=scan, host=dataclasses.replace(truth.host, scan=quiet))
    px, py = np.rint(to_pixels(truth.case, np.zeros((1, 2)))[0]).astype(int)
    part = (slice(py - 5, py + 6), slice(px - 5, px + 6))
    stated = still.stderr("z10")[part]
    drawn = []
    for _ in range(150):
        noise = (errors * rng.normal(size=errors.shape))[:, unfold].astype(np.float32)
        one = dataclasses.replace(scan, mean=truth.scan.mean + noise)
        drawn.append(dataclasses.replace(still, scan=one).image("z10")[part])
    ratio = np.std(drawn, axis=0, ddof=1) / stated
    assert np.abs(ratio - 1).max() < 5 / np.sqrt(300)


@pytest.fixture(scope="module")
def block():
    """A small block round a site, on a coarse grid that keeps all physics but high angles."""
    case = get_case("defect_ladder")
    small = dataclasses.replace(
        case,
        simulation=dataclasses.replace(case.simulation, oversampling=4, window=64, points=3),
        microscope=dataclasses.replace(case.microscope, outer=90.0),
        images=case.images[:1],
    )
    with abtem_settings("cpu"):
        specimen, ideal = displaced_block(
            small.structure, small.simulation, cells=7, rng=configuration_rng(1, 0)
        )
        yield small, SiteFunctions(small, specimen, ideal)


def test_shared_slices_give_what_each_specimen_gives_alone(block):
    case, functions = block
    specimens = {kind: slices(kind, 5) for kind in DEFECTS}
    places = np.array([[0, 0], [1, 1]])
    together = scan_specimens(case, specimens, functions, places)
    for kind, keys in specimens.items():
        alone = scan_specimens(case, {kind: keys}, functions, places)[kind]
        np.testing.assert_array_equal(together[kind], alone)
    assert len({float(values[0]) for values in together.values()}) == len(DEFECTS)


def test_shared_slices_are_those_of_plain_multislice(block):
    case, functions = block
    pixel = case.simulation.step / case.simulation.oversampling
    centre = np.full((1, 2), 32 * pixel)
    wave = make_probe(case.microscope, extent=64 * pixel, points=64, positions=centre)
    low = functions.middle - 32
    cut = (slice(low, low + 64), slice(low, low + 64))
    keys = slices("plus2", 5)
    settings = {
        "slice_thickness": functions.thickness,
        "microscope": case.microscope,
        "propagator": make_propagator(),
    }
    plain = plain_multislice(wave.copy(), iter([functions.of(k)[cut] for k in keys]), **settings)
    shared = multislice_shared(
        wave.copy(),
        {"plus2": keys, "perfect": slices("perfect", 5)},
        lambda key: functions.of(key)[cut],
        **settings,
    )
    assert shared["plus2"] == pytest.approx(plain[0][0], rel=1e-6)


def test_a_specimen_without_defect_makes_no_difference(block):
    case, functions = block
    two = {"first": slices("perfect", 5), "second": slices("perfect", 5)}
    found = scan_specimens(case, two, functions, np.array([[0, 0]]))
    np.testing.assert_array_equal(found["first"], found["second"])


def test_the_stored_scan_is_labelled_by_image_and_kind(truth):
    case = truth.case
    assert truth.scan.labels == scan_labels(case)
    assert len(scan_labels(case)) == len(case.images) * len(defect_kinds(case.structure)) == 21
    assert scan_labels(get_case("nanoparticle")) == ("particle",)
