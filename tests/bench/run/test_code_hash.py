"""Hash of a user's code: what it covers, what it leaves out, and that a change is refused."""

from pathlib import Path

import pytest

from bench.executor.environment import hash_of, program_hash
from bench.run.code_hash import code_files
from bench.run.user_code import UserCode
from stembench.errors import InputError

FILES = {
    "mine/__init__.py": "",
    "mine/denoise.py": "from . import filters\nimport constants\nDATA = 'table.csv'\n"
    "def f(images, *, sampling):\n    import lazy\n    return images\n",
    "mine/filters.py": "import numpy\nfrom .deep.kernel import k\n",
    "mine/deep/__init__.py": "",
    "mine/deep/kernel.py": "import mine.denoise\nk = open('weights' + '/' + 'w.bin')\n",
    "mine/table.csv": "1",
    "mine/deep/weights/w.bin": "2",
    "constants.py": "broken (",
    "lazy.py": "",
    "stranger.py": "",
    "mine/stranger.csv": "",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def digest(folder: Path) -> str:
    return hash_of(code_files("mine.denoise:f", search=[folder]))


@pytest.mark.parametrize("name", [name for name in FILES if "stranger" not in name])
def test_every_file_of_the_code_counts(folder: Path, name: str) -> None:
    before = digest(folder)
    assert digest(folder) == before
    (folder / name).write_text(FILES[name] + "\n")
    assert digest(folder) != before


def test_what_the_code_does_not_name_does_not_count(folder: Path) -> None:
    before = digest(folder)
    for name in ("stranger.py", "mine/stranger.csv"):
        (folder / name).write_text("changed")
    assert digest(folder) == before


def test_nothing_is_run(folder: Path) -> None:
    (folder / "mine" / "__init__.py").write_text("raise SystemExit\n")
    assert "mine/denoise.py" in code_files("mine.denoise:f", search=[folder])
    assert code_files("absent:f", search=[folder]) == {}
    assert code_files("no callable", search=[folder]) == {}


def test_a_change_while_the_run_goes_on_is_refused(folder: Path) -> None:
    (folder / "model.onnx").write_text("weights")
    code = UserCode(["raw", "mine.denoise:f", "model.onnx"])
    assert set(code.hashes) == {"mine.denoise:f", "model.onnx"}
    code.check()
    (folder / "lazy.py").touch()  # the same content
    code.check()
    (folder / "lazy.py").write_text("x = 1")
    with pytest.raises(InputError, match=r"mine\.denoise:f was changed while the run went on"):
        code.check()
    (folder / "lazy.py").write_text("")
    code.check()
    (folder / "model.onnx").unlink()
    with pytest.raises(InputError, match=r"the model of model\.onnx was changed"):
        code.check()


def test_the_program_has_a_hash() -> None:
    assert len(program_hash()) == 64
    assert program_hash() == program_hash()
