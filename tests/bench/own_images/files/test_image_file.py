"""A user's files: what is read, what is refused, and with which sentence."""

from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import pytest
import scipy.io
import tifffile
import zarr
from hypothesis import given, settings, strategies as st

from bench.own_images.files.image_file import read_image
from stembench.errors import InputError


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(1).random((12, 17))


def hyperspy(
    path: Path,
    *images: tuple[str, np.ndarray],
    scale: float = 0.02,
    unit: str = "nm",
    reader: str = "hspy",
) -> None:
    """Write images as HyperSpy does, in HDF5 or in the Zarr format that its files have."""
    if reader == "hspy":
        file = h5py.File(path, "w")
    else:
        file = zarr.open_group(path, mode="w", zarr_format=2)
    file.attrs.update({"file_format": "HyperSpy", "file_format_version": "3.1"})
    for number, (title, image) in enumerate(images):
        group = file.create_group(f"Experiments/image_{number}")
        create = group.create_dataset if reader == "hspy" else group.create_array
        create("data", data=image)
        for place, size in enumerate(image.shape):
            group.create_group(f"axis-{place}").attrs.update(
                {
                    "name": "yx"[place], "size": size, "scale": scale, "offset": 0.0, "units": unit,
                    "navigate": False, "_type": "UniformDataAxis", "is_binned": False,
                }
            )  # fmt: skip
        metadata = group.create_group("metadata")
        metadata.create_group("General").attrs["title"] = title
        metadata.create_group("Signal").attrs["signal_type"] = ""
        group.create_group("original_metadata")
    if reader == "hspy":
        file.close()


class TestRead:
    def test_npy_and_npz(self, tmp_path: Path, image: np.ndarray) -> None:
        np.save(tmp_path / "a.npy", image)
        np.savez(tmp_path / "a.npz", image=image, sampling=0.15, other=np.zeros(3))
        plain, named = read_image(tmp_path / "a.npy"), read_image(tmp_path / "a.npz")
        assert np.array_equal(plain.images[0], image)
        assert plain.sampling is None
        assert not plain.stack
        assert np.array_equal(named.images[0], image)
        assert named.sampling == 0.15

    def test_a_stack_stays_a_stack(self, tmp_path: Path, image: np.ndarray) -> None:
        np.save(tmp_path / "a.npy", np.stack([image, image]).astype(np.uint16))
        assert read_image(tmp_path / "a.npy").stack
        assert read_image(tmp_path / "a.npy").images.shape == (2, 12, 17)

    def test_plain_tiff_without_calibration(self, tmp_path: Path, image: np.ndarray) -> None:
        tifffile.imwrite(tmp_path / "a.tif", image.astype(np.float32))
        assert read_image(tmp_path / "a.tif").sampling is None

    def test_nanometres_become_angstrom(self, tmp_path: Path, image: np.ndarray) -> None:
        from rsciio.tiff import file_writer

        axes = [
            {"name": n, "size": s, "scale": 0.02, "offset": 0.0, "units": "nm", "navigate": False}
            for n, s in zip("yx", image.shape, strict=True)
        ]
        signal = {
            "data": image,
            "axes": axes,
            "metadata": {"General": {"title": ""}, "Signal": {"signal_type": ""}},
            "original_metadata": {},
        }
        file_writer(str(tmp_path / "a.tif"), signal)
        assert read_image(tmp_path / "a.tif").sampling == pytest.approx(0.2)

    @pytest.mark.parametrize(
        ("name", "write", "message"),
        [
            ("gone.npy", None, "there is no file"),
            ("a.xyz", lambda p: p.write_text("x"), "no format that can be read"),
            ("a.npy", lambda p: p.write_bytes(b"junk"), "cannot be read"),
            ("a.tif", lambda p: p.write_bytes(b"junk"), "cannot be read"),
            ("a.npy", lambda p: np.save(p, np.zeros(5)), "shape"),
            ("a.npy", lambda p: np.save(p, np.zeros((0, 5))), "shape"),
            ("a.npy", lambda p: np.save(p, np.zeros((9, 9), complex)), "complex"),
            ("a.npy", lambda p: np.save(p, np.full((9, 9), np.nan)), "NaN"),
            ("a.npy", lambda p: np.save(p, np.array([[{}]]), allow_pickle=True), "cannot be read"),
            ("a.npz", lambda p: np.savez(p, a=np.zeros((9, 9)), b=np.zeros((9, 9))), "image"),
            ("a.npz", lambda p: np.savez(p, image=np.zeros((9, 9)), sampling=-0.1), "cannot be"),
            ("a.npz", lambda p: np.savez(p, image=np.zeros((9, 9)), sampling=np.nan), "cannot be"),
            ("a.mat", lambda p: p.write_bytes(b"junk"), "MATLAB"),
            ("a.zarr", lambda p: p.mkdir(), "cannot be read"),
            ("a.dm4", lambda p: p.mkdir(), "is a folder"),
        ],
    )
    def test_bad_files_are_named(self, tmp_path: Path, name: str, write, message: str) -> None:
        path = tmp_path / name
        if write:
            write(path)
        with pytest.raises(InputError, match=message) as caught:
            read_image(path)
        assert str(path) in str(caught.value)


