"""`import stembench`: cheap, lazy, and what its stub says."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import stembench

ROOT = Path(__file__).parents[3]
#: Nothing of these is loaded by the import itself.
HEAVY = {"numpy", "pandas", "bench", "cases", "restore", "fitting", "reports", "tensorflow"}


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_the_import_alone_loads_nothing() -> None:
    assert not loaded_by("import stembench\nassert 'run' in dir(stembench)") & HEAVY
    # negative control: the same search sees what the first use loads
    assert {"numpy", "cases"} <= loaded_by("import stembench\nstembench.cases.CASES")


def test_names_are_those_of_the_stub_and_resolve() -> None:
    stub = (ROOT / "stembench" / "__init__.pyi").read_text(encoding="utf-8")
    for name in stembench.__all__:
        assert f"{name} as {name}" in stub
        assert getattr(stembench, name) is getattr(stembench, name)
    assert stembench.cases is importlib.import_module("cases")
    assert stembench.load_restorer("raw").metadata.name == "raw"


def test_a_name_that_there_is_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        stembench.trian  # type: ignore[attr-defined]  # noqa: B018
