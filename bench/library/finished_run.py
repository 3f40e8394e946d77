"""Runs of the benchmark and their reports, from Python."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bench.library.calibrated_image import CalibratedImage
from bench.library.notebook_html import beginning, fragment, grid, heading, listing
from bench.library.python_words import OF_RUNS, Heard, told_in_python
from stembench.errors import InputError

if TYPE_CHECKING:
    from reports import BoardRow

#: Columns that a notebook shows.
_SHOWN = (
    "case", "image", "dose_e_per_A2", "restorer", "resolved", "n_realizations",
    "position_rmse_pm", "scs_rmse_pct", "failure_rate",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class FinishedRun:
    """A run in its folder, finished or as far as it is.

    Attributes
    ----------
    folder : Path
        Run folder, pack, or folder of packs of one run.
    failures : tuple of str
        A sentence for each block whose restorer failed in this call.
    page : Path or None
        Page of its report, where one was written.
    """

    folder: Path
    failures: tuple[str, ...] = ()
    page: Path | None = None

    @cached_property
    def _run(self) -> Any:
        from reports import open_run

        with told_in_python(OF_RUNS):
            return open_run(self.folder)

    @property
    def complete(self) -> bool:
        """Whether every block of the run is there."""
        return bool(self._run.complete)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Every metric with its 95 % interval, a row per case, image, dose and restorer.

        Names end with their unit (`reports.cell_table`): ``position_rmse_pm``,
        ``position_rmse_pm_low``, ... What is not resolved has no numbers of columns.
        """
        from reports import cell_table

        return cell_table(self._run)

    @cached_property
    def board(self) -> "tuple[BoardRow, ...]":
        """Scoreboard: a row per restorer, a tile per question, as on the page of the report."""
        from reports import board_of_run

        return board_of_run(self._run)

    def image(
        self, case: str, image: str, *, dose: float | None = None, restorer: str = "raw"
    ) -> CalibratedImage:
        """Return an image that the run kept, in fractions of the beam.

        Parameters
        ----------
        case, image : str
        dose : float, optional
            e/Å²; None gives the noise-free image.
        restorer : str
            'raw' is the distorted image.

        Raises
        ------
        InputError
            If the run kept no such image.
        """
        run = self._run
        if case not in run.info.cases:
            raise InputError(f"{self.folder} has no case {case}, but {', '.join(run.info.cases)}")
        what = f"{case} {image}, noise-free"
        by = ""
        if dose is None:
            values = run.examples.clean(case, image)
        else:
            values = run.examples.image(case, image, dose=dose, restorer=restorer)
            what = f"{case} {image}, {dose:g} e/Å², {restorer}"
            if values is not None and restorer != "raw":
                by = f"{restorer}, {run.info.restorers[restorer].version}"
        if values is None:
            raise InputError(
                f"{self.folder} kept no image {what}; it keeps one realization of some images and"
                " doses, which its report shows"
            )
        return CalibratedImage(
            pixels=values, sampling=run.case(case).sampling, title=what, restored_by=by
        )

    def report(self, out: str | Path | None = None) -> Path:
        """Write the report (`report`); returns its page."""
        from reports import write_report

        with told_in_python(OF_RUNS):
            return write_report(self.folder, out=out)

    @property
    def summary(self) -> str:
        """One sentence: what was run."""
        info = self._run.info
        names = (name for name in info.restorers if not self._run.restorers.is_variant(name))
        state = "" if self.complete else "; not finished: the same call continues it"
        return (
            f"Run {self.folder}: profile {info.profile}, seed {info.seed},"
            f" cases {', '.join(info.cases)}, restorers {', '.join(names)}{state}"
        )

    def __str__(self) -> str:
        return "\n".join([self.summary, *(f"failed: {sentence}" for sentence in self.failures)])

    def _repr_html_(self) -> str:
        # Questions below each other: notebooks are narrow, and restorers are few.
        board = self.board
        header = ("", *(row.label for row in board))
        questions = zip(*(row.tiles for row in board), strict=True)
        rows = [(tiles[0].heading, *map(_tile_text, tiles)) for tiles in questions]
        page = f"Report: {self.page}" if self.page else ""
        return fragment(
            heading(self.summary),
            listing(self.failures, title="These failed:"),
            grid(header, rows),
            beginning(self.table, _SHOWN),
            heading(page) if page else "",
        )