class TestCalibrations:
    @settings(deadline=None, max_examples=25)
    @given(
        st.sampled_from(
            [
                ("nm", 10.0),
                ("pm", 0.01),
                ("micron", 1e4),
                ("microns", 1e4),
                ("um", 1e4),
                ("\\u00B5m", 1e4),
                ("\\u00C5", 1.0),
                ("angstrom", 1.0),
                ("mm", 1e7),
            ]
        ),
        st.floats(0.02, 50).filter(lambda size: abs(size - 1) > 1e-4),
        st.booleans(),
    )
    def test_imagej(self, unit: tuple[str, float], size: float, stack: bool) -> None:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "a.tif"
            shape = (3, 12, 17) if stack else (12, 17)
            tifffile.imwrite(
                path, np.ones(shape, np.float32), imagej=True, resolution=(1 / size, 1 / size),
                metadata={"unit": unit[0]},
            )  # fmt: skip
            file = read_image(path)
        assert file.sampling == pytest.approx(size * unit[1], rel=1e-6)
        assert file.images.shape[0] == (3 if stack else 1)

    def test_imagej_pixels_that_are_not_square(self, tmp_path: Path, image: np.ndarray) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(
            path,
            image.astype(np.float32),
            imagej=True,
            resolution=(50, 25),
            metadata={"unit": "nm"},
        )
        file = read_image(path)
        assert (file.pixel.x, file.pixel.y) == (pytest.approx(0.2), pytest.approx(0.4))
        assert file.sampling is None

    @pytest.mark.parametrize(("unit", "factor"), [("nm", 10.0), ("Å", 1.0), ("pm", 0.01)])
    def test_ome(self, tmp_path: Path, image: np.ndarray, unit: str, factor: float) -> None:
        path = tmp_path / "a.ome.tif"
        tifffile.imwrite(
            path, image.astype(np.float32), ome=True, metadata={
                "axes": "YX", "PhysicalSizeX": 0.3, "PhysicalSizeXUnit": unit,
                "PhysicalSizeY": 0.3, "PhysicalSizeYUnit": unit,
            },
        )  # fmt: skip
        assert read_image(path).sampling == pytest.approx(0.3 * factor)

    @pytest.mark.parametrize("unit", ["microns", "n_m", "Angstroms", "\u212b", "[nm]"])
    def test_hyperspy(self, tmp_path: Path, image: np.ndarray, unit: str) -> None:
        hyperspy(tmp_path / "a.hspy", ("HAADF", image), unit=unit)
        factor = {"microns": 1e4, "n_m": 10.0, "[nm]": 10.0}.get(unit, 1.0)
        assert read_image(tmp_path / "a.hspy").sampling == pytest.approx(0.02 * factor)

    def test_sides_that_differ_by_rounding(self, tmp_path: Path, image: np.ndarray) -> None:
        hyperspy(tmp_path / "a.hspy", ("HAADF", image), scale=8.73678506197786)
        with h5py.File(tmp_path / "a.hspy", "a") as file:
            file["Experiments/image_0/axis-1"].attrs["scale"] = 8.73678506197784
        assert read_image(tmp_path / "a.hspy").sampling == pytest.approx(87.3678506)


class TestSeveralImages:
    def test_one_is_chosen(self, tmp_path: Path, image: np.ndarray) -> None:
        hyperspy(tmp_path / "a.hspy", ("BF", image), ("HAADF", 2 * image))
        first = read_image(tmp_path / "a.hspy")
        assert "1 'BF'" in first.notes[0]
        assert np.array_equal(first.images[0], image)
        assert np.array_equal(read_image(tmp_path / "a.hspy", image="haadf").images[0], 2 * image)
        assert np.array_equal(read_image(tmp_path / "a.hspy", image="2").images[0], 2 * image)

    def test_colour_before_the_micrograph(self, tmp_path: Path, image: np.ndarray) -> None:
        with tifffile.TiffWriter(tmp_path / "a.tif") as file:
            file.write(np.zeros((32, 32, 3), np.uint8), photometric="rgb")
            file.write(image.astype(np.float32))
        assert read_image(tmp_path / "a.tif").images.shape == (1, 12, 17)

    def test_arrays_by_name(self, tmp_path: Path, image: np.ndarray) -> None:
        np.savez(tmp_path / "a.npz", clean=image, noisy=2 * image, sampling=0.15)
        file = read_image(tmp_path / "a.npz", image="noisy")
        assert np.array_equal(file.images[0], 2 * image)
        assert file.sampling == 0.15


