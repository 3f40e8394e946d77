"""The cache folder of the fit's kernels follows every file that holds code of theirs."""

import ast
import runpy
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def room(tmp_path):
    """Copy of the kernels' room, beside a copy of the column model."""
    shutil.copytree(
        ROOT / "fitting" / "kernels",
        tmp_path / "kernels",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copy(ROOT / "fitting" / "model.py", tmp_path)
    return tmp_path / "kernels"


def folder_of(room):
    return runpy.run_path(str(room / "compiled.py"))["COMPILER"].folder


def test_a_change_of_any_file_gives_another_folder(room):
    before = folder_of(room)
    files = [*room.glob("*.py"), room.parent / "model.py"]
    assert {"assembly.py", "covariance.py", "curvature.py", "envelope.py", "sums.py"} < {
        file.name for file in files
    }
    for file in files:
        source = file.read_text(encoding="utf-8")
        file.write_text(source + "# changed\n", encoding="utf-8")
        assert folder_of(room) != before, file.name
        file.write_text(source, encoding="utf-8")
    assert folder_of(room) == before


def test_kernels_hold_no_code_of_other_files():
    """What they import of ours is in the digest, or compiles to nothing."""
    digested = {"fitting.kernels", "fitting.model", "stembench.compiled", "stembench.arrays"}
    for file in (ROOT / "fitting" / "kernels").glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module.startswith(
                ("fitting", "stembench")
            ):
                assert node.module in digested or node.module.startswith("fitting.kernels."), (
                    f"{file.name} imports {node.module}"
                )


def test_nothing_is_compiled_outside_the_room():
    for file in (ROOT / "fitting").rglob("*.py"):
        if file.parent.name != "kernels":
            source = file.read_text(encoding="utf-8")
            assert "kernels.compiled" not in source
            assert "import numba" not in source
