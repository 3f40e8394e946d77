"""Copy the tests for an installed wheel: ``python distribution/wheel_tests.py FOLDER``.

In the copy they import what the wheel has below one name. Tests of the checkout itself, its
documents, layers and scripts, are left out; the number of each is printed.
"""

import shutil
import sys
import tomllib
from pathlib import Path
from typing import Final

from one_name import MOVED, modules_in, rewritten

ROOT: Final = Path(__file__).resolve().parents[1]
#: What these read is of the checkout alone.
LEFT_OUT: Final = {
    "tests/test_doors.py": "packages and rooms as folders of the checkout",
    "tests/test_documents.py": "documents",
    "tests/test_recipes.py": "documents; a copy of the checkout is changed",
    "tests/docs": "documents",
    "tests/distribution": "the wheel before it is installed",
    "tests/bench/library/test_door.py": "a stub in the checkout; names of packages there",
    "tests/bench/speed": "scripts that do not ship",
    "tests/bench/test_faithful_gate.py": "a script that does not ship",
    "tests/bench/test_faithful_results.py": "a script that does not ship",
    "tests/bench/test_faithful_tuning.py": "a script that does not ship",
    "tests/bench/test_paper_results.py": "a script that does not ship",
    "tests/bench/output/test_colours.py": "source files, by folder",
    "tests/bench/cli/test_json.py": "source files, by folder",
    "tests/bench/cli/test_core_alone.py": "an installation without extras; pyproject.toml",
    "tests/fitting/test_door.py": "source files, by folder",
    "tests/fitting/kernels/test_compiled.py": "source files, by folder",
    "tests/noise/evidence/test_declarations.py": "documents",
    "tests/reports/page/charts/test_chart_data.py": "a folder of the checkout",
    "tests/stembench/surroundings/test_program_version.py": "versions of a checkout",
    "tests/stembench/test_portable.py": "source files, by folder",
    "tests/training/evidence/test_drawn_parameters.py": "documents",
    "tests/training/recipes/test_recipe_files.py": "documents; a folder of the checkout",
}
#: Settings of pytest that the copy is run with.
_SETTINGS: Final = ("addopts", "markers", "xfail_strict", "filterwarnings")


def copied(folder: Path, /) -> tuple[int, int]:
    """Copy the tests to a folder, which must not exist.

    Returns
    -------
    taken, left : int
        Files of tests that were copied and that were left out.
    """
    sources = {
        path.relative_to(ROOT).as_posix(): b""
        for name in MOVED
        for path in (ROOT / name).rglob("*.py")
    }
    is_module = modules_in(sources)
    taken = left = 0
    for path in sorted((ROOT / "tests").rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        is_test = path.name.startswith("test_")
        if any(name == each or name.startswith(f"{each}/") for each in LEFT_OUT):
            left += is_test
            if is_test:
                continue
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".py":
            target.write_bytes(rewritten(path.read_bytes(), name, is_module))
            taken += is_test
        else:
            shutil.copy(path, target)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    settings = project["tool"]["pytest"]["ini_options"]
    lines = [f"{name} = {settings[name]!r}".replace("True", "true") for name in _SETTINGS]
    text = "\n".join(["[tool.pytest.ini_options]", 'pythonpath = ["."]', *lines, ""])
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return taken, left


if __name__ == "__main__":
    taken, left = copied(Path(sys.argv[1]))
    sys.stdout.write(f"{taken} files of tests for the wheel; {left} are of the checkout alone\n")
