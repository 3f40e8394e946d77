"""Ground truth of specimens with sites on a host: columns, superposition, errors, hashes."""

import dataclasses
import hashlib

import h5py
import numpy as np
import pytest

from cases import get_case
from cases.specimens.kinds.defect_ladder import atoms_of
from cases.specimens.kinds.particle_adatoms import twins
from cases.truth.columns import to_pixels
from cases.truth.ground_truth import load_ground_truth, with_host
from cases.truth.scan_plan import scan_plan
from cases.truth.sites import host_label
from cases.truth.truth_file import default_path

#: SHA-256 of the stored changes and their errors, and the largest size of the file in bytes.
DATA = {
    "defect_ladder": (
        "8eced6f53b23b2e6a2459f226000f8ca7115fef65220bcc56958c99949578e3d",
        5e5,
    ),
    "particle_adatoms": (
        "f97876f1778bf2db3eeeb5f031202135d9725280461fd23ae5f840cd1d4e7432",
        2e5,
    ),
    "simulated_edits": (
        "1e6d96b74a8153bce8cbe031f49315b60d79505d7da74d716b28f81e134d7fd4",
        1e5,
    ),
}
ADATOMS = get_case("particle_adatoms")
STRUCTURE = ADATOMS.structure
A = STRUCTURE.material.lattice_parameter
#: Atoms of each adatom's column without it.
BENEATH = {"adatom0": 0, "adatom3": 3, "adatom6": 6, "adatom9": 9}


@pytest.fixture(scope="module")
def truth():
    """Of the ladder of defects."""
    return load_ground_truth(get_case("defect_ladder"))


@pytest.fixture(scope="module")
def adatom_truth():
    return load_ground_truth(ADATOMS)


def places_of(case):
    """Places (x, y) in Å of all sites, controls too."""
    return np.array([(site.x, site.y) for site in case.structure.all_sites()])


def difference(truth, label):
    """Stored change of a site, such as ``z10-vacancy``, as a fraction of the beam."""
    image, kind = label.rsplit("-", 1)
    name = host_label(truth.case, truth.host.case, image)
    return truth.changes.difference(image, kind, host_label=name)


@pytest.mark.parametrize("name", DATA)
def test_the_data_that_ship_are_pinned(name):
    case, (digest, size) = get_case(name), DATA[name]
    assert load_ground_truth(case).scan.hash == digest
    with h5py.File(default_path(case), "r") as file:
        assert file.attrs["data_sha256"] == digest
    assert default_path(case).stat().st_size < size


def test_the_hash_of_a_ladder_follows_its_host(truth):
    expected = hashlib.sha256(f"{truth.scan.hash} {truth.host.hash}".encode()).hexdigest()
    assert truth.hash == expected
    other = dataclasses.replace(truth.host.scan, mean=truth.host.scan.mean * 1.01)
    changed = dataclasses.replace(truth, host=dataclasses.replace(truth.host, scan=other))
    assert changed.hash != truth.hash


def test_the_column_table_counts_what_the_defects_leave(truth):
    case = truth.case
    for spec in case.images:
        table = truth.columns(spec.label)
        sites = to_pixels(case, places_of(case))
        for site, place in zip(case.structure.sites, sites, strict=True):
            here = np.hypot(table["x"] - place[0], table["y"] - place[1]) < 0.01
            assert table.loc[here, "count"].tolist() == [atoms_of(site.kind, spec.thickness)]
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
    sites = to_pixels(case, places_of(case))
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
    places = places_of(case)
    apart = np.abs(places[:, None] - places[None]).max(axis=-1)
    np.fill_diagonal(apart, np.inf)
    scan = truth.scan
    # The outermost ring of a scan holds next to nothing, so that what lies beyond is nothing.
    assert apart.min() > (scan.mean.shape[1] - 2) * scan.step
    rim = np.ones(scan.mean.shape[1:], dtype=bool)
    rim[1:-1, 1:-1] = False
    for label in scan.labels:
        column = difference(truth, f"{label[:3]}-vacancy").sum()
        assert abs(difference(truth, label)[rim].sum()) < 0.003 * abs(column), label


def test_differences_have_the_sign_and_size_of_their_atoms(truth):
    """Sums over the scan against atoms; channelling makes single atoms deep down count less."""
    sums = {label: difference(truth, label).sum() for label in truth.scan.labels}
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
    places = np.rint(to_pixels(case, places_of(case))).astype(int)
    at = {site.kind: (y, x) for site, (x, y) in zip(case.structure.sites, places, strict=True)}
    assert stderr[at["vacancy"]] < 0.5 * host[at["vacancy"]]
    assert stderr[at["plus1"]] > host[at["plus1"]]
    assert stderr[at["perfect"]] == pytest.approx(host[at["perfect"]], rel=1e-3)
    assert np.sqrt(np.mean(stderr**2)) < 0.05 * truth.image("z10").max()


def test_rendered_error_is_the_scatter_of_rendered_differences(truth):
    """150 draws of changes that symmetry copies; k = 5, relative error 1/√300."""
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


