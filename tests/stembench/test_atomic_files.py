"""A file is written whole or not at all."""

import errno
from pathlib import Path

import pytest

from stembench.atomic_files import replacing
from stembench.errors import InputError


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


def test_other_errors_pass_through(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="else"), replacing(tmp_path / "a"):
        raise OSError(errno.EIO, "something else")
