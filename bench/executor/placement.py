"""Choice of where work is done, and the executor that follows from it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stembench.errors import InputError
from stembench.independent_work import Executor

#: More processes than any machine has cores.
MOST_JOBS: Final = 1024


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where blocks are computed; records do not depend on it.

    Attributes
    ----------
    jobs : int or None
        Worker processes of this machine; None for as many as there are cores.
    scheduler : str
        Address of a Dask scheduler, as ``tcp://host:8786``; empty for none.
    cluster : Path or None
        TOML file that describes a cluster to be started (`bench.executor.queue_cluster`).
    dask : bool
        Whether the processes of this machine are a Dask cluster, which starts more slowly and has
        a dashboard.
    """

    jobs: int | None = None
    scheduler: str = ""
    cluster: Path | None = None
    dask: bool = False

    def __post_init__(self) -> None:
        if self.jobs is not None and not 1 <= self.jobs <= MOST_JOBS:
            raise InputError(f"jobs must be between 1 and {MOST_JOBS}, not {self.jobs}")
        if self.scheduler and self.cluster:
            raise InputError("give either --scheduler or --cluster: work has one place")
        if self.dask and (self.scheduler or self.cluster):
            raise InputError(
                "--dask starts a cluster of this machine; leave it out with --scheduler or "
                "--cluster"
            )
        if self.jobs is not None and (self.scheduler or self.cluster):
            raise InputError(
                "--jobs counts processes of this machine; leave it out with --scheduler or "
                "--cluster"
            )

    @property
    def cores(self) -> int:
        """Processes that this machine gives."""
        from bench.executor.environment import available_cores

        return self.jobs or available_cores()

    @property
    def several(self) -> bool:
        """Whether more than one process works."""
        return bool(self.scheduler or self.cluster or self.cores > 1)

    def planned_workers(self) -> int:
        """Workers that work would have, before any is started; those of a scheduler are asked for.

        Raises
        ------
        InputError
            If a scheduler cannot be reached, or a file describes no cluster.
        """
        if self.scheduler:
            from bench.executor.clusters import connected

            with connected(self.scheduler, announce=lambda _: None) as found:
                return found.workers
        if self.cluster is not None:
            from bench.executor.queue_cluster import CUDA, QueueCluster

            described = QueueCluster.read(self.cluster)
            if described.kind == CUDA:
                raise InputError(
                    f"{self.cluster} asks for GPUs of this machine, whose speed is not measured:"
                    " plan without it"
                )
            return described.jobs * int(described.options["cores"])
        return self.cores

    @contextmanager
    def executor(
        self,
        tasks: int,
        *,
        announce: Callable[[str], None],
        engines: Iterable[str] = (),
    ) -> Iterator[Executor]:
        """Start what works, and end it with the context.

        Parameters
        ----------
        tasks : int
            How many pieces of work there are: no more local processes are started.
        announce : callable
            Called with a sentence on where work is done, such as the address of a dashboard, and
            when a process is lost.
        engines : iterable of str
            Libraries that restorers calculate with (`bench.executor.environment.arithmetic`):
            workers of a scheduler must have the same versions.

        Raises
        ------
        InputError
            If a scheduler cannot be reached or a cluster cannot be started.
        """
        if self.scheduler:
            from bench.executor.clusters import connected

            with connected(self.scheduler, engines=engines, announce=announce) as found:
                yield found
        elif self.cluster is not None:
            from bench.executor.queue_cluster import started

            with started(self.cluster, engines=engines, announce=announce) as found:
                yield found
        elif self.dask:
            from bench.executor.clusters import local

            with local(min(self.cores, tasks), engines=engines, announce=announce) as found:
                yield found
        else:
            from bench.executor.local_pool import local_pool

            with local_pool(min(self.cores, tasks), announce=announce) as pool:
                yield pool


#: As many processes of this machine as it has cores.
LOCAL: Final = Placement()
