"""The scoreboard of a run: rows of restorers, tiles of questions, each with a link to its proof."""

import itertools
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from reports.figures.figure import FigureFile
from reports.page.scoreboard.questions import QUESTIONS, Question
from reports.page.scoreboard.tile import SYMBOLS, State, Tile, tile_of
from reports.records.run_folder import Run
from reports.summaries.summary import summary_of
from reports.words.numbers import dose_text
from reports.words.tables import Table


@dataclass(frozen=True, kw_only=True)
class DoseMark:
    """State at one dose, or at several that follow each other, for readers."""

    dose: str
    state: State
    symbol: str
    word: str


@dataclass(frozen=True, kw_only=True)
class BoardTile:
    """A tile as the page shows it.

    Attributes
    ----------
    heading, word, symbol : str
        Question, answer, and the sign of the answer.
    state : State
    text, where : str
        Value with its interval in the gravest finding, and where that is; '' if not measured.
    doses : tuple of DoseMark
    href : str
        Place on the page that shows it; '' if not measured.
    """

    heading: str
    state: State
    word: str
    symbol: str
    text: str
    where: str
    doses: tuple[DoseMark, ...]
    href: str


@dataclass(frozen=True, kw_only=True)
class BoardRow:
    """A restorer and its tiles, in the order of `QUESTIONS`.

    Attributes
    ----------
    label : str
    safe : str
        What it is safe for; '' for what others are held against.
    tiles : tuple of BoardTile
    """

    label: str
    safe: str
    tiles: tuple[BoardTile, ...]


def scoreboard(
    run: Run, names: Collection[str], *, figures: Sequence[FigureFile], tables: Sequence[Table]
) -> tuple[BoardRow, ...]:
    """Answer every question for every restorer.

    Parameters
    ----------
    run : Run
    names : collection of str
        Restorers that have records. References, further fits of the same images and other
        acquisitions have no row: they are no restorers.
    figures, tables : sequence
        Those of the page, to which tiles link.

    Returns
    -------
    tuple of BoardRow
        In the order of tables: raw first.
    """
    restorers = run.restorers
    rows = []
    for name in restorers.ranked(names):
        if restorers.is_variant(name) or restorers.is_acquisition(name):
            continue
        tiles = [(question, tile_of(question.of(run, name))) for question in QUESTIONS]
        shown = (
            _shown(run, question, tile, figures=figures, tables=tables) for question, tile in tiles
        )
        safe = "" if restorers.is_raw(name) else safe_for(tiles)
        rows.append(BoardRow(label=restorers.label(name), safe=safe, tiles=tuple(shown)))
    return tuple(rows)


def safe_for(tiles: Sequence[tuple[Question, Tile]]) -> str:
    """What a restorer is safe for, in words.

    Parameters
    ----------
    tiles : sequence of (Question, Tile)
        In the order of `QUESTIONS`: of what stands on what. Where columns are nowhere resolved
        nothing is safe, and where changes are nowhere passed on no number of changes, defects or
        counts is, whatever its own tile says: the images then show what the restorer expects.
    """
    states = {question.name: tile.state for question, tile in tiles}
    if all(state == "unmeasured" for state in states.values()):
        return ""
    drawn = states.get("resolved") == "no" or states.get("response") == "no"
    uses = [
        question.use
        for question, tile in tiles
        if tile.state == "yes" and not (drawn and question.name not in ("resolved", "intensity"))
    ]
    if states.get("resolved") == "no" or not uses:
        return "safe for none of these"
    where = ", where columns are resolved" if states.get("resolved") == "mixed" else ""
    return f"safe for {', '.join(uses)}{where}"


def anchor(title: str) -> str:
    """Name of a place on the page, made from a title."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _shown(
    run: Run,
    question: Question,
    tile: Tile,
    *,
    figures: Sequence[FigureFile],
    tables: Sequence[Table],
) -> BoardTile:
    words: Mapping[State, str] = question.words
    text = where = href = ""
    if tile.worst is not None:
        worst = tile.worst
        text = worst.text
        number = ""
        if (total := sum(tile.counts.values())) > 1:
            parts = (f"{count} {SYMBOLS[state]}" for state, count in tile.counts.items())
            number = f"; gravest of {total}: {', '.join(parts)}"
        where = (
            f"{run.title(worst.case)}, {worst.image}, {dose_text(worst.dose)} e/Å², n = {worst.n}"
            f"{number}"
        )
        href = f"#{_place(question, worst.case, run.title(worst.case), figures, tables)}"
    return BoardTile(
        heading=question.heading,
        state=tile.state,
        word=words[tile.state],
        symbol=SYMBOLS[tile.state],
        text=text,
        where=where,
        doses=_marks(tile, words),
        href=href,
    )


def _marks(tile: Tile, words: Mapping[State, str]) -> tuple[DoseMark, ...]:
    """States by dose, those of one state that follow each other as a range."""
    marks = []
    for state, group in itertools.groupby(tile.doses, key=lambda pair: pair[1]):
        doses = [dose_text(dose) for dose, _ in group]
        text = doses[0] if len(doses) == 1 else f"{doses[0]}–{doses[-1]}"
        marks.append(DoseMark(dose=text, state=state, symbol=SYMBOLS[state], word=words[state]))
    return tuple(marks)


def _place(
    question: Question,
    case: str,
    title: str,
    figures: Sequence[FigureFile],
    tables: Sequence[Table],
) -> str:
    """Where the page shows a finding: its figure, else its table, else all tables."""
    stem = f"figure_{question.figure}_{case}"
    if any(figure.png.stem == stem for figure in figures):
        return anchor(stem)
    wanted = f"{question.table}: {title}"
    return anchor(wanted) if any(table.title == wanted for table in tables) else "tables"


def board_of_run(run: Run) -> tuple[BoardRow, ...]:
    """Scoreboard of a run by itself, with no page around it to link to."""
    names = set(run.once(summary_of)["restorer"].astype(str))
    return scoreboard(run, names, figures=(), tables=())
