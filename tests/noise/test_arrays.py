"""Noise on a user's own arrays and abTEM images."""

import subprocess
import sys

import numpy as np
import pytest

from noise.arrays import distort_array
from noise.presets import PRESETS, STUDY_SCAN
from noise.scan import ScanNoise
from noise.stages.jitter import Jitter
from noise.tem import TemNoise
from stembench.errors import InputError


def image(shape: tuple[int, ...] = (24, 30)) -> np.ndarray:
    return 0.3 * np.random.default_rng(1).random(shape)


class TestArrays:
    @pytest.mark.parametrize("preset", PRESETS)
    def test_every_preset_gives_counts_about_the_dose(self, preset: str) -> None:
        clean = np.full((64, 64), 0.25)
        counts = distort_array(clean, preset, dose=2e4, sampling=0.2, seed=3)
        assert counts.shape == clean.shape
        # No stage changes the mean by as much as a tenth: 200 e/px, dark current at most 5.
        assert counts.mean() == pytest.approx(0.25 * 2e4 * 0.04, rel=0.1)

    def test_seed_realization_and_place_matter(self) -> None:
        arguments = {"dose": 1e3, "sampling": 0.2}
        first = distort_array(image(), "study", seed=1, **arguments)
        assert np.array_equal(first, distort_array(image(), STUDY_SCAN, seed=1, **arguments))
        for other in (
            distort_array(image(), "study", seed=2, **arguments),
            distort_array(image(), "study", seed=1, realization=1, **arguments),
        ):
            assert not np.array_equal(first, other)
        stack = distort_array(np.stack([image()] * 2), "study", seed=1, **arguments)
        assert np.array_equal(stack[0], first)
        assert not np.array_equal(stack[0], stack[1])

    def test_axes_before_the_image_are_kept(self) -> None:
        out = distort_array(image((2, 3, 8, 9)), TemNoise(), dose=1e3, sampling=0.2)
        assert out.shape == (2, 3, 8, 9)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"images": np.zeros(5)}, "two axes"),
            ({"images": image() * 1j}, "complex"),
            ({"images": -image()}, "negative"),
            ({"images": image() * np.nan}, "NaN"),
            ({"sampling": None}, "pixel size"),
            ({"sampling": -0.2}, "sampling"),
            ({"dose": 0.0}, "dose"),
            ({"dose": float("nan")}, "dose"),
            ({"seed": -1}, "seed"),
            ({"realization": -1}, "realization"),
            ({"preset": "studio"}, "studio"),
            ({"preset": 5}, "preset"),
        ],
    )
    def test_bad_input_is_named(self, change: dict, message: str) -> None:
        arguments = {"images": image(), "preset": "study", "dose": 1e3, "sampling": 0.2} | change
        with pytest.raises(InputError, match=message):
            distort_array(arguments.pop("images"), arguments.pop("preset"), **arguments)


class TestAbtem:
    def test_the_fast_scan_of_abtem_images_runs_along_x(self) -> None:
        abtem = pytest.importorskip("abtem")
        array = image((24, 30)).astype(np.float32)  # 24 along x, 30 along y
        images = abtem.Images(array, sampling=0.2, metadata={"label": "intensity"})
        noise = ScanNoise(jitter=Jitter(sigma_x=0.2, sigma_y=0.0, phi_x=0.5, phi_y=0.0))
        out = distort_array(images, noise, dose=1e7, seed=2)
        rows = distort_array(array.T, noise, dose=1e7, sampling=0.2, seed=2)
        assert np.array_equal(out.array, rows.T)
        assert out.sampling == (0.2, 0.2)
        assert out.metadata["units"] == "e/px"
        assert np.array_equal(images.array, array)

    def test_ensembles_and_lazy_images(self) -> None:
        abtem = pytest.importorskip("abtem")
        axis = abtem.core.axes.OrdinalAxis(values=(1, 2))
        array = image((2, 12, 10)).astype(np.float32)
        images = abtem.Images(array, sampling=(0.2, 0.201), ensemble_axes_metadata=[axis])
        out = distort_array(images, dose=1e3)
        assert out.shape == (2, 12, 10)
        assert np.array_equal(distort_array(images.ensure_lazy(), dose=1e3).array, out.array)
        # The mean pixel keeps the area: 1e3 e/Å² on 0.0402 Å².
        assert out.array.mean() == pytest.approx(array.mean() * 1e3 * 0.0402, rel=0.1)

    def test_bad_pixels_are_named(self) -> None:
        abtem = pytest.importorskip("abtem")
        with pytest.raises(InputError, match="not square"):
            distort_array(abtem.Images(image(), sampling=(0.1, 0.2)), dose=1e3)
        with pytest.raises(InputError, match="leave sampling out"):
            distort_array(abtem.Images(image(), sampling=0.2), dose=1e3, sampling=0.2)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, noise.arrays, noise.evidence.coverage, noise.evidence.published_pairs\n"
        "print([m for m in ('numba', 'abtem', 'matplotlib', 'h5py', 'tk_r_em', 'tensorflow', 'PIL')"
        " if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
