"""Packages, rooms and doors: who imports what through which door, and what a name may be.

A package is a top-level folder, a room is a package or a folder of one, and a package's door is its
`__init__`: the names that `__init__.pyi` lists are what the other packages may import.
"""

import ast
import importlib
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("stembench", "noise", "cases", "restore", "fitting", "training", "reports", "bench")

#: Packages that are imported by module: a ground floor of a few independent modules has no door.
WITHOUT_DOOR = ("stembench",)
#: Rooms that are doors of their own: reports may enter the first and no other of its package,
#: `import stembench` the second.
INNER_DOORS = ("fitting.lattice", "bench.library")
#: Packages that `import stembench` offers as a whole.
OFFERED: Final = {("stembench", "cases")}
#: Rooms that import by module, as the tests do: they time what lies behind the doors.
FREE_ROOMS = ("bench/speed",)

MOST_FILES = 12
MOST_LINES = 400

#: Base names that several files carry, with the subject that these files share. Any other base name
#: is that of one file.
SHARED_NAMES = {
    "ablation": "the study of the noise chain built up stage by stage: records, summary, figure",
    "arrays": "arrays: their types on the ground floor, the user's own ones distorted in noise",
    "atom_counts": "errors of counted atoms: metrics and words",
    "axes": "the axes of noise: figure and sentences",
    "bounds": "bounds of a run: their arithmetic, file, averages and words",
    "burgers": "the Burgers vector: its arithmetic, and its measurement in a run's images",
    "column_search": "columns found without start positions: algorithm, measurement, metrics",
    "columns": "the columns of an image: true ones, and the metrics of fitted ones",
    "compiled": "compiled kernels: the cache, and the sources of the fit",
    "core_distance": "errors by distance from a dislocation's core: measured, and summarised",
    "counting": "counting: of electrons in an image, of atoms in a figure",
    "coverage": "coverage: of random draws of noise, of the intervals that fits state",
    "defect_ladder": "the ladder of point defects: its case and its specimen",
    "defects": "metrics of point defects, their figure and their sentences",
    "dislocation": "metrics of the dislocation and their figure",
    "edge_dislocation": "the edge dislocation: its case and its specimen",
    "edits": "edited images: their specimens, and their rendering in the ground truth",
    "images": "metrics of whole images: arithmetic, figure, sentences",
    "leaderboard": "the leaderboard: its summary and its sentences",
    "nanoparticle": "the nanoparticle: its case and its specimen",
    "particle_adatoms": "the adatoms on the particle: their case and their specimen",
    "precision": "precision against dose: figure and verdict",
    "registry": "the one list of what a package offers: cases, restorers",
    "response": "the response to real changes: case, summary, figure, sentences",
    "result": "what the package's main function returns: a fit, a gate's verdicts",
    "scan_fit": "the fit of columns and scan lines: made, summarised, told",
    "sites": "sites on a host image: specimens, simulation, ground truth",
    "stated_errors": "errors that fits state: metrics of their coverage, and its sentences",
    "tables": "Markdown tables: of noise ranges, of a report",
    "verification": "the verification of a run's fits: its work, its file, its sentence",
}


class Import(NamedTuple):
    """A name that a file takes from a module; no name for `import module`."""

    file: Path
    line: int
    module: str
    name: str

    @property
    def place(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}"


def sources(package: str) -> Iterator[Path]:
    return (path for path in sorted((ROOT / package).rglob("*.py")))


