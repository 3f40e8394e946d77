"""What a counterpart of one of the paper's figures is: how it declares itself and what it gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import pandas as pd

from reports.metrics.kept.resolution import contrast_of, unresolved_cells, without_unresolved
from reports.records.run_folder import Run
from reports.summaries.summary import summary_of
from stembench.arrays import Floats
from stembench.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


class LackingError(InputError):
    """What a figure needs is not there; the sentence says what package or command brings it."""


class Restoring(Protocol):
    """Restoration of one image, kept between calls."""

    def __call__(self, image: Floats, spec: str, /, *, sampling: float) -> Floats:
        """Restore counts (h, w) by the restorer that a spec names; Å per pixel; counts out."""
        ...


def run_text(run: Run) -> str:
    """Name a run by profile, commit, seed and whether it is whole."""
    info = run.info
    whole = "" if run.complete else ", INCOMPLETE: not all realizations are in"
    return f"a run of profile {info.profile}, commit {info.commit[:10]}, seed {info.seed}{whole}"


class Searching(Protocol):
    """Search for atomic columns in an image."""

    def __call__(self, image: Floats, /) -> Floats:
        """Return the positions (n, 2) as (x, y) in px of the columns of an image (h, w)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Material:
    """What figures are drawn from.

    Attributes
    ----------
    restored : Restoring
        Restores an image, or remembers it.
    found : Searching
        Finds columns without being told where they are.
    run : Run or None
        Records of the benchmark; None if none were named.
    rivals : tuple of str
        Specs of further restorers that experimental images are shown with.
    wheels : pathlib.Path or None
        Folder of downloaded wheels, from which experimental images are read too.
    program : str
        What draws, with its commit, as figures are to state it.
    versions : mapping of str to str
        Versions of the packages that numbers depend on.
    """

    restored: Restoring
    found: Searching
    run: Run | None = None
    rivals: tuple[str, ...] = ()
    wheels: Path | None = None
    program: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _summarised(self) -> tuple[Run, pd.DataFrame]:
        run = self.run
        if run is None:
            raise LackingError(
                "no run folder was named: `stembench run` makes one, and --run names it"
            )
        unresolved = unresolved_cells(run.once(contrast_of), run.restorers)
        return run, without_unresolved(run.once(summary_of), unresolved)

    def study(self, figure: str) -> tuple[Run, pd.DataFrame, str]:
        """Return the run, the summary of its drawn restorers, and the case of a study.

        Parameters
        ----------
        figure : str
            What the case's study names as its figure: 'precision', 'dislocation' or 'counting'.

        Raises
        ------
        LackingError
            If there is no run, or it holds no such case.
        """
        run, summary = self._summarised
        named = [
            str(name) for name in summary["case"].unique() if run.case(name).study.figure == figure
        ]
        if not named:
            raise LackingError(
                f"the run {run.folder} holds no case of the study of {figure}: `stembench run` "
                "without --case makes one that does"
            )
        shown = run.restorers.shown(summary["restorer"].unique())
        drawn = [name for name in shown if not run.restorers.is_reference(name)]
        rows = summary[(summary["case"] == named[0]) & summary["restorer"].isin(drawn)]
        return run, rows, named[0]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What the numbers of a figure say about a claim that no run decides.

    Attributes
    ----------
    claim : int
        Its number, as in docs/claims.md.
    outcome : str
        As a rule of `reports.claims.rules` gives.
    text : str
        All numbers with their intervals.
    rule : str
        In words.
    conditions : str
        Outcome of each condition of a rule that has several; '' for one.
    n_numbers : int
    value, low, high : float or None
        The number that decides with its 95 % interval; None where it has none.
    unit, at : str
        Of that number, as of `reports.Number`.
    """

    claim: int
    outcome: Literal["confirmed", "refuted", "partly", "undecided", "no data"]
    text: str
    rule: str = ""
    conditions: str = ""
    n_numbers: int = 0
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    at: str = ""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A drawn counterpart.

    Attributes
    ----------
    caption : str
        What its panels show, with the settings and n.
    drawing : matplotlib.figure.Figure or None
        None where tables are all there is.
    tables : mapping of str to pandas.DataFrame
        Its numbers, by the end of their file's name; '' for the only one.
    summary : tuple of tuple of str
        A table for readers, its header first; () for none.
    sources : tuple of str
        Origin and licence of each image that is not the benchmark's own.
    findings : tuple of Finding
        What it says about claims by its own numbers.
    run : str
        What run it was drawn from; '' for none.
    """

    caption: str
    drawing: "Drawing | None" = None
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    summary: tuple[tuple[str, ...], ...] = ()
    sources: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    run: str = ""


@dataclass(frozen=True, kw_only=True)
class PaperFigure:
    """The counterpart of a figure or table of the paper, declared by the file that draws it.

    Attributes
    ----------
    number : str
        '1' to '13', 'table-1', 's2'; further tables of ours have names.
    title : str
        Heading.
    theirs : str
        What the paper shows there, in a sentence.
    claims : tuple of int
        Numbers of the claims it stands for, as in docs/claims.md.
    needs : str
        What it is drawn from: a run, an installed package, a file of the checkout.
    draw : callable or None
        ``draw(material)`` returns `Drawn`, or raises `LackingError`.
    not_yet : str
        Why there is no counterpart, or which part of it; '' if it is whole.
    """

    number: str
    title: str
    theirs: str
    needs: str
    claims: tuple[int, ...] = ()
    draw: Callable[[Material], Drawn] | None = None
    not_yet: str = ""

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"figure-{self.number}" if self.number.lstrip("s").isdigit() else self.number
