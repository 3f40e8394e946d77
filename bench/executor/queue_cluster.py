"""Clusters that a TOML file describes: jobs of a queueing system, or the GPUs of this machine."""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.executor.clusters import first_line, settled, wait_for_workers
from bench.executor.dask_executor import DaskExecutor
from stembench.errors import InputError

#: Classes of dask_jobqueue by the kind that a file names.
KINDS: Final = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "lsf": "LSFCluster",
    "oar": "OARCluster",
    "htcondor": "HTCondorCluster",
    "moab": "MoabCluster",
}
#: One worker per GPU of this machine.
CUDA: Final = "cuda"
#: Seconds to wait for the first worker: jobs wait in their queue.
QUEUE: Final = 24 * 3600.0
_EXAMPLE: Final = (
    'a line kind = "slurm", and beside it such as jobs = 4, cores = 16, memory = "64GB", walltime ='
    ' "02:00:00" (docs/cluster.md)'
)


@dataclass(frozen=True, kw_only=True)
class QueueCluster:
    """A cluster as a file describes it.

    Attributes
    ----------
    source : Path
    kind : str
        A key of `KINDS`, or 'cuda'.
    jobs : int
        Jobs to put into the queue; GPUs are all taken.
    options : mapping
        Arguments of dask-jobqueue's class: cores, memory, queue, account, walltime,
        job_extra_directives, ...
    """

    source: Path
    kind: str
    jobs: int
    options: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> "QueueCluster":
        """Read a file.

        Raises
        ------
        InputError
            If it is no such description.
        """
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror})") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path} is no TOML ({error})") from error
        kind, jobs = content.pop("kind", None), content.pop("jobs", 1)
        known = (*KINDS, CUDA)
        if kind not in known:
            raise InputError(
                f"{path}: kind must be one of {', '.join(known)}, not {kind!r}: write {_EXAMPLE}"
            )
        if isinstance(jobs, bool) or not isinstance(jobs, int) or not 1 <= jobs <= 10_000:
            raise InputError(f"{path}: jobs must be a whole number from 1 to 10000, not {jobs!r}")
        cores = content.get("cores")
        if kind != CUDA and (isinstance(cores, bool) or not isinstance(cores, int) or cores < 1):
            raise InputError(f"{path}: cores (of one job) must be a whole number, not {cores!r}")
        return cls(source=path, kind=kind, jobs=jobs, options=content)

    def start(self) -> Any:
        """Make the cluster; its jobs are submitted by `scale`.

        Raises
        ------
        InputError
            If the package for it is missing or refuses the options.
        """
        package = "dask_cuda" if self.kind == CUDA else "dask_jobqueue"
        extra = CUDA if self.kind == CUDA else "cluster"
        try:
            module = __import__(package)
        except ImportError as error:
            raise InputError(
                f"{self.source} asks for {self.kind}, which needs {package.replace('_', '-')}: pip "
                f'install "stembench[{extra}]"'
            ) from error
        options = dict(self.options)
        if self.kind != CUDA:
            # One thread a process: parallel sums would depend on the machine.
            options.setdefault("processes", options["cores"])
        try:
            return getattr(module, KINDS.get(self.kind, "LocalCUDACluster"))(**options)
        except (TypeError, ValueError, OSError, RuntimeError) as error:
            raise InputError(
                f"{self.source}: {package} refuses this ({first_line(error)})"
            ) from error

    def script(self) -> str:
        """Return the job script that would be submitted."""
        if self.kind == CUDA:
            raise InputError(f"{self.source}: GPUs of this machine need no job script")
        with settled():
            cluster = self.start()
            try:
                return str(cluster.job_script())
            finally:
                cluster.close()


@contextmanager
def started(
    path: Path, *, announce: Callable[[str], None], engines: Iterable[str] = ()
) -> Iterator[DaskExecutor]:
    """Run the cluster of a file while the context lasts."""
    from distributed import Client

    described = QueueCluster.read(path)
    with settled():
        cluster = described.start()
        try:
            if described.kind != CUDA:
                cluster.scale(jobs=described.jobs)
                announce(f"{described.jobs} jobs submitted; waiting for the first to start")
            client = Client(cluster)
            try:
                place = f"the {described.kind} cluster of {path}"
                executor = DaskExecutor(client, place, tuple(engines), patience=QUEUE)
                wait_for_workers(executor, announce=announce)
                yield executor
            finally:
                client.close()
        finally:
            cluster.close()
