"""A file is written whole or not at all."""

import errno
import os
from pathlib import Path

import pytest

from stembench.atomic_files import replacing
from stembench.errors import InputError
from stembench.sealed_files import write_whole


def test_the_file_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    with replacing(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert [file.name for file in path.parent.iterdir()] == ["a.txt"]


def test_an_error_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(TypeError), replacing(path) as temporary:
        temporary.write_text(b"half")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    ("code", "message"),
    [(errno.ENOSPC, "disk is full"), (errno.EDQUOT, "disk is full"), (errno.EROFS, "written")],
)
def test_a_full_or_closed_disk_is_said_so(tmp_path: Path, code: int, message: str) -> None:
    path = tmp_path / "a.txt"
    with pytest.raises(InputError, match=message), replacing(path):
        raise OSError(code, "as the system says it")
    assert not list(tmp_path.iterdir())


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="written"), replacing(tmp_path / "file" / "a.txt"):
        pass


def test_an_error_of_another_file_passes_through(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a"):
        (tmp_path / "read" / "meanwhile").read_bytes()
    assert not list(tmp_path.iterdir())


def test_what_numpy_could_not_write_is_said_without_a_number(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is the disk full"), replacing(tmp_path / "a"):
        raise OSError("100 requested and 0 written")


@pytest.mark.parametrize("kind", ["folder", "link", "device"])
def test_only_regular_files_are_replaced(tmp_path: Path, kind: str) -> None:
    path = Path(os.devnull) if kind == "device" else tmp_path / "there"
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif os.name == "nt":
        pytest.skip("has no such file")
    with pytest.raises(InputError, match=kind), replacing(path):
        pass
    assert path.exists() or path.is_symlink()


@pytest.mark.skipif(os.name == "nt", reason="has no such rights")
def test_a_file_has_the_rights_that_new_files_have(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "a", b"content")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640
