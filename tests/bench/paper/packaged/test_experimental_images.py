"""Experimental images: read from packages, wheels and the checkout, or named where they are."""

import io
import zipfile
from importlib.util import find_spec
from pathlib import Path

import h5py
import numpy as np
import pytest

from bench.paper.packaged import experimental_images
from bench.paper.packaged.experimental_images import (
    low_resolution_stem,
    published_hrstem,
    sem_particles,
    strontium_titanate,
)
from reports import LackingError


def test_a_package_that_is_not_there_is_named_with_its_command(tmp_path: Path) -> None:
    with pytest.raises(LackingError, match=r"pip download --no-deps --dest \S+ hyperspy==1.7.6"):
        low_resolution_stem(tmp_path)


def test_a_wheel_is_read_without_being_installed(tmp_path: Path) -> None:
    """A made wheel with the file where the real one has it."""
    pixels = np.arange(12, dtype=np.uint16).reshape(3, 4)
    array, inner = io.BytesIO(), io.BytesIO()
    np.save(array, pixels)
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("fei_emd_image.npy", array.getvalue())
    with zipfile.ZipFile(tmp_path / "hyperspy-1.7.6-py3-none-any.whl", "w") as wheel:
        wheel.writestr("hyperspy/tests/io/emd_files/fei_emd_files.zip", inner.getvalue())
    image = low_resolution_stem(tmp_path)
    np.testing.assert_array_equal(image.pixels, pixels)
    assert "hyperspy 1.7.6 (GPL-3.0)" in image.source


def test_images_of_the_checkout_name_their_licence() -> None:
    for read in (strontium_titanate, sem_particles):
        image = read()
        assert image.pixels.ndim == 2
        assert image.pixels.std() > 0
        assert "(MIT)" in image.source
    assert strontium_titanate().sampling == 0.135


def test_without_the_checkout_the_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experimental_images, "_ROOT", tmp_path)
    with pytest.raises(LackingError, match="comes with the checkout"):
        sem_particles()


def test_the_published_hrtem_file_holds_the_stem_images() -> None:
    """Why Fig. 5 has no HR-TEM image: the file of that name is a copy of the STEM one."""
    folder = Path(find_spec("tk_r_em").submodule_search_locations[0])
    with h5py.File(folder / "test_data" / "sfr_hrtem.h5") as file:
        claimed = file["x"][:, :, 4]
    np.testing.assert_array_equal(published_hrstem(4).pixels, claimed)
