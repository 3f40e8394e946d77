"""What this machine has of what the commands need, and the remedy for what it lacks."""

import importlib.metadata
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from bench.executor import environment
from bench.output.colours import Tone
from bench.output.tables import OutputTable, print_tables
from restore import RESTORERS
from stembench.errors import InputError
from stembench.surroundings.extras import extra_of, how_to_get
from stembench.surroundings.private_folder import cache_root

State = Literal["ok", "note", "broken"]

_TONES: Final = {"ok": Tone.GOOD, "note": Tone.DOUBTFUL, "broken": Tone.BAD}
#: Below this a run of profile quick and its report find no room.
LEAST_DISK: Final = 1e9
#: What limits the threads of BLAS, OpenMP and numba.
_THREADS: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
    state : {'ok', 'note', 'broken'}
        'note' where something optional is missing.
    found : str
    remedy : str
        One sentence; empty where all is well.
    """

    name: str
    state: State
    found: str
    remedy: str = ""


def examine() -> tuple[Check, ...]:
    """Look at packages, engines, restorers, caches, GPU, disk and folders."""
    return (
        *_packages(),
        *_engines(),
        *_restorers(),
        _threads(),
        _cache(),
        _gpu(),
        _disk(Path.cwd()),
        _writable("working folder", Path.cwd(), "change to a folder that you may write to"),
        _writable(
            "temporary folder",
            Path(tempfile.gettempdir()),
            "set TMPDIR to a folder that you may write to",
        ),
    )


def examine_and_print(*, as_json: bool = False) -> bool:
    """Print what was found; whether nothing that is needed is broken."""
    checks = examine()
    table = OutputTable(
        name="checks",
        title="",
        columns={"name": "what", "state": "state", "found": "found", "remedy": "remedy"},
        rows=tuple((each.name, each.state, each.found, each.remedy) for each in checks),
        tones={"state": _TONES},
    )
    print_tables([table], command="doctor", as_json=as_json)
    return all(each.state != "broken" for each in checks)


def _packages() -> Iterator[Check]:
    for package, version in environment.versions().items():
        if version == "absent" and extra_of(package):
            yield Check(
                name=package,
                state="note",
                found="absent",
                remedy=_sentence(how_to_get(package)),
            )
        elif version == "absent":
            yield Check(
                name=package,
                state="broken",
                found="absent",
                remedy=f"Install {package} into this environment with pip or uv pip.",
            )
        else:
            yield Check(name=package, state="ok", found=version)


def _engines() -> Iterator[Check]:
    """Each engine once, as the first restorer that has it finds it."""
    first = {engine: entry for entry in reversed(RESTORERS) for engine in reversed(entry.engines)}
    for engine, entry in first.items():
        name = f"engine {engine}"
        try:
            found = entry.metadata(engine=engine).engine
        except (InputError, ImportError) as error:
            yield Check(name=name, state="note", found="absent", remedy=_remedy(error))
            continue
        yield Check(name=name, state="ok", found=found)


def _restorers() -> Iterator[Check]:
    for entry in RESTORERS:
        name = f"restorer {entry.name}"
        needs = f"needs extra [{entry.extra}]" if entry.extra else "needs no extra"
        try:
            metadata = entry.metadata()
        except (InputError, ImportError) as error:
            # What an extra brings is missing by choice.
            state: State = "note" if entry.extra else "broken"
            yield Check(name=name, state=state, found=needs, remedy=_remedy(error))
            continue
        runs_on = f", by default on {metadata.engine}" if entry.engines else ""
        yield Check(name=name, state="ok", found=f"{needs}{runs_on}")


def _remedy(error: InputError | ImportError) -> str:
    """One sentence that an error asks for; an error of importing names the package alone."""
    if isinstance(error, ImportError):
        return f"Install {error.name or error} into this environment with pip or uv pip."
    return str(error)


def _threads() -> Check:
    limits = [f"{name}={os.environ[name]}" for name in _THREADS if name in os.environ]
    told = ", ".join(limits) or "no limit set"
    return Check(name="threads", state="ok", found=f"{environment.available_cores()} cores, {told}")


def _cache() -> Check:
    root = cache_root()
    if root is None:
        return Check(
            name="cache",
            state="note",
            found="none",
            remedy="Set XDG_CACHE_HOME to a folder of your own; else each start compiles anew.",
        )
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
    return Check(name="cache", state="ok", found=f"{root}, {size / 1e6:.1f} MB")


def _gpu() -> Check:
    if not Path("/dev/nvidiactl").exists():
        return Check(name="GPU", state="ok", found="none; networks run on the CPU")
    try:
        version = importlib.metadata.version("cupy-cuda12x")
    except importlib.metadata.PackageNotFoundError:
        return Check(
            name="GPU",
            state="note",
            found="NVIDIA, without CuPy",
            remedy='Install the GPU side: pip install -e ".[gpu]"',
        )
    return Check(name="GPU", state="ok", found=f"NVIDIA, CuPy {version}")


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:.1f} GB free in {folder}"
    if free >= LEAST_DISK:
        return Check(name="disk", state="ok", found=found)
    return Check(
        name="disk",
        state="broken",
        found=found,
        remedy=f"Free {LEAST_DISK / 1e9:g} GB there or work in another folder.",
    )


def _writable(name: str, folder: Path, remedy: str) -> Check:
    try:
        # Rights alone do not tell: a file system may be mounted to be read.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        return Check(
            name=name, state="broken", found=f"{folder}: {reason}", remedy=_sentence(remedy)
        )
    return Check(name=name, state="ok", found=str(folder))


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
