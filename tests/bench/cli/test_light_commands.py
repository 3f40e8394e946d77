"""Commands that need no network load none, nor what their work does not need."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
#: Libraries of networks, and what imports slowly and only fits, filters or draws.
NETWORKS = ("tensorflow", "keras", "onnxruntime", "jax", "torch")
HEAVY = (
    *NETWORKS,
    "scipy",
    "pandas",
    "skimage",
    "numba",
    "llvmlite",
    "matplotlib",
    "bm3d",
    "pywt",
    "ase",
)
COMMAND = """
import sys
from bench.cli.app import app
try:
    app(sys.argv[2:])
except SystemExit as end:
    assert not end.code, end.code
print([name for name in sys.argv[1].split(",") if name in sys.modules], file=sys.stderr)
"""


def loaded(names: tuple[str, ...], *arguments: str) -> str:
    """Those of some modules that a command has loaded when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, ",".join(names), *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments", [("list",), ("list", "-v"), ("list", "--json"), ("--help",), ("run", "--help")]
)
def test_lists_and_helps_load_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert loaded(HEAVY, *arguments) == "[]"


def test_a_filter_is_restored_without_a_network(tmp_path: Path) -> None:
    make = (
        "import sys, numpy; numpy.save(sys.argv[1], numpy.random.default_rng(0).random((32, 32)))"
    )
    image, out = tmp_path / "image.npy", tmp_path / "restored.npy"
    subprocess.run([sys.executable, "-c", make, str(image)], check=True)
    told = ("--sampling", "0.2", "--counts", "--restorer", "gaussian", "-o", str(out))
    # Negative control: the names are those looked for.
    assert loaded((*NETWORKS, "scipy"), "restore", str(image), *told) == "['scipy']"