def _tile_text(tile: Any) -> str:
    """Sign, word and value of a tile."""
    value = f": {tile.text}" if tile.text else ""
    return f"{tile.symbol} {tile.word}{value}"


def run(
    restorers: str | Path | Sequence[str | Path] = (),
    out: str | Path | None = None,
    *,
    profile: str = "quick",
    cases: str | Sequence[str] = (),
    images: str | Sequence[str] = (),
    doses: float | Sequence[float] = (),
    realizations: int | None = None,
    seed: int = 2024,
    engine: str = "",
    fit_engine: str = "joint",
    jobs: int | None = None,
    dask: bool = False,
    scheduler: str = "",
    cluster: str | Path | None = None,
) -> FinishedRun:
    """Run the benchmark, or continue a run that was interrupted: what `stembench run` does.

    Processes are started: a script calls this below ``if __name__ == "__main__":``; a notebook
    needs nothing.

    Parameters
    ----------
    restorers : str, Path, or sequence of them
        Restorers, model files, or ``module:callable``; raw images are always run. Those of the
        profile by default.
    out : str or Path, optional
        Run folder; ``out/PROFILE`` by default.
    profile : {'glance', 'quick', 'paper', 'axes'}
        How much to run.
    cases, images : str or sequence of str
        Cases, and images of these; all of the profile by default.
    doses : float or sequence of float
        e/Å²; those of the profile by default.
    realizations : int, optional
        Noise realizations per image and dose.
    seed : int
        Seed of the noise.
    engine : str
        What the published network runs on: 'tensorflow', 'onnx', 'auto' or 'bf16'.
    fit_engine : {'joint', 'lmfit'}
    jobs : int, optional
        Worker processes; the number of cores by default.
    dask, scheduler, cluster
        Where work is done otherwise, as of `stembench run`.

    Returns
    -------
    FinishedRun

    Warns
    -----
    UserWarning
        Of each block whose restorer failed.

    Raises
    ------
    stembench.errors.InputError
        If an input is impossible, or the folder holds another run.
    """
    from bench.executor.placement import Placement
    from bench.output.progress import run_with_progress
    from bench.plan.profiles import get_profile, narrow

    heard = Heard()
    with told_in_python(OF_RUNS):
        chosen = narrow(
            get_profile(profile),
            cases=_several(cases),
            images=_several(images),
            doses=(float(doses),) if isinstance(doses, int | float) else tuple(doses),
            realizations=realizations,
            restorers=_several(restorers),
            engine=engine,
        )
        outcome = run_with_progress(
            chosen,
            Path("out") / profile if out is None else Path(out),
            seed=seed,
            fit_engine=fit_engine,
            verbose=False,
            placement=Placement(
                jobs=jobs,
                dask=dask,
                scheduler=scheduler,
                cluster=None if cluster is None else Path(cluster),
            ),
        )
    heard.notes.extend(f"failed: {sentence}" for sentence in outcome.failures)
    heard.warn()
    return FinishedRun(folder=outcome.folder, failures=outcome.failures)


def report(
    folder: "str | Path | FinishedRun" = Path("out/quick"), out: str | Path | None = None
) -> FinishedRun:
    """Write the report of a run: tables, figures and one HTML page, as `stembench report` does.

    Parameters
    ----------
    folder : str, Path or FinishedRun
        Run folder, pack, or folder of packs of one run.
    out : str or Path, optional
        Folder to write; ``FOLDER/report`` by default.

    Returns
    -------
    FinishedRun
        With its `page`.

    Raises
    ------
    stembench.errors.InputError
        If the folder is no run, or the report cannot be written.
    """
    there = folder if isinstance(folder, FinishedRun) else FinishedRun(folder=Path(folder))
    return FinishedRun(folder=there.folder, failures=there.failures, page=there.report(out))


def _several(given: str | Path | Sequence[str | Path]) -> tuple[str, ...]:
    """One name or several, as a tuple."""
    if isinstance(given, str | Path):
        return (str(given),)
    return tuple(str(one) for one in given)
