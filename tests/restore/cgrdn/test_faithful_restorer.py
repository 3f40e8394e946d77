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
    assert {"recipe", "seed", "steps", "commit", "licence"} <= set(origin)
