"""Callables that end, hang, fill memory or answer rubbish: a failed restorer and nothing else."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import psutil

from tests.restore.isolation.test_process import MODULE
from tests.torture.trial import Trial, command, fault_of_ending, fork, orphans

#: Names of the module's callables, and whether the command may end well with them.
NAMES: Final = {
    "double": True, "asks_to_end": False, "ends": False, "crashes": False, "loops": False,
    "takes": False, "prints": False, "closes": False, "answers": None, "forks": None,
    "leaves_a_process": None, "allocates_later": None, "reaches_out": None, "writes": False,
    **{f"one_of {number}": None for number in range(1, 14)},
}  # fmt: skip


def meet(number: int) -> Trial:
    """Restore an image with a hostile callable."""
    name = list(NAMES)[number % len(NAMES)]
    callable_name, _, answer = name.partition(" ")
    place = Path(tempfile.mkdtemp(prefix="torture-"))
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    try:
        (place / "hostile.py").write_text(MODULE)
        (place / "training").mkdir()
        for own in ("noise.py", "fitting.py", "training/net.py"):
            (place / own).write_text("OWN = True\n")
        np.save(place / "img.npy", np.ones((12, 12)))
        words = ["restore", "img.npy", "-r", f"hostile:{callable_name}", "-o", "out.npy"]
        words += ["--sampling", answer or "1", "--model-timeout", "6", "--model-memory", "1"]
        child = fork(command(words), place)
        code = child.wait()
        fault = fault_of_ending(code, child.said(), failed=True)
        if not fault and NAMES[name] is not None and (code == 0) != NAMES[name]:
            fault = f"exit code {code}"
        if not fault and code != 0 and (place / "out.npy").exists():
            fault = "wrote an image of a failed restorer"
        left = orphans(before)
        if left and not fault:
            fault = f"{len(left)} processes are left"
        outcome = "an image" if code == 0 else "refused in one sentence"
        said = child.said()[-5000:] if fault else ""
        return Trial("hostile models", name, number, outcome, fault, said=said)
    finally:
        shutil.rmtree(place, ignore_errors=True)
