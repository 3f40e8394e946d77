"""Calls of the command line where no extra is installed, in one process started for them.

Where extras are installed they are hidden, from that process and from those that it starts: no
import finds them, nor do their versions stand anywhere.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

#: What the extras bring, with what their packages bring in turn that this program uses.
HIDDEN: Final = ("abtem", "keras", "tensorflow", "jax", "torch", "bm3d")

# Python runs it as it starts, by its name on the path.
_HIDING: Final = """
import importlib.metadata
from importlib.machinery import PathFinder

HIDDEN = {hidden!r}
found = PathFinder.find_spec.__func__
described = importlib.metadata.Distribution.from_name.__func__


def find_spec(cls, fullname, path=None, target=None):
    return None if fullname.partition(".")[0] in HIDDEN else found(cls, fullname, path, target)


def from_name(cls, name):
    if name in HIDDEN:
        raise importlib.metadata.PackageNotFoundError(name)
    return described(cls, name)


PathFinder.find_spec = classmethod(find_spec)
importlib.metadata.Distribution.from_name = classmethod(from_name)
"""

_CALLS: Final = """
import json, sys
from pathlib import Path
from typer.testing import CliRunner
from bench.cli.app import app

if __name__ == "__main__":
    said = {}
    for name, words in json.loads(Path("calls.json").read_text()).items():
        result = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
        said[name] = [result.exit_code, result.output + (repr(result.exception or ""))]
    loaded = sorted({name.partition(".")[0] for name in sys.modules})
    Path("said.json").write_text(json.dumps({"said": said, "loaded": loaded}))
"""

ROOT: Final = Path(__file__).parents[3]


class Said(NamedTuple):
    """What a command left: its exit code and what it printed."""

    code: int
    text: str


def environment(folder: Path) -> dict[str, str]:
    """Environment variables of a process that finds no extra; `folder` is made for it."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(_HIDING.format(hidden=HIDDEN))
    kept = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    return {**kept, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))}


def call_all(
    calls: Mapping[str, Sequence[str]], folder: Path
) -> tuple[dict[str, Said], tuple[str, ...]]:
    """Run commands one after another in a folder.

    Returns
    -------
    said : dict of str to Said
    loaded : tuple of str
        Top-level modules that the process had loaded in the end.
    """
    (folder / "calls.json").write_text(json.dumps(calls))
    # A file, since worker processes import the main module of the one that starts them.
    (folder / "call_all.py").write_text(_CALLS)
    done = subprocess.run(
        [sys.executable, "call_all.py"],
        cwd=folder, env=environment(folder / "hiding"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads((folder / "said.json").read_text())
    return {name: Said(*value) for name, value in told["said"].items()}, tuple(told["loaded"])
