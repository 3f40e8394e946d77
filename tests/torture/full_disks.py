"""Small disks without room: commands end with one sentence and leave nothing half-written."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from tests.torture.kills import run
from tests.torture.trial import Trial, command, fault_of_ending, fork, without_workers

_SIZE: Final = 1_500_000
_COMMANDS: Final = {
    "distort .npy": ["distort", "img.npz", "--dose", "500", "-o", "{}/a.npy"],
    "distort .tif": ["distort", "img.npz", "--dose", "500", "-o", "{}/a.tif"],
    "distort .npz": ["distort", "img.npz", "--dose", "500", "-o", "{}/a.npz"],
    "fit": ["fit", "img.npz", "-o", "{}/a.csv"],
    "restore": ["restore", "img.npz", "-r", "gaussian", "-o", "{}/a.npy"],
    "compare --write-margins": ["compare", "--write-margins", "{}/m.toml"],
    "run": [],
}


@contextlib.contextmanager
def small_disk() -> Iterator[Path | None]:
    """A tmpfs; None where mounting is not permitted."""
    place = Path(tempfile.mkdtemp(prefix="torture-disk-"))
    words = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(place)]
    mounted = os.name == "posix" and shutil.which("mount") is not None
    mounted = mounted and subprocess.run(words, capture_output=True).returncode == 0
    try:
        yield place if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)  # noqa: S607
        place.rmdir()


def write_image(folder: Path) -> None:
    """Write an image that commands take."""
    y, x = np.mgrid[:64, :64]
    waves = 0.02 + 0.015 * np.cos(2 * np.pi * x / 16) * np.cos(2 * np.pi * y / 16)
    np.savez(folder / "img.npz", image=waves, sampling=0.2)


def fill(number: int, work: Path) -> Trial:
    """Leave a random number of bytes free and run a command that writes there."""
    rng = np.random.default_rng([2028, number])
    kind = list(_COMMANDS)[number % len(_COMMANDS)]
    with small_disk() as disk:
        if disk is None:
            return Trial("full disks", kind, number, "skipped: mounting is not permitted")
        free = int(10 ** rng.uniform(0, 5.5)) if rng.random() < 0.8 else 0
        free = free if kind == "run" else free // 20
        status = os.statvfs(disk)
        filled = max(0, status.f_bavail * status.f_frsize - free)
        (disk / "filling").write_bytes(bytes(filled))
        if kind == "run":
            child = run(disk / "run", "--jobs", "1", prepare=without_workers)
        else:
            words = [word.format(disk) for word in _COMMANDS[kind]]
            child = fork(command(words), work)
        code = child.wait()
        fault = fault_of_ending(code, child.said())
        kept = [path for path in disk.iterdir() if path.name not in ("filling", "run")]
        if not fault and code != 0 and kept:
            fault = f"left behind: {kept[0].name}"
        outcome = "written" if code == 0 else "refused in one sentence"
        said = child.said()[-5000:] if fault else ""
        return Trial("full disks", kind, number, outcome, fault, f"{free} bytes free", said)
