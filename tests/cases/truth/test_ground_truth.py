"""The shipped ground truth: integrity, geometry, plausible physics."""

import dataclasses
import hashlib
import json

import h5py
import numpy as np
import pytest

from cases import CASES, get_case
from cases.truth.columns import to_angstrom
from cases.truth.frame import frame_of, scan_weights
from cases.truth.ground_truth import load_ground_truth, load_version
from cases.truth.scan_plan import scan_plan
from cases.truth.truth_file import (
    DATA_FOLDER,
    default_path,
)
from stembench.errors import InputError

#: Mean over the unit cell as a fraction of the beam, 58 to 190 mrad at 300 kV, from an earlier and
#: independent set of abTEM runs of a few phonon configurations.
CELL_MEAN = {1: 0.0027, 5: 0.0223, 10: 0.0444, 20: 0.0843, 30: 0.1168, 50: 0.1747, 75: 0.2310}

#: SHA-256 of the data of version 1, as published.
OLD_DATA = {
    "pt_bulk": "d852dfd46616fee656f2b9a14b5e4476af9f25d98d925b7b89bfd33e3c508191",
    "edge_dislocation": "df55d627736576fbee273d76d9da78f99b0d2965ac9ff74b13a8b877597bf784",
    "nanoparticle": "813e6e8829bdc9060643f1bfb9c144a6e63ceeabb293dd082680e1c457c7b0cb",
}


#: Cases with images of their own; edited ones have their host's.
SIMULATED = [case for case in CASES if case.structure.edits_on_host is None]


@pytest.fixture(scope="module", params=SIMULATED, ids=lambda case: case.name)
def truth(request):
    return load_ground_truth(request.param)


def test_data_have_the_hash_that_the_file_states(truth):
    path = default_path(truth.case)
    with h5py.File(path, "r") as file:
        digest = hashlib.sha256()
        group = file["scan"]
        labels = [label.decode() for label in group["labels"][:]]
        head = [
            labels,
            list(group["mean"].shape),
            float(group.attrs["step"]),
            float(group.attrs["first"]),
            group.attrs["boundary"],
            *([float(group.attrs["step_y"])] if "step_y" in group.attrs else []),
        ]
        digest.update(json.dumps(head).encode())
        digest.update(group["mean"][:].tobytes())
        digest.update(group["stderr"][:].tobytes())
        assert file.attrs["data_sha256"] == digest.hexdigest() == truth.scan.hash
        assert group["mean"].dtype == group["stderr"].dtype == np.dtype("<f4")
        assert json.loads(file.attrs["description"])["name"] == truth.case.name


def test_provenance_tells_how_the_data_were_made(truth):
    provenance = truth.provenance
    assert provenance["configurations"] >= provenance["samples_per_point"] >= 1
    assert provenance["seed"] == truth.case.simulation.seed
    assert {"abtem", "ase", "numpy", "python"} <= set(provenance["versions"])
    assert provenance["date"].startswith("20")


def test_all_files_together_are_small():
    assert sum(path.stat().st_size for path in DATA_FOLDER.iterdir()) <= 8e6


def test_images_have_the_declared_size_and_a_margin(truth):
    case = truth.case
    label = case.labels[-1]
    plain, wide = truth.image(label), truth.image(label, margin=case.margin)
    m = case.margin
    assert plain.shape == case.shape
    assert plain.dtype == np.float64
    assert wide.shape == (case.shape[0] + 2 * m, case.shape[1] + 2 * m)
    np.testing.assert_allclose(wide[m:-m, m:-m], plain, rtol=1e-9, atol=1e-15)
    assert plain.min() >= 0
    assert 0 < plain.max() < 0.5


def test_another_sampling_keeps_the_field_of_view(truth):
    case = truth.case
    label = case.labels[-1]
    coarse, fine = truth.image(label), truth.image(label, sampling=case.sampling / 2)
    assert fine.shape == (2 * case.shape[0], 2 * case.shape[1])
    # Four fine pixels stand round each coarse one; their mean is the image but for its curvature.
    binned = fine.reshape(case.shape[0], 2, case.shape[1], 2).mean(axis=(1, 3))
    assert np.abs(binned - coarse).max() < 0.02 * coarse.max()
    assert np.abs(np.roll(binned, 1, axis=1) - coarse).max() > 0.05 * coarse.max()


