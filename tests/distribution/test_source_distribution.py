"""A source distribution: it has what builds it, and states the version that it was made of."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from stembench.surroundings.own_source import PACKAGES
from stembench.surroundings.program_version import unknown_version

ROOT = Path(__file__).parents[2]
FILES = ("pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff")


def built(folder: Path, call: str) -> None:
    """Call the build backend in a folder of sources, as pip does."""
    code = f"import sys; sys.path.insert(0, 'distribution'); import stembench_backend as b; {call}"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_wheel_is_built_of_a_source_distribution(tmp_path: Path) -> None:
    sources, out = tmp_path / "sources", tmp_path / "out"
    unwanted = shutil.ignore_patterns("__pycache__", "*.pyc")
    for package in (*PACKAGES, "distribution"):
        shutil.copytree(ROOT / package, sources / package, ignore=unwanted)
    for name in FILES:
        shutil.copy(ROOT / name, sources / name)
    built(sources, f"b.build_sdist({str(out)!r})")
    (archive,) = out.iterdir()
    assert archive.name == f"stembench-{unknown_version()}.tar.gz"  # sources without git
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    unpacked = tmp_path / archive.name.removesuffix(".tar.gz")
    stated = unpacked / "PKG-INFO"
    text = stated.read_text(encoding="utf-8")
    assert f"Version: {unknown_version()}\n" in text
    # As if it had been made of a checkout with tags.
    stated.write_text(text.replace(unknown_version(), "3.2.1", 1), encoding="utf-8")
    built(unpacked, f"b.build_wheel({str(out)!r})")
    with zipfile.ZipFile(out / "stembench-3.2.1-py3-none-any.whl") as wheel:
        names = wheel.namelist()
        metadata = wheel.read("stembench-3.2.1.dist-info/METADATA").decode()
    assert "\nVersion: 3.2.1\n" in metadata
    assert {name.partition("/")[0] for name in names} == {"stembench", "stembench-3.2.1.dist-info"}
    assert "stembench/packages/reports/data/vega.js" in names
    assert "stembench/packages/restore/cgrdn/data/cgrdn-faithful.npz" in names
    assert "stembench/packages/cases/data" in {name.rpartition("/")[0] for name in names}
