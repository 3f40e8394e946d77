"""The doors of the package: what they list is there, hides no module, and loads late."""

import subprocess
import sys
from pathlib import Path

import pytest

import fitting
import fitting.lattice

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("package", [fitting, fitting.lattice], ids=lambda p: p.__name__)
def test_each_name_is_there_and_no_module_has_it(package):
    """A function of a module's name would be hidden once that module is imported."""
    folder = Path(package.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} | {
        path.name for path in folder.iterdir() if path.is_dir()
    }
    assert package.__all__
    for name in package.__all__:
        assert name not in modules
        assert hasattr(package, name)


def test_calls_are_imported_without_numba():
    """The kernels are loaded by the first fit, not by the import of what calls it."""
    code = (
        "import sys\n"
        "from fitting import cramer_rao, find_columns, fit_batch\n"
        "from fitting.engine import problem\n"
        "print('numba' in sys.modules)\n"
        "from fitting.engine import joint\n"
        "print('numba' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]