def test_blur_keeps_the_mean_and_lowers_the_peaks():
    truth = load_ground_truth(get_case("pt_bulk"))
    a = truth.case.structure.material.lattice_parameter
    sharp, blurred = (
        truth.image("z20", sampling=a / 2 / 10, source_sigma=sigma)[:120, :120]
        for sigma in (0.0, 0.35)
    )
    assert blurred.mean() == pytest.approx(sharp.mean(), rel=1e-3)
    assert blurred.max() < 0.6 * sharp.max()


def test_columns_stand_on_the_maxima_of_the_image(truth):
    label = truth.case.labels[-1]
    image = truth.image(label, margin=4)
    table = truth.columns(label)
    y, x = (np.rint(table[axis]).astype(int) + 4 for axis in ("y", "x"))
    here = image[y, x]
    bright = here > 0.3 * np.median(here)
    ring = np.stack([image[y + dy, x + dx] for dy in (-2, 0, 2) for dx in (-2, 0, 2)])
    assert (ring.argmax(axis=0)[bright] == 4).mean() > 0.9
    shifted = image[y + 3, x]
    assert (shifted < here).mean() > 0.9


def test_outside_columns_follow_on_and_lie_within_the_margin(truth):
    case = truth.case
    label = case.labels[0]
    inside, outside = truth.columns(label), truth.outside(label)
    assert list(inside.columns) == list(outside.columns) == ["x", "y", "count", "measured"]
    assert not outside["measured"].any()
    assert list(outside.index) == list(range(len(inside), len(inside) + len(outside)))
    height, width = case.shape
    assert inside["x"].between(0, width - 1).all()
    assert inside["y"].between(0, height - 1).all()
    if case.name in ("nanoparticle", "particle_adatoms"):
        assert len(outside) == 0
    else:
        assert len(outside) > 20
        beyond = np.maximum(
            np.abs(outside["x"] - (width - 1) / 2) - (width - 1) / 2,
            np.abs(outside["y"] - (height - 1) / 2) - (height - 1) / 2,
        )
        assert (beyond > 0).all()
        assert (beyond <= case.margin).all()


def cell_means(truth):
    """Cell mean of each thickness and its standard error, from the scan's own error map.

    The 324 places of the cell unfold from 30 points, so a point's error counts once, with the
    number of its places as weight: places of one orbit share value and error.
    """
    means = truth.scan.mean.mean(axis=(1, 2), dtype=np.float64)
    errors = []
    for mean, stderr in zip(truth.scan.mean, truth.scan.stderr, strict=True):
        _, first, places = np.unique(mean, return_index=True, return_counts=True)
        errors.append(np.sqrt(np.sum((places / mean.size * stderr.flat[first]) ** 2)))
    return means, np.array(errors)


