"""Tables of positions as text: separators, decimal commas and headings of many programs."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from bench.own_images.files.units import unit_named
from stembench.arrays import Floats
from stembench.errors import InputError

_HEADING: Final = re.compile(
    r"(x|y)(?:[\s_]*[\[(]\s*(.*?)\s*[\])]|(?:[\s_]+|\s*/\s*)(\S+))?", re.IGNORECASE
)
#: Centre of mass in ImageJ's results, which may be measured without the centroid.
_MASS: Final = {"xm": "x", "ym": "y"}
_PIXELS: Final = ("", "px", "pix", "pixel", "pixels")


def from_table(path: Path, *, sampling: float | None) -> Floats:
    """Positions [px] of a table with the columns x and y, or of two columns without headings.

    Raises
    ------
    InputError
        If it is no such table.
    """
    lines = [line for line in _text(path).splitlines() if line.strip(" \t,;\0")]
    if not lines:
        raise InputError(f"{path} cannot be read as a table of positions: it is empty")
    lines, stated = _without_remarks(lines)
    if not lines:
        raise InputError(f"{path} cannot be read as a table of positions: it has remarks alone")
    separator = stated or _separator(lines[0])
    rows = _rows(lines, separator)
    head = [name.strip().strip("\"'") for name in rows[0]]
    if len(head) == 2 and all(_is_number(text) for text in head):
        places, scales, body = (0, 1), (1.0, 1.0), rows
    else:
        body = rows[1:]
        head, body = _with_units(head, body)
        places, scales = _columns(head, path=path, sampling=sampling)
    if separator == "," and any(len(row) > len(head) for row in body):
        raise InputError(
            f"{path} has rows of more values than the {len(head)} headings; decimal commas need "
            "semicolons, tabs or blanks between the columns"
        )
    positions = np.empty((len(body), 2))
    for number, row in enumerate(body):
        for side, place in enumerate(places):
            text = row[place].strip() if place < len(row) else ""
            try:
                value = float(text.replace(",", ".")) if text else np.nan
            except ValueError as error:
                raise InputError(
                    f"{path} cannot be read as a table of positions: '{text}' in row {number + 1} "
                    "is no number"
                ) from error
            positions[number, side] = value * scales[side]
    return positions


def _without_remarks(lines: Sequence[str]) -> tuple[list[str], str]:
    """Lines from the headings on, and the separator that a spreadsheet's first line states.

    The last remark before the first row are the headings if it names both columns.
    """
    stated = re.fullmatch(r"\"?sep=(.)\"?\s*", lines[0].strip())
    lines = lines[1:] if stated else lines
    first = next(
        (n for n, line in enumerate(lines) if not line.lstrip().startswith("#")), len(lines)
    )
    kept = [line for line in lines[first:] if not line.lstrip().startswith("#")]
    if first:
        heading = lines[first - 1].lstrip().lstrip("#").strip()
        names = {_heading(name.strip())[0] for name in _rows([heading], _separator(heading))[0]}
        if {"x", "y"} <= names:
            kept.insert(0, heading)
    return kept, stated[1] if stated else ""


def _with_units(head: Sequence[str], body: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Headings with the units that a row of their own below them states, and the other rows."""
    if not body or len(body[0]) != len(head):
        return list(head), body
    units = [text.strip() for text in body[0]]
    at = [place for place, name in enumerate(head) if name.lower() in ("x", "y")]
    if not at or any(
        not units[place]
        or _is_number(units[place])
        or not (units[place].lower() in _PIXELS or unit_named(units[place]).kind == "length")
        for place in at
    ):
        return list(head), body
    return [
        f"{n} ({u})" if k in at else n for k, (n, u) in enumerate(zip(head, units, strict=True))
    ], body[1:]


def _text(path: Path) -> str:
    data = path.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _separator(heading: str) -> str:
    """Character between columns; a blank for any number of blanks."""
    for character in ("\t", ";"):
        if character in heading:
            return character
    # "1,5 2,5" has decimal commas and blanks; "x, y" has commas with blanks behind them.
    if "," in heading and not re.fullmatch(
        r"\s*[-+]?\d+,\d+(e[-+]?\d+)?\s+[-+]?\d+,\d+\S*\s*", heading
    ):
        return ","
    return " "


def _rows(lines: Sequence[str], separator: str) -> list[list[str]]:
    if separator == " ":
        return [line.split() for line in lines]
    return list(csv.reader(lines, delimiter=separator))


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _columns(
    head: Sequence[str], *, path: Path, sampling: float | None
) -> tuple[tuple[int, int], tuple[float, float]]:
    """Places of x and y among the columns, and the pixels per unit of each."""
    found: dict[tuple[str, str], int] = {}
    for place, name in enumerate(head):
        letter, unit = _heading(name)
        if letter:
            found.setdefault((letter, unit), place)
    units = [unit for letter, unit in found if letter == "x" and ("y", unit) in found]
    pixels = [unit for unit in units if unit.lower() in _PIXELS]
    lengths = [unit for unit in units if unit_named(unit).kind == "length"]
    if pixels:
        unit, scale = pixels[0], 1.0
    elif lengths:
        unit = lengths[0]
        if sampling is None:
            raise InputError(f"{path} gives positions in {unit}; columns x and y in px are needed")
        scale = (unit_named(unit).angstrom or 0.0) / sampling
    else:
        names = ", ".join(name for name in head if name)
        raise InputError(f"{path} needs the columns x and y in px; it has {names}")
    return (found["x", unit], found["y", unit]), (scale, scale)


def _heading(name: str) -> tuple[str, str]:
    """Letter and unit of a heading such as 'X', 'x (px)' or 'y_A'; empty if it is another."""
    matched = _HEADING.fullmatch(name)
    if matched:
        unit = matched[2] or matched[3] or ""
        if unit.lower() in _PIXELS or unit_named(unit).kind == "length":
            return matched[1].lower(), "" if unit.lower() in _PIXELS else unit
        return "", ""
    letter = _MASS.get(name.lower(), "")
    return (letter, "pixel") if letter else ("", "")