def test_the_stored_scan_is_labelled_by_image_and_kind(truth):
    case = truth.case
    assert truth.scan.labels == case.structure.scan_labels(case.labels)
    assert len(truth.scan.labels) == len(case.images) * len(case.structure.defect_kinds()) == 21
    particle = get_case("nanoparticle")
    assert particle.structure.scan_labels(particle.labels) == ("particle",)


def test_the_column_table_has_the_particle_the_new_column_and_its_empty_twins(adatom_truth):
    table = adatom_truth.columns("particle")
    host = adatom_truth.host.columns("particle")
    assert len(host) == 333
    assert len(table) == 333 + 1 + 7
    assert (table["count"] == 0).sum() == 7
    assert table["count"].sum() == host["count"].sum() + 4
    for site in STRUCTURE.adatoms:
        x, y = to_pixels(ADATOMS, np.array([site.i, site.j]) * A / 2)
        here = np.hypot(table["x"] - x, table["y"] - y) < 0.01
        assert table.loc[here, "count"].tolist() == [BENEATH[site.kind] + 1]
        for place in twins(site) * A / 2:
            x, y = to_pixels(ADATOMS, place)
            there = np.hypot(table["x"] - x, table["y"] - y) < 0.01
            assert table.loc[there, "count"].tolist() == [BENEATH[site.kind]]
    assert table["measured"].all()


def test_the_image_is_the_particle_away_from_the_adatoms(adatom_truth):
    image, particle = adatom_truth.image("particle"), adatom_truth.host.image("particle")
    y, x = np.mgrid[: ADATOMS.shape[0], : ADATOMS.shape[1]]
    reach = ADATOMS.simulation.points * ADATOMS.simulation.step / 2 / ADATOMS.sampling
    away = np.ones(ADATOMS.shape, dtype=bool)
    for site in STRUCTURE.adatoms:
        px, py = to_pixels(ADATOMS, np.array([site.i, site.j]) * A / 2)
        away &= np.maximum(np.abs(x - px), np.abs(y - py)) > reach
    np.testing.assert_array_equal(image[away], particle[away])
    assert (image != particle).sum() > 1000


def test_an_adatom_scatters_like_an_atom(adatom_truth):
    """Lone: as an atom of the bulk of one cell, k = 3 at 5 % standard error; channelled: more."""
    library = load_ground_truth(get_case("pt_bulk"))
    scan = library.scan
    cell = scan.mean[scan.labels.index("z01")].astype(float)
    # Two columns of one atom each in a cell of a/√2 x a/√2, times two.
    per_atom = cell.mean() * A**2 / 4
    step = adatom_truth.scan.step
    sums = {
        site.kind: difference(adatom_truth, f"particle-{site.kind}").sum() * step**2
        for site in STRUCTURE.adatoms
    }
    assert sums["adatom0"] == pytest.approx(per_atom, rel=0.15)
    for kind in ("adatom3", "adatom6", "adatom9"):
        assert 1.2 * per_atom < sums[kind] < 2.2 * per_atom


def test_what_an_adatom_adds_ends_within_its_scan(adatom_truth):
    rim = np.ones(adatom_truth.scan.mean.shape[1:], dtype=bool)
    rim[1:-1, 1:-1] = False
    for label in adatom_truth.scan.labels:
        added = difference(adatom_truth, label)
        assert np.abs(added[rim]).sum() < 0.002 * added.sum(), label


def test_errors_of_particle_and_adatoms_add_in_squares(adatom_truth):
    stderr, host = adatom_truth.stderr("particle"), adatom_truth.host.stderr("particle")
    assert (stderr >= host * (1 - 1e-12)).all()
    x, y = np.rint(to_pixels(ADATOMS, places_of(ADATOMS)[0])).astype(int)
    assert stderr[y, x] > host[y, x]
    assert stderr[y, x] < 0.1 * adatom_truth.image("particle")[y, x]


def test_another_host_is_refused(truth, adatom_truth):
    host = adatom_truth.host
    smaller = dataclasses.replace(host.case.structure, radius=5.0)
    other = dataclasses.replace(host, case=dataclasses.replace(host.case, structure=smaller))
    with pytest.raises(ValueError, match="another specimen"):
        with_host(adatom_truth, other)
    blurred = dataclasses.replace(host.case.microscope, source_sigma=0.1)
    other = dataclasses.replace(host, case=dataclasses.replace(host.case, microscope=blurred))
    with pytest.raises(ValueError, match="another microscope"):
        with_host(adatom_truth, other)
    with pytest.raises(ValueError, match="another specimen"):
        with_host(truth, host)
    thin = truth.host.case
    thin = dataclasses.replace(thin, images=thin.images[:12])
    with pytest.raises(ValueError, match="no image of thickness 20"):
        with_host(truth, dataclasses.replace(truth.host, case=thin))
    with pytest.raises(ValueError, match="no sites"):
        with_host(host, truth.host)