def test_bulk_cell_means_agree_with_earlier_runs():
    means, errors = cell_means(load_ground_truth(get_case("pt_bulk")))
    for cells, expected in CELL_MEAN.items():
        # 4 of our standard errors, and 6 % for those runs' own few configurations and rounding.
        tolerance = 4 * errors[cells - 1] + 0.06 * expected
        assert abs(means[cells - 1] - expected) < tolerance, cells
        # Negative control: a thickness that is a third off does not pass.
        other = means[4 * cells // 3] if cells < 55 else means[49]
        assert abs(other - expected) > tolerance, cells


def test_bulk_cell_means_rise_with_thickness():
    means, _ = cell_means(load_ground_truth(get_case("pt_bulk")))
    assert (np.diff(means) > 0).all()


def column_scs(truth, label, radius):
    """Integrated intensity within a circle round each column, in Å², without any fit."""
    step = truth.case.sampling
    image = truth.image(label, margin=8)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    table = truth.columns(label)
    return table, np.array(
        [
            image[(x - 8 - column.x) ** 2 + (y - 8 - column.y) ** 2 <= (radius / step) ** 2].sum()
            * step**2
            for column in table.itertuples()
        ]
    )


def test_particle_scatters_like_bulk_of_the_same_count():
    particle = load_ground_truth(get_case("nanoparticle"))
    bulk = load_ground_truth(get_case("pt_bulk"))
    table, scs = column_scs(particle, "particle", 0.9)
    middle = []
    for count in range(5, 12):
        chosen = (table["count"] == count).to_numpy()
        _, library = column_scs(bulk, f"z{count:02d}", 0.9)
        middle.append(np.median(scs[chosen]) / np.median(library))
    # Tails of neighbours and phonon noise make some per cent; a wrong count would make 9 to 20 %.
    assert np.median(middle) == pytest.approx(1, abs=0.08)
    by_count = [np.median(scs[table["count"] == count]) for count in range(1, 12)]
    assert (np.diff(by_count) > 0).all()


def test_particle_image_is_symmetric_and_dark_outside():
    truth = load_ground_truth(get_case("nanoparticle"))
    scan = truth.scan.mean[0]
    np.testing.assert_array_equal(scan, scan.T)
    np.testing.assert_array_equal(scan, scan[::-1])
    image = truth.image("particle")
    assert image[:10, :10].max() < 1e-3 * image.max()


def test_dislocation_scatters_like_six_atoms_everywhere():
    truth = load_ground_truth(get_case("edge_dislocation"))
    bulk, _ = cell_means(load_ground_truth(get_case("pt_bulk")))
    a = truth.case.structure.material.lattice_parameter
    # Atoms per area times the mean cross-section of an atom, [001] columns of six taken as alike.
    per_atom = bulk[5] * a**2 / 4 / 6
    density = 6 / (a / np.sqrt(2) * a * np.sqrt(3) / 6)
    assert truth.image("core").mean() == pytest.approx(per_atom * density, rel=0.15)
    _, scs = column_scs(truth, "core", 0.6)
    assert scs.std() / scs.mean() < 0.25


def test_standard_error_is_small_against_the_image(truth):
    label = truth.case.labels[-1]
    stderr, image = truth.stderr(label), truth.image(label)
    assert stderr.shape == image.shape
    assert np.sqrt(np.mean(stderr**2)) < 0.05 * image.max()
    assert np.isfinite(stderr).all()
    assert stderr.max() > 0


def test_rendered_error_is_the_scatter_of_rendered_images():
    """400 scans with independent Gaussian errors of known size; k = 5, relative error 1/√800."""
    case = get_case("edge_dislocation")
    truth = load_ground_truth(case)
    rng = np.random.default_rng(6)
    stderr = (1e-4 * (1 + rng.uniform(size=truth.scan.mean.shape))).astype(np.float32)
    base = np.full(truth.scan.mean.shape, 0.1, dtype=np.float32)
    stated = dataclasses.replace(
        truth, scan=dataclasses.replace(truth.scan, mean=base, stderr=stderr)
    ).stderr("core")
    pixel = (slice(40, 60), slice(70, 90))
    drawn = []
    for _ in range(400):
        noisy = (base + stderr * rng.normal(size=base.shape)).astype(np.float32)
        one = dataclasses.replace(truth, scan=dataclasses.replace(truth.scan, mean=noisy))
        drawn.append(one.image("core")[pixel])
    ratio = np.std(drawn, axis=0, ddof=1) / stated[pixel]
    assert np.abs(ratio - 1).max() < 5 / np.sqrt(800)


def test_rendered_error_of_bulk_counts_the_copies_of_a_point_once():
    """As above with errors that symmetry copies; 400 draws, k = 5, relative error 1/√800."""
    case = get_case("pt_bulk")
    truth = load_ground_truth(case)
    unfold = scan_plan(case.simulation).unfold
    rng = np.random.default_rng(9)
    stderr = 1e-4 * (1 + rng.uniform(size=(75, unfold.max() + 1)))
    scan = dataclasses.replace(truth.scan, stderr=stderr[:, unfold].astype(np.float32))
    stated = dataclasses.replace(truth, scan=scan).stderr("z03")[20:35, 30:45]
    drawn = []
    for _ in range(400):
        noise = stderr * rng.normal(size=stderr.shape)
        noisy = dataclasses.replace(scan, mean=(0.1 + noise[:, unfold]).astype(np.float32))
        drawn.append(dataclasses.replace(truth, scan=noisy).image("z03")[20:35, 30:45])
    ratio = np.std(drawn, axis=0, ddof=1) / stated
    assert np.abs(ratio - 1).max() < 5 / np.sqrt(800)
    # Negative control: all places taken as independent.
    frame = frame_of(case, margin=0, sampling=None, source_sigma=None)
    rows, columns = scan_weights(scan, frame)
    naive = np.sqrt(rows**2 @ scan.stderr[2].astype(float) ** 2 @ (columns**2).T)[20:35, 30:45]
    assert np.abs(np.std(drawn, axis=0, ddof=1) / naive - 1).max() > 5 / np.sqrt(800)


def test_unusable_requests_are_refused(truth):
    label = truth.case.labels[0]
    with pytest.raises(InputError, match="has no image 'z99'"):
        truth.image("z99")
    with pytest.raises(InputError, match="has no image 'z99'"):
        truth.columns("z99")
    for sampling in (0.0, -0.1, np.nan, np.inf):
        with pytest.raises(InputError, match="sampling"):
            truth.image(label, sampling=sampling)
    for sigma in (-0.1, np.nan):
        with pytest.raises(InputError, match="source"):
            truth.image(label, source_sigma=sigma)
    with pytest.raises(InputError, match="margin"):
        truth.image(label, margin=-1)


def test_the_edge_of_the_stored_scan_is_not_crossed():
    dislocation = load_ground_truth(get_case("edge_dislocation"))
    with pytest.raises(InputError, match="ends before a margin of 30 px"):
        dislocation.image("core", margin=30)
    with pytest.raises(InputError, match="ask for less"):
        dislocation.image("core", margin=8, source_sigma=1.0)
    with pytest.raises(InputError, match="ends before"):
        load_ground_truth(get_case("nanoparticle")).image("particle", margin=20)
    assert load_ground_truth(get_case("pt_bulk")).image("z05", margin=100).shape == (328, 328)


def test_a_description_that_no_longer_fits_is_refused():
    case = get_case("pt_bulk")
    thicker = dataclasses.replace(case.simulation, repeats=7)
    with pytest.raises(InputError, match=r"another description; run `nox -s simulate`"):
        load_ground_truth(dataclasses.replace(case, simulation=thicker))
    blurred = dataclasses.replace(case.microscope, source_sigma=0.5)
    other = load_ground_truth(dataclasses.replace(case, microscope=blurred))
    assert other.image("z05").max() < load_ground_truth(case).image("z05").max()


def test_the_reference_point_is_where_the_offset_says():
    for case in CASES:
        centre = np.array([[(case.shape[1] - 1) / 2, (case.shape[0] - 1) / 2]])
        np.testing.assert_allclose(to_angstrom(case, centre)[0], -np.array(case.offset))


def test_older_versions_stay_readable():
    """Version 1 as it was published: its images by their hash, its description by its own."""
    for name, number in (("pt_bulk", 8), ("edge_dislocation", 16), ("nanoparticle", 32)):
        old = load_version(name, 1)
        now = load_ground_truth(get_case(name))
        assert old.case.version == 1
        assert old.provenance["configurations"] == number
        assert old.hash == OLD_DATA[name]
        assert old.hash != now.hash
        label = old.case.labels[-1]
        assert old.image(label).shape == now.image(label).shape
        assert old.columns(label).equals(now.columns(label))
        assert load_version(name, now.case.version).case == now.case
    with pytest.raises(InputError, match="no version 7; versions that ship: 1, 2"):
        load_version("nanoparticle", 7)
