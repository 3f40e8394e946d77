"""Provenance of a run: versions, hardware, commit."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any, Final

import psutil

import stembench

_PACKAGES: Final = (
    "abtem",
    "ase",
    "h5py",
    "keras",
    "lmfit",
    "numba",
    "numpy",
    "pandas",
    "scikit-image",
    "scipy",
    "tensorflow",
    "tk_r_em",
)


def versions() -> dict[str, str]:
    """Versions of Python, stembench and the packages that affect results; 'absent' if missing."""
    numbers = {"python": platform.python_version(), "stembench": stembench.__version__}
    for package in _PACKAGES:
        try:
            numbers[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            numbers[package] = "absent"
    return numbers


def commit() -> str:
    """Git commit of the checkout, with '+' if it has changes; empty outside a checkout."""
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return ""
    try:
        head = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
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


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    result = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return result.stdout.strip()


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
