"""Provenance of a run: versions, source, hardware, commit."""

import hashlib
import importlib.metadata
import os
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import psutil

import stembench
from stembench.surroundings.own_source import HOME, IN_WHEEL, as_in_checkout, source_files
from stembench.surroundings.program_version import asked_of_git

_CHUNK: Final = 2**20
_PACKAGES: Final = (
    "abtem",
    "ase",
    "distributed",
    "h5py",
    "keras",
    "lmfit",
    "numba",
    "numpy",
    "onnx",
    "onnxruntime",
    "pandas",
    "scikit-image",
    "scipy",
    "tensorflow",
    "tk_r_em",
)


#: Packages that every run calculates with; their versions are part of its identity.
_CALCULATING: Final = ("numpy", "scipy", "numba", "llvmlite", "scikit-image", "PyWavelets", "lmfit")
#: Those of networks and of single filters, where a restorer names them as its engine, and that of
#: simulations.
_ENGINES: Final = ("keras", "tensorflow", "onnxruntime", "jax", "torch", "bm3d", "abtem")
#: What TensorFlow and Keras take from the environment and digits depend on.
_ENGINE_SETTINGS: Final = (
    "KERAS_FLOATX",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_DETERMINISTIC_OPS",
    "TF_SET_ONEDNN_FPMATH_MODE",
    "NVIDIA_TF32_OVERRIDE",
    "XLA_FLAGS",
    "CUDA_VISIBLE_DEVICES",
)


def versions(packages: Iterable[str] = _PACKAGES) -> dict[str, str]:
    """Versions of Python, stembench and the packages that affect results; 'absent' if missing."""
    numbers = {"python": platform.python_version(), "stembench": stembench.__version__}
    for package in packages:
        try:
            numbers[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            numbers[package] = "absent"
    return numbers


def arithmetic(engines: Iterable[str]) -> dict[str, str]:
    """What the last digits of a run depend on beside its source and its data.

    Parameters
    ----------
    engines : iterable of str
        Libraries that the run's restorers calculate with, as their metadata state them.

    Returns
    -------
    dict of str to str
        Versions of the packages that calculate, the precision of fits and records, and where
        a network is run, the settings and the device that its engine takes from its surroundings.
    """
    used = " ".join(engines)
    packages = [*_CALCULATING, *(name for name in _ENGINES if name in used)]
    found = {name: value for name, value in versions(packages).items() if name in packages}
    found["precision"] = "float64"
    if any(name in used for name in ("keras", "tensorflow")):
        found |= {f"${name}": os.environ.get(name, "") for name in _ENGINE_SETTINGS}
        found["device"] = "GPU" if Path("/dev/nvidiactl").exists() else "CPU"
    return found


def program_hash() -> str:
    """SHA-256 of the source of this program, whether its checkout is clean or not.

    A wheel of the same source has the same.
    """
    digest = hashlib.sha256()
    for name, path in sorted(source_files().items()):
        content = as_in_checkout(path.read_bytes())
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def hash_of(files: dict[str, Path]) -> str:
    """SHA-256 of files and their names."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0".encode())
        with files[name].open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        digest.update(b"\0")
    return digest.hexdigest()


def commit() -> str:
    """Git commit of the checkout, with '+' if it has changes; empty outside a checkout."""
    if IN_WHEEL or not (HOME / ".git").exists():
        return ""
    head = asked_of_git(HOME, "rev-parse", "HEAD")
    changed = asked_of_git(HOME, "status", "--porcelain", "--untracked-files=no")
    if head is None or changed is None:
        return ""
    return head + ("+" if changed else "")


def hardware() -> dict[str, Any]:
    """Processor, cores and memory of this machine."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": available_cores(),
        "memory_bytes": psutil.virtual_memory().total,
    }


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
