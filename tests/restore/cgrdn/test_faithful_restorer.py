"""CGRDN with a difference: between published and tuned, in both engines, and its identity."""

import hashlib
from functools import lru_cache

import numpy as np
import pytest

import restore.registry as registry
from restore import RESTORERS, load_restorer, metadata_of
from restore.cgrdn import faithful_restorer as room
from restore.cgrdn.cgrdn_restorer import CgrdnRestorer, cgrdn_forward
from restore.cgrdn.faithful_restorer import SHIPPED, declared_restorers, load_tuned
from restore.cgrdn.weight_difference import difference_of, read_difference, write_difference
from restore.cgrdn.weights import read_published_weights
from restore.networks import bfloat16
from stembench.errors import InputError

NAME = "cgrdn-faithful"
#: Fusions whose weights the test's difference changes: of a block, of a group, of all groups.
CHANGED = (10, 37, 150)
ROWS, ACROSS = np.indices((24, 30))
LIGHT = 40 * np.exp(-((ROWS % 10 - 5) ** 2 + (ACROSS % 10 - 5) ** 2) / 8)
IMAGE = np.random.default_rng(5).poisson(1.0 + LIGHT).astype(np.float64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A difference of the published network, as a tuning would write it."""
    published = read_published_weights("hrstem")
    rng = np.random.default_rng(0)
    tuned = dict(published.convolutions)
    for number in CHANGED:
        kernel, bias = tuned[number]
        assert kernel.shape[:2] == (1, 1)
        noise = rng.standard_normal(kernel.shape).astype(np.float32)
        tuned[number] = kernel + np.float32(0.1) * kernel.std() * noise, bias
    path = tmp_path_factory.mktemp("data")
    write_difference(
        path / f"{NAME}.npz", difference_of(published, tuned, origin={"seed": 3, "steps": 70})
    )
    return path


@pytest.fixture
def shipped(folder, monkeypatch):
    """The restorer as if that difference shipped."""
    monkeypatch.setattr(room, "FOLDER", folder)
    digest = hashlib.sha256((folder / f"{NAME}.npz").read_bytes()).hexdigest()
    plain = tuple(entry for entry in RESTORERS if entry.name != NAME)
    monkeypatch.setattr(registry, "RESTORERS", (*plain, *declared_restorers({NAME: digest})))
    return digest


@lru_cache
def restored(spec):
    """Restored image; the difference is the same in all tests of this module."""
    return load_restorer(spec).restore(IMAGE[None], sampling=0.2)[0]


@pytest.mark.parametrize("engine", ["onnx", pytest.param("keras", marks=pytest.mark.slow)])
def test_without_its_share_it_is_the_published_network_bit_for_bit(shipped, engine):
    published = restored(f"cgrdn@{engine}")
    assert np.array_equal(restored(f"{NAME}@{engine}:share=0"), published)
    # Negative control: with it, it is another network.
    assert np.abs(restored(f"{NAME}@onnx") - published).max() > 0.01 * published.std()


def test_both_engines_give_the_same_image(shipped):
    one, other = (restored(f"{NAME}@{engine}:share=0.5") for engine in ("keras", "onnx"))
    assert np.abs(one - other).max() < 1e-4 * one.std()
    # Negative control: another share is another image.
    assert np.abs(restored(f"{NAME}@onnx") - one).max() > 1e-3 * one.std()


def test_the_whole_share_is_the_tuned_network(shipped, folder):
    """Held against the weights themselves, added here."""
    difference = read_difference(folder / f"{NAME}.npz")
    weights = dict(read_published_weights("hrstem").convolutions)
    for number, change in difference.changes.items():
        weights[number] = tuple(
            plain + part for plain, part in zip(weights[number], change, strict=True)
        )
    expected = CgrdnRestorer(
        metadata=metadata_of("cgrdn@onnx"), forward=cgrdn_forward(weights, "onnx")
    ).restore_image(IMAGE, sampling=0.2)
    assert np.array_equal(restored(f"{NAME}@onnx"), expected)


def test_its_identity_holds_hash_and_share(shipped):
    for spec in (NAME, f"{NAME}@onnx:share=0.5", f"{NAME}@keras"):
        metadata = metadata_of(spec)
        assert spec != f"{NAME}@onnx:share=0.5" or metadata == load_restorer(spec).metadata
        assert metadata.name == spec  # and so names what gives the same again
        assert metadata.weights_sha256 == shipped
        assert metadata.version.endswith(", tuned")
        assert "seed 3, 70 steps" in metadata.training_data
    assert metadata_of(f"{NAME}@onnx:share=0.5").label == "CGRDN faithful (onnx) (share=0.5)"
    assert metadata_of(NAME).licence == metadata_of("cgrdn").licence == "GPL-3.0-only"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (f"{NAME}:share=1.5", "share"),
        (f"{NAME}:share=-0.1", "share"),
        (f"{NAME}:part=1", "has no setting 'part=1'; it has share=1.0"),
        (f"{NAME}@cuda", "unknown engine"),
    ],
)
def test_impossible_settings_are_refused(shipped, spec, message):
    with pytest.raises(InputError, match=message):
        metadata_of(spec)
    with pytest.raises(InputError, match=message):
        load_restorer(spec)


def test_another_file_than_the_shipped_one_is_refused(shipped, folder, tmp_path, monkeypatch):
    difference = read_difference(folder / f"{NAME}.npz")
    write_difference(
        tmp_path / f"{NAME}.npz",
        type(difference)(**{**vars(difference), "origin": {"seed": 4, "steps": 70}}),
    )
    (entry,) = (each for each in registry.RESTORERS if each.name == NAME)
    monkeypatch.setattr(room, "FOLDER", tmp_path)
    (other,) = declared_restorers({NAME: shipped})
    assert entry.metadata().weights_sha256 == shipped
    for read in (other.metadata, other.load):
        with pytest.raises(InputError, match="reinstall stembench"):
            read()
    load_tuned(tmp_path / f"{NAME}.npz", name="mine", engine="onnx")  # as a file of one's own
    (tmp_path / f"{NAME}.npz").unlink()
    with pytest.raises(InputError, match="no difference to published weights"):
        other.metadata()


def test_a_difference_to_other_weights_is_refused(folder, tmp_path):
    difference = read_difference(folder / f"{NAME}.npz")
    path = tmp_path / "other.npz"
    write_difference(path, type(difference)(**{**vars(difference), "network": "lrstem"}))
    for read in (load_tuned, room.tuned_metadata):
        with pytest.raises(InputError, match="other weights"):
            read(path, name="mine", engine="onnx")


@pytest.mark.parametrize("name", list(SHIPPED))
def test_what_ships_is_small_and_says_where_it_is_from(name):
    path = room.FOLDER / f"{name}.npz"
    assert path.stat().st_size <= 1_000_000
    assert metadata_of(name).weights_sha256 == SHIPPED[name]
    origin = read_difference(path).origin
    assert {"recipe", "seed", "steps", "commit", "licence", "share", "open"} <= set(origin)
    assert origin["licence"].startswith("GPL-3.0-only")
    assert metadata_of(name).licence == "GPL-3.0-only"
    # What is between target and value is told where the value is on the wrong side.
    assert {measure for measure, told in origin["open"].items() if not told["reached"]} == {
        "vacancy@500", "scs_information@5000"
    }  # fmt: skip
    assert "1, 2, 3" in metadata_of(name).training_data
    assert "0.8 of their change" in metadata_of(name).training_data


@lru_cache
def as_shipped(spec):
    """Restored image of the difference in the package; without the fixtures of other ones."""
    return load_restorer(spec).restore(IMAGE[None], sampling=0.2)[0]


@pytest.mark.parametrize("name", list(SHIPPED))
def test_what_ships_is_one_network_on_every_engine_of_float32(name):
    one, other = (as_shipped(f"{name}@{engine}") for engine in ("keras", "onnx"))
    contrast = one.std()
    assert np.abs(one - other).max() < 1e-4 * contrast
    # Negative controls: the published network, and half of the way to it.
    assert np.abs(as_shipped("cgrdn@onnx") - other).max() > 0.02 * contrast
    assert np.abs(as_shipped(f"{name}@onnx:share=0.5") - other).max() > 0.01 * contrast


@pytest.mark.skipif(not bfloat16._has_instructions(), reason="no AVX512-BF16 or AMX here")
@pytest.mark.parametrize("name", list(SHIPPED))
def test_what_ships_in_bfloat16_is_near(name):
    low, exact = as_shipped(f"{name}@bf16"), as_shipped(f"{name}@onnx")
    assert 1e-5 < np.sqrt(np.mean((low - exact) ** 2)) / exact.std() < 5e-3


@pytest.mark.parametrize("name", list(SHIPPED))
def test_a_damaged_or_changed_file_in_the_package_is_refused(name, tmp_path, monkeypatch):
    content = (room.FOLDER / f"{name}.npz").read_bytes()
    monkeypatch.setattr(room, "FOLDER", tmp_path)
    (entry,) = declared_restorers({name: SHIPPED[name]})
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    for broken in (b"", content[: len(content) // 2], bytes(flipped)):
        (tmp_path / f"{name}.npz").write_bytes(broken)
        for read in (entry.metadata, entry.load):
            with pytest.raises(InputError, match="reinstall stembench"):
                read()
    (tmp_path / f"{name}.npz").write_bytes(content)
    assert entry.metadata().weights_sha256 == SHIPPED[name]


@pytest.mark.parametrize("name", list(SHIPPED))
def test_what_ships_keeps_more_of_a_vacancy(name):
    """What it was tuned for, on a lattice of this test: 15 noise realizations, paired."""
    lattice, sites = np.zeros((96, 96)), range(12, 90, 12)
    rows, across = np.indices(lattice.shape)
    for y in sites:
        for x in sites:
            if (y, x) != (48, 48):
                lattice += np.exp(-((rows - y) ** 2 + (across - x) ** 2) / 12)
    counts = np.random.default_rng(3).poisson(0.1 + 1.2 * lattice, (15, 96, 96)).astype(float)

    def filled(spec):
        images = load_restorer(spec).restore(counts, sampling=0.2)
        sums = [
            images[:, y - 3 : y + 4, x - 3 : x + 4].sum(axis=(1, 2))
            for y, x in ((48, 48), (48, 60))
        ]
        return sums[0] / sums[1]

    less = filled("cgrdn@onnx") - filled(f"{name}@onnx")
    assert less.mean() > 3 * less.std(ddof=1) / np.sqrt(len(less))
    assert less.mean() > 0.05
