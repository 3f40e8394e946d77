"""Start positions as many programs write them."""

from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import pytest
import scipy.io
from hypothesis import given, settings, strategies as st

from bench.own_images.files.places.positions import corner_note, read_positions
from stembench.errors import InputError

_PLACES = [[2.0, 1.0], [4.0, 3.5]]

_NUMBER = st.floats(0, 4000).map(lambda value: round(value, 3))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(_NUMBER, _NUMBER), min_size=1, max_size=6),
    st.sampled_from([",", ", ", ";", "; ", "\t", " ", "   "]),
    st.sampled_from([".", ","]),
    st.sampled_from([("x", "y"), ("X", "Y"), ("x (px)", "y (px)"), ("x_px", "y_px"), ("XM", "YM")]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.booleans(),
)
def test_tables(places, separator, decimal, heads, newline, encoding, more) -> None:
    if decimal == "," and separator.strip() == ",":
        decimal = "."
    if separator.isspace() and separator != "\t":
        heads = tuple(head.replace(" ", "_").replace("(", "").replace(")", "") for head in heads)
    rows = [[f"{x:.3f}".replace(".", decimal), f"{y:.3f}".replace(".", decimal)] for x, y in places]
    names = list(heads)
    if more:  # ImageJ numbers its rows and measures other things first
        names = ["nr", "Area", *names]
        rows = [[str(number + 1), f"0{decimal}5", *row] for number, row in enumerate(rows)]
    text = newline.join(separator.join(row) for row in [names, *rows]) + newline
    with TemporaryDirectory() as folder:
        path = Path(folder) / "p.csv"
        path.write_bytes(text.encode(encoding))
        assert read_positions(path) == pytest.approx(np.array(places))


@pytest.mark.parametrize(
    "text",
    [
        "y,x,name\n1,2,a\n3.5,4,b\n",
        " ,Area,Mean,X,Y\n1,0.2,97,2.000,1.000\n2,0.2,96,4.000,3.500\n",  # ImageJ, Results.csv
        " \tArea\tX\tY\n1\t0\t2.000\t1\n2\t0\t4.000\t3.5\n",  # ImageJ, Results.xls
        '"x","y"\n"2","1"\n"4","3.5"\n',
        "x;y\n2,0;1,0\n4,0;3,5\n",  # a European spreadsheet
        "# x y\n2 1\n# a remark\n4 3.5\n",
        "# made by hand\n# in pixels\nx,y\n2,1\n4,3.5\n",
        "# made by hand\n2,1\n4,3.5\n",
        "# made by hand\n# x y\n2 1\n4 3.5\n",
        "sep=;\nx;y\n2,0;1,0\n4,0;3,5\n",  # what a spreadsheet writes for itself
        "x,y\npx,px\n2,1\n4,3.5\n",
        "x;y\nnm;nm\n0,04;0,02\n0,08;0,07\n",
        "x/nm,y/nm\n0.04,0.02\n0.08,0.07\n",
        "2 1\n4 3.5\n",
        "2,1\n4,3.5\n",
        "2.0;1.0\n4.0;3.5\n\n",
        "2,0 1,0\n4,0 3,5\n",
        "x,x_err,y,y_err,x_A,y_A\n2,9,1,9,7,7\n4,9,3.5,9,7,7\n",  # our own table
        "x (nm),y (nm)\n0.04,0.02\n0.08,0.07\n",
        "x_A,y_A\n0.4,0.2\n0.8,0.7\n",
    ],
)
def test_tables_of_programs(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.csv").write_text(text)
    assert read_positions(tmp_path / "p.csv", sampling=0.2) == pytest.approx(np.array(_PLACES))


def test_an_array_of_two_rows_is_no_list_of_positions(tmp_path: Path) -> None:
    """It was read as two positions; two rows of two values are."""
    np.save(tmp_path / "p.npy", np.arange(12.0).reshape(2, 6))
    with pytest.raises(InputError, match=r"\(n, 2\) is needed"):
        read_positions(tmp_path / "p.npy")
    np.save(tmp_path / "p.npy", np.array(_PLACES))
    assert read_positions(tmp_path / "p.npy") == pytest.approx(np.array(_PLACES))


def test_positions_in_a_corner_are_said() -> None:
    # Columns 2 nm apart in nm, on an image of 400 px of 0.02 nm.
    places = 0.2 * np.stack(np.mgrid[1:30, 1:30], axis=-1).reshape(-1, 2)
    assert "unit" in corner_note(places, (400, 400))
    assert corner_note(places / 0.02, (400, 400)) == ""


class TestPrograms:
    @pytest.mark.parametrize("fitted", [False, True])
    def test_statstem(self, tmp_path: Path, fitted: bool) -> None:
        # The first pixel of StatSTEM lies at dx.
        coordinates = np.column_stack([0.12 * (np.array(_PLACES) + 1), [1, 1]])
        read = {"input": {"dx": 0.12, "coordinates": coordinates + (0.5 if fitted else 0)}}
        if fitted:
            read["output"] = {"coordinates": coordinates, "dx": 0.12}
        scipy.io.savemat(tmp_path / "p.mat", read)
        assert read_positions(tmp_path / "p.mat") == pytest.approx(np.array(_PLACES))

    def test_statstem_without_coordinates(self, tmp_path: Path) -> None:
        scipy.io.savemat(tmp_path / "p.mat", {"input": {"obs": np.zeros((9, 9)), "dx": 0.1}})
        with pytest.raises(InputError, match="no coordinates"):
            read_positions(tmp_path / "p.mat")

    def test_atomap(self, tmp_path: Path) -> None:
        with h5py.File(tmp_path / "p.hdf5", "w") as file:
            for number, place in enumerate(_PLACES):
                file[f"{number}_sublattice/atom_positions"] = [place]
                file[f"{number}_sublattice/sigma_x"] = [1.0]
        assert read_positions(tmp_path / "p.hdf5") == pytest.approx(np.array(_PLACES))

    def test_numpy(self, tmp_path: Path) -> None:
        np.save(tmp_path / "p.npy", np.array(_PLACES))
        assert read_positions(tmp_path / "p.npy") == pytest.approx(np.array(_PLACES))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no file"),
        ("", "cannot be read"),
        ("a,b\n1,2\n", "columns x and y"),
        ("x,y\n", "no positions"),
        ("x,y\n1,\n", "finite"),
        ("x,y\n1,two\n", "cannot be read"),
        ("x,y\n1,5,2,5\n", "decimal commas need semicolons"),
        ("x,y (nm)\n1,2\n", "columns x and y"),
        ("1 2 3\n4 5 6\n", "columns x and y"),
        ("x (nm),y (nm)\n1,2\n", "positions in nm"),
    ],
)
def test_bad_positions_are_named(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "p.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_positions(path)


@pytest.mark.parametrize(
    ("name", "write", "message"),
    [
        ("p.npy", lambda path: np.save(path, np.zeros((3, 1))), "shape"),
        ("p.npy", lambda path: path.write_bytes(b"junk"), "cannot be read"),
        ("p.hdf5", lambda path: h5py.File(path, "w").close(), "atom_positions"),
        ("p.hdf5", lambda path: path.write_bytes(b"junk"), "cannot be read"),
        ("p.mat", lambda path: path.write_bytes(b"junk"), "cannot be read"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, name: str, write, message: str) -> None:
    write(tmp_path / name)
    with pytest.raises(InputError, match=message):
        read_positions(tmp_path / name)