class TestMissing:
    def test_missing_pixels_are_nan(self, tmp_path: Path, image: np.ndarray) -> None:
        image[2, 3], image[4, 5] = np.inf, np.nan
        np.save(tmp_path / "a.npy", image)
        read = read_image(tmp_path / "a.npy", missing=True).images[0]
        assert np.array_equal(np.isnan(read), ~np.isfinite(image))
        with pytest.raises(InputError, match="NaN"):
            read_image(tmp_path / "a.npy")


class TestFormats:
    def test_statstem(self, tmp_path: Path, image: np.ndarray) -> None:
        other = {"coordinates": np.ones((4, 3)), "rho": 1.0}
        scipy.io.savemat(
            tmp_path / "a.mat", {"input": {"obs": image, "dx": 0.12, **other}, "mask": image > 0.5}
        )
        file = read_image(tmp_path / "a.mat")
        assert np.array_equal(file.images[0], image)
        assert file.sampling == 0.12

    def test_statstem_in_hdf5(self, tmp_path: Path, image: np.ndarray) -> None:
        # MATLAB's header of 512 bytes, then HDF5 with reversed axes.
        with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
            file["input/obs"] = image.T
            file["input/dx"] = np.array([[0.12]])
        head = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
        with (tmp_path / "a.mat").open("r+b") as raw:
            raw.write(head)
        file = read_image(tmp_path / "a.mat")
        assert np.array_equal(file.images[0], image)
        assert file.sampling == 0.12

    def test_any_matlab_array(self, tmp_path: Path, image: np.ndarray) -> None:
        scipy.io.savemat(tmp_path / "a.mat", {"img": image, "n": 3.0})
        assert np.array_equal(read_image(tmp_path / "a.mat").images[0], image)

    @pytest.mark.slow  # loading abTEM takes seconds
    @pytest.mark.parametrize("stack", [False, True])
    def test_abtem(self, tmp_path: Path, image: np.ndarray, stack: bool) -> None:
        from abtem.core.axes import OrdinalAxis
        from abtem.measurements import Images

        data = np.stack([image.T, 2 * image.T]) if stack else image.T
        axes = [OrdinalAxis(values=(0, 1))] if stack else []
        Images(data, sampling=(0.1, 0.1), ensemble_axes_metadata=axes).to_zarr(
            str(tmp_path / "a.zarr")
        )
        file = read_image(tmp_path / "a.zarr")
        assert file.images == pytest.approx(np.stack([image, 2 * image]) if stack else image[None])
        assert file.sampling == pytest.approx(0.1)

    @pytest.mark.slow
    def test_abtem_diffraction(self, tmp_path: Path, image: np.ndarray) -> None:
        from abtem.measurements import DiffractionPatterns

        DiffractionPatterns(image, sampling=(0.1, 0.1)).to_zarr(str(tmp_path / "a.zarr"))
        with pytest.raises(InputError, match="holds DiffractionPatterns, no image"):
            read_image(tmp_path / "a.zarr")

    def test_abtem_as_stored(self, tmp_path: Path, image: np.ndarray) -> None:
        axis = {"units": "Å", "type": "RealSpaceAxis"}
        store = zarr.open_group(tmp_path / "a.zarr", mode="w")
        store.create_array("array0", data=image.T)
        store.attrs["metadata0"] = {
            "type": "Images",
            "axes": {
                "axis_0": {**axis, "label": "x", "sampling": 0.1},
                "axis_1": {**axis, "label": "y", "sampling": 0.15},
            },
        }
        file = read_image(tmp_path / "a.zarr")
        assert np.array_equal(file.images[0], image)
        assert (file.pixel.x, file.pixel.y) == (0.1, 0.15)

    def test_plain_zarr(self, tmp_path: Path, image: np.ndarray) -> None:
        zarr.save_array(str(tmp_path / "a.zarr"), image)
        assert np.array_equal(read_image(tmp_path / "a.zarr").images[0], image)

    def test_zspy(self, tmp_path: Path, image: np.ndarray) -> None:
        hyperspy(tmp_path / "a.zspy", ("HAADF", image), reader="zspy")
        file = read_image(tmp_path / "a.zspy")
        assert np.array_equal(file.images[0], image)
        assert file.sampling == pytest.approx(0.2)