def imports(path: Path, packages: tuple[str, ...] = PACKAGES) -> Iterator[Import]:
    """Imports of some packages anywhere in a file, those inside functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno} imports relatively"
            module = node.module or ""
            if module.partition(".")[0] in packages:
                yield from (Import(path, node.lineno, module, each.name) for each in node.names)
        elif isinstance(node, ast.Import):
            for each in node.names:
                if each.name.partition(".")[0] in packages:
                    yield Import(path, node.lineno, each.name, "")


def imports_from_outside(package: str) -> list[Import]:
    """Imports of other packages in a package, but for its free rooms."""
    return [
        each
        for path in sources(package)
        if not any(path.is_relative_to(ROOT / room) for room in FREE_ROOMS)
        for each in imports(path)
        if each.module.partition(".")[0] not in (package, *WITHOUT_DOOR)
    ]


def rooms() -> list[Path]:
    return [path.parent for package in PACKAGES for path in sources(package)
            if path.name == "__init__.py"]  # fmt: skip


def door_names(package: str) -> list[str]:
    return list(importlib.import_module(package).__all__)


#: Nothing imports bench.
PACKAGES_WITH_DOOR = [name for name in PACKAGES if name not in (*WITHOUT_DOOR, "bench")]


@pytest.mark.parametrize("package", PACKAGES)
def test_other_packages_are_entered_by_their_door(package: str) -> None:
    deeper = [
        f"{each.place} imports {each.module}"
        for each in imports_from_outside(package)
        if "." in each.module and each.module not in INNER_DOORS
    ]
    assert not deeper, "\n".join([*deeper, "import these names through the package's __init__.pyi"])


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_imported_is_listed_at_the_door(package: str) -> None:
    missing = [
        f"{each.place} imports {each.name or 'the package'} from {each.module}"
        for each in imports_from_outside(package)
        if each.name not in door_names(each.module)
        and (each.name or (package, each.module) not in OFFERED)
    ]
    assert not missing, "\n".join([*missing, "list these names in the package's __init__.pyi"])


@pytest.mark.parametrize("package", PACKAGES_WITH_DOOR)
def test_every_name_at_a_door_is_there(package: str) -> None:
    door = importlib.import_module(package)
    names = door_names(package)
    assert names
    assert len(set(names)) == len(names)
    missing = [name for name in names if not hasattr(door, name)]
    assert not missing, f"{package}/__init__.pyi lists {missing}, which its modules do not define"


@pytest.mark.parametrize("package", PACKAGES_WITH_DOOR)
def test_no_name_at_a_door_is_that_of_a_module(package: str) -> None:
    """Python binds a module to its parent as it is imported, which would change what a name means.

    A name may be that of the module deeper inside that defines it.
    """
    modules = defaultdict(list)
    for path in sources(package):
        inside = path.relative_to(ROOT).with_suffix("").parts
        parts = inside[:-1] if path.name == "__init__.py" else inside
        modules[parts[-1]].append(parts)
    door = importlib.import_module(package)
    both = [
        f"{name}, {'.'.join(parts)}"
        for name in door_names(package)
        for parts in modules.get(name, [])
        if len(parts) == 2 or getattr(getattr(door, name), "__module__", "") != ".".join(parts)
    ]
    assert not both, "\n".join([*both, "rename either the name at the door or the module"])


@pytest.mark.parametrize("room", rooms(), ids=lambda room: str(room.relative_to(ROOT)))
def test_a_room_is_small(room: Path) -> None:
    inside = [path.name for path in sorted(room.iterdir())
              if (path.suffix == ".py" and path.name != "__init__.py")
              or (path / "__init__.py").exists()]  # fmt: skip
    assert len(inside) <= MOST_FILES, f"{len(inside)} files and rooms: {', '.join(inside)}"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_file_is_short(package: str) -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines())
               for path in sources(package)}  # fmt: skip
    long = [f"{path.relative_to(ROOT)}: {n}" for path, n in lengths.items() if n > MOST_LINES]
    assert not long, "\n".join([*long, f"split these by idea: {MOST_LINES} lines at most"])


def test_files_of_one_name_are_about_one_subject() -> None:
    files = defaultdict(list)
    for package in PACKAGES:
        for path in sources(package):
            if path.name != "__init__.py":
                files[path.stem].append(str(path.relative_to(ROOT)))
    several = [f"{name}: {', '.join(paths)}" for name, paths in sorted(files.items())
               if len(paths) > 1 and name not in SHARED_NAMES]  # fmt: skip
    assert not several, "\n".join(
        [*several, "rename these, or state in SHARED_NAMES the subject that they share"]
    )


@pytest.mark.parametrize("package", [package for package in PACKAGES if package != "bench"])
def test_bench_alone_writes_to_the_terminal(package: str) -> None:
    """The library takes callbacks, so that it serves notebooks and other programs as well."""
    found = [each.place for path in sources(package) for each in imports(path, ("rich", "typer"))]
    assert not found, "\n".join([*found, "take a callback instead, and let bench draw"])


def test_there_is_one_set_of_progress_bars() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in sources("bench")
        for each in imports(path, ("rich",))
        if each.module == "rich.progress"
    }
    assert found == {"bench/output/bars.py"}


def test_reports_and_image_metrics_import_no_simulation() -> None:
    code = (
        "import sys, bench.images.measure, reports\n"
        "assert all(hasattr(reports, name) for name in reports.__all__)\n"
        "print(sorted(name for name in sys.modules"
        " if name == 'abtem' or name.startswith('cases.simulation')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
