"""The wheel: every package below one name, sources otherwise as in the checkout, and it runs."""

import ast
import base64
import csv
import hashlib
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.executor.environment import program_hash
from reports.packs.pack import definitions_hash
from stembench.surroundings.own_source import PACKAGES, as_in_checkout, source_files
from tests.loaded_script import loaded_script

ROOT = Path(__file__).parents[2]
RECORD = "stembench-1.dist-info/RECORD"
ENTRY = b"[console_scripts]\nstembench = bench.cli.app:main\n"
#: Runs code with the wheel alone on the path: no checkout, and no editable install of one.
START = """
import sys
sys.meta_path[:] = [each for each in sys.meta_path if "editable" not in str(each)]
sys.path[:] = [sys.argv.pop(1), *(entry for entry in sys.path if entry)]
"""


ONE_NAME: Any = loaded_script("distribution/one_name.py")


@pytest.fixture(scope="module")
def flat() -> dict[str, bytes]:
    """What setuptools packs of the checkout, before it is moved."""
    sources = {name: path.read_bytes() for name, path in source_files().items()}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.suffix in (".pyi", ".toml", ".json", ".html", ".typed"):
                sources[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    described = {"entry_points.txt": ENTRY, "top_level.txt": b"bench\nstembench\n", "RECORD": b""}
    return sources | {f"stembench-1.dist-info/{name}": text for name, text in described.items()}


@pytest.fixture(scope="module")
def wheel(flat: dict[str, bytes]) -> dict[str, bytes]:
    moved: dict[str, bytes] = ONE_NAME.below_one_name(flat)
    return moved


@pytest.fixture(scope="module")
def site(wheel: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for name, content in wheel.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def run(site: Path, code: str, *arguments: str, folder: Path) -> str:
    """Standard output of code that finds the wheel alone."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", START + code, str(site), *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_name_is_at_the_top(wheel: dict[str, bytes]) -> None:
    assert {name.partition("/")[0] for name in wheel} == {"stembench", "stembench-1.dist-info"}
    assert wheel["stembench-1.dist-info/top_level.txt"] == b"stembench\n"
    entry = wheel["stembench-1.dist-info/entry_points.txt"].decode()
    assert "stembench = stembench.packages.bench.cli.app:main" in entry


def test_nothing_is_imported_by_its_name_in_a_checkout(wheel: dict[str, bytes]) -> None:
    prefixed = 0
    for name, content in wheel.items():
        if not name.endswith((".py", ".pyi")):
            continue
        for node in ast.walk(ast.parse(content)):
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert (node.module or "").partition(".")[0] not in ONE_NAME.MOVED, name
                prefixed += (node.module or "").startswith(ONE_NAME.PREFIX)
            elif isinstance(node, ast.Import):
                tops = {alias.name.partition(".")[0] for alias in node.names}
                assert not tops & set(ONE_NAME.MOVED), name
    assert prefixed > 2000  # negative control: these are the imports that were looked for


def test_every_source_is_that_of_the_checkout(
    flat: dict[str, bytes], wheel: dict[str, bytes]
) -> None:
    changed = 0
    for name, content in flat.items():
        if name.endswith(".py"):
            there = name if name.startswith("stembench/") else f"stembench/packages/{name}"
            assert as_in_checkout(wheel[there]) == content, name
            changed += wheel[there] != content
    assert changed > 400  # negative control


def test_the_record_lists_every_file(wheel: dict[str, bytes]) -> None:
    rows = list(csv.reader(wheel[RECORD].decode().splitlines()))
    assert [row[0] for row in rows] == list(wheel)
    assert rows[-1] == [RECORD, "", ""]
    for name, digest, size in rows[:-1]:
        kind, _, text = digest.partition("=")
        padded = text + "=" * (-len(text) % 4)
        assert base64.urlsafe_b64decode(padded) == hashlib.new(kind, wheel[name]).digest()
        assert int(size) == len(wheel[name])


def test_a_wheel_is_the_same_program(site: Path, tmp_path: Path) -> None:
    """Hashes that runs and packs state, and that workers of a cluster are compared by."""
    code = """
from stembench.packages.bench.executor.environment import commit, program_hash
from stembench.packages.reports.packs.pack import definitions_hash
print(program_hash(), definitions_hash(), repr(commit()))
print(sorted({name.partition(".")[0] for name in sys.modules}))
"""
    hashes, modules = run(site, code, folder=tmp_path).splitlines()
    assert hashes == f"{program_hash()} {definitions_hash()} ''"
    loaded = set(ast.literal_eval(modules))
    assert "stembench" in loaded
    assert not loaded & set(ONE_NAME.MOVED)


def test_a_wheel_runs(site: Path, tmp_path: Path) -> None:
    """A model in a process of its own, beside a module of the user named like one of ours."""
    (tmp_path / "noise.py").write_text("LEVEL = 0.5\n")
    (tmp_path / "mine.py").write_text(
        "from noise import LEVEL\n\ndef halved(images, *, sampling):\n    return LEVEL * images\n"
    )
    code = """
import numpy as np
from stembench.packages.bench.cli.app import app
from stembench.packages.restore import load_restorer
images = np.full((1, 16, 16), 4.0)
print(load_restorer("mine:halved").restore(images, sampling=0.2).mean())
app(["list"])
"""
    said = run(site, code, folder=tmp_path)
    assert said.startswith("2.0\n")
    assert "edge_dislocation" in said


def test_every_test_that_is_left_out_is_there() -> None:
    sys.path.insert(0, str(ROOT / "distribution"))
    try:
        left_out = importlib.import_module("wheel_tests").LEFT_OUT
    finally:
        sys.path.pop(0)
    assert [name for name in left_out if not (ROOT / name).exists()] == []


def test_what_cannot_be_rewritten_is_refused() -> None:
    nothing = ONE_NAME.modules_in({})
    for source, reason in (
        (b"import bench.run\n", "imports bench.run by its whole name"),
        (b"x = 'stembench.packages.bench'\n", "of the wheel alone"),
        (b"x = 'a = 1;' 'from cases import CASES'\ny = 'from ' 'cases import CASES'\n", "together"),
    ):
        with pytest.raises(ONE_NAME.RewriteError, match=reason):
            ONE_NAME.rewritten(source, "some.py", nothing)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("from cases.case import Case", "from stembench.packages.cases.case import Case"),
        ("import noisette; x = 'noise'", "import noisette; x = 'noise'"),
        ("x = '''é'''; from noise import a", "x = '''é'''; from stembench.packages.noise import a"),
        ("preload('bench.one')", "preload('stembench.packages.bench.one')"),
        ("name = 'training.csv'", "name = 'training.csv'"),
        ("files('reports')", "files('stembench.packages.reports')"),
        ("run('import bench.one')", "run('import stembench.packages.bench.one')"),
        (
            "'''A bound.\n\n    from noise and dose\n'''",
            "'''A bound.\n\n    from noise and dose\n'''",
        ),
        (
            "x = '''\nfrom cases import A\n'''",
            "x = '''\nfrom stembench.packages.cases import A\n'''",
        ),
        ("from .case import Case", "from .case import Case"),
        ("import restore.one as one", "import stembench.packages.restore.one as one"),
    ],
)
def test_what_is_rewritten(source: str, wanted: str) -> None:
    is_module = ONE_NAME.modules_in({"bench/one.py": b""})
    assert ONE_NAME.rewritten(source.encode(), "some.py", is_module).decode() == wanted
