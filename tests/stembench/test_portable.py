"""What only POSIX has is not needed to start: most microscopes' images are on Windows."""

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.cli.terminal import plain

PACKAGES = ("bench", "cases", "fitting", "noise", "reports", "restore", "stembench", "training")
POSIX = ("fcntl", "grp", "pwd", "resource", "termios")

#: Refuses those modules to our packages, as Windows would; other packages have their own ways.
REFUSING = f"""
import importlib.abc, sys

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        frame = sys._getframe(1)
        while frame and "importlib" in frame.f_code.co_filename:
            frame = frame.f_back
        asks = frame.f_globals.get("__name__", "").split(".")[0] if frame else ""
        if name in {POSIX!r} and asks in {PACKAGES!r}:
            raise ModuleNotFoundError(f"no module {{name!r}} for {{asks}}")

for name in {POSIX!r}:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Refuse())
"""


def run(code: str, **surroundings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, errors="replace", check=False,
        env={**os.environ, **surroundings},
    )  # fmt: skip


def modules() -> list[str]:
    root = Path(__file__).parents[2]
    return [
        module.name
        for package in PACKAGES
        for module in pkgutil.walk_packages([str(root / package)], prefix=f"{package}.")
        if "test_" not in module.name
    ]


def test_no_module_needs_posix_to_be_imported() -> None:
    names = modules()
    assert len(names) > 250
    code = (
        f"{REFUSING}\nimport importlib\nfor name in {names!r}:\n    importlib.import_module(name)"
    )
    done = run(code)
    assert done.returncode == 0, done.stderr[-2000:]


def test_control_a_module_that_needs_posix_is_noticed() -> None:
    done = run(f"{REFUSING}\n__name__ = 'bench.made_up'\nimport resource")
    assert done.returncode == 1
    assert "no module 'resource' for bench" in done.stderr


@pytest.mark.parametrize("words", [["list"], ["fit", "--help"], ["noise-ranges"]])
@pytest.mark.parametrize("encoding", ["ascii", "cp437"])
def test_a_pipe_that_knows_few_characters_ends_no_command(words: list[str], encoding: str) -> None:
    code = f"import sys; sys.argv[1:] = {words!r}\nfrom bench.cli.app import main\nmain()"
    done = run(code, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr[-500:]
    assert "Traceback" not in done.stderr


def test_plain_letters() -> None:
    text = "σ of 0.15 Å, 5·10² e/Å², ±3 – [1̅10] µm ≤ ½ Ω"
    assert plain(text) == "sigma of 0.15 A, 5*10^2 e/A^2, +-3 - [1?10] um <= 1/2 ?"
