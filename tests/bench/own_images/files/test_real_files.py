"""Files of microscopes that public packages ship, read as a user's own.

They are no part of this repository: unpack the wheels of atomap 0.4.2, temul-toolkit 0.1.9 and
hyperspy 1.7.6 (the last to hold the test files of its readers) into a folder, and name that in the
environment variable STEMBENCH_REAL_FILES.
"""

import os
from pathlib import Path

import pytest

from bench.own_images.files.image_file import read_image
from bench.own_images.files.places.positions import read_positions
from bench.own_images.files.sampling import known_sampling
from stembench.errors import InputError

_VARIABLE = "STEMBENCH_REAL_FILES"


def _file(name: str) -> Path:
    folder = os.environ.get(_VARIABLE)
    if not folder:
        pytest.skip(
            f"{_VARIABLE} is not set: unpack the wheels of atomap 0.4.2, temul-toolkit 0.1.9 and "
            "hyperspy 1.7.6 into a folder and name it there to read real files"
        )
    found = sorted(Path(folder).rglob(name))
    assert found, f"there is no {name} below {folder}"
    return found[0]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "image", "shape", "sampling"),
    [
        ("example_Au_nanoparticle.emd", None, (1, 2048, 2048), 0.074984),
        ("example_Se_implanted_MoS2.dm3", None, (1, 1024, 1024), 0.126953),
        ("example_detector_image.hspy", None, (1, 512, 512), 310.365),
        ("multi_signal.dm3", None, (1, 512, 512), 0.177516),
        ("olympus_SIS.tif", None, (1, 101, 112), 0.23928),
        ("P45_the_default_job.bcf", None, (1, 75, 100), 87367.9),
        ("P45_the_default_job.bcf", "SE", (1, 75, 100), 87367.9),
        ("test_TEM.bcf", "HAADF", (1, 64, 64), 7.71005),
        ("rawdata.ASW", "Fe K", (1, 512, 512), 86.9141),
        ("16x16x5_STEM_BF_DF_preview.emi", "2", (5, 16, 16), 215.1),
        ("test_surface.sur", None, (1, 128, 128), 825.22),
        ("test_loading_image_saved_with_imageJ_stack.tif", None, (2, 68, 68), 1686.747),
    ],
)
def test_images(name: str, image: str | None, shape: tuple[int, ...], sampling: float) -> None:
    path = _file(name)
    file = read_image(path, image=image)
    assert file.images.shape == shape
    assert known_sampling(file.pixel, None, path=path)[0] == pytest.approx(sampling, rel=1e-5)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("16x16-line_profile_diagonal_10x1024.emi", "spectra \\('Energy' in eV\\)"),
        ("16x16-spectrum_image-5x5x1024.emi", "spectra"),
        ("16x16-diffraction_imagel_5x5x256x256_EDS.emi", "spectra.*diffraction"),
        ("EELS_SI.dm4", "spectra"),
        ("test-MonoCL_spectrum-SI.dm4", "spectra"),
        ("test_spectral_map.sur", "spectra"),
        ("128x128x5-diffraction_preview.emi", "diffraction pattern"),
        ("128x128x5-diffraction_preview_1.ser", "states 4.2.*e\\+17 Å"),
        ("64x64_diffraction_acquire_1.ser", "e\\+18 Å"),
        ("test_diffraction_pattern.dm3", "diffraction pattern"),
        ("test1.blo", "diffraction pattern"),
        ("fei_example_complex_fft.emd", "complex"),
        ("test_RGB.sur", "colour"),
        ("test_loading_image_saved_with_DM_stack.tif", "not square"),
        ("bcf_v2_50x50px.bcf", "not square"),
        ("example_Cu_nanoparticle_sim.hspy", "exactly 1 nm"),
        ("calibrated_data_probeStep*.hspy", "exactly 1 nm"),
        ("test_ADF_cropped.hdf5", "without a unit"),
        ("simulated_nanoparticle.hspy", "states no pixel size"),
    ],
)
def test_what_is_refused(name: str, message: str) -> None:
    path = _file(name)
    with pytest.raises(InputError, match=message):
        known_sampling(read_image(path).pixel, None, path=path)


def test_positions_of_atomap() -> None:
    assert read_positions(_file("test_atom_lattice.hdf5")).shape == (10, 2)
