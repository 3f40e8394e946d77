"""Margins of the gate: the largest changes that do not matter, in a TOML file that users edit.

Defaults are those that the metrics declare; the file that a user starts from is made of them.
"""

import textwrap
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from reports.metrics.table import GATES
from stembench.errors import InputError

_SETTINGS: Final = ("alpha", "new_failures")
_ALPHA: Final = 0.05
_NEW_FAILURES: Final = 0
_TEXT: Final = """\
# What `stembench compare` calls a change that does not matter. Give your copy with --margins FILE;
# what it leaves out stays as here. The statistics are described in docs/gate.md.

# Chance of any false "better" or "worse" over all cells together (Holm), and of calling a change
# as large as its margin "equivalent" in one cell.
alpha = {alpha}

# Newly failed fits per case, image and dose that are let pass.
new_failures = {new_failures}

[margin]
{margins}

# A case may have margins of its own:
# [case.nanoparticle]
# count_accuracy = 0.005
"""
_WIDTH: Final = 100


@dataclass(frozen=True)
class Margins:
    """What the gate calls equivalent.

    Attributes
    ----------
    alpha : float
        Chance of any false 'better' or 'worse' over all cells, and of a false 'equivalent' in one.
    new_failures : int
        Newly failed fits per cell that are let pass.
    metrics : mapping of str to float
        Margin of each gate metric.
    cases : mapping of str to mapping
        Margins of a case in place of the general ones.
    """

    alpha: float
    new_failures: int
    metrics: Mapping[str, float]
    cases: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def margin(self, metric: str, *, case: str) -> float:
        """Margin of a metric in a case, as the file states it."""
        return self.cases.get(case, {}).get(metric, self.metrics[metric])


def default_margins() -> Margins:
    """Margins where a user's file says nothing."""
    return Margins(
        alpha=_ALPHA,
        new_failures=_NEW_FAILURES,
        metrics={name: gate.margin for name, gate in GATES.items()},
    )


def default_text() -> str:
    """Margins file with the defaults, each margin under a comment on its meaning."""
    margins = "\n".join(
        "\n".join([*_comment(gate.meaning), f"{name} = {gate.margin}"])
        for name, gate in GATES.items()
    )
    return _TEXT.format(alpha=_ALPHA, new_failures=_NEW_FAILURES, margins=margins)


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="#   ")


def load_margins(path: Path) -> Margins:
    """Read a margins file.

    Raises
    ------
    InputError
        If it cannot be read, is not TOML, or holds an unknown key or an impossible value.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the margins file {path} cannot be read ({error})") from error
    return parse_margins(text, source=str(path))


def parse_margins(text: str, *, source: str) -> Margins:
    """Read margins from TOML; what is left out stays at its default.

    Parameters
    ----------
    text : str
    source : str
        Named in errors.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{source} is not TOML ({error})") from error
    _refuse_unknown(content, (*_SETTINGS, "margin", "case"), source=source, where="")
    alpha = content.get("alpha", _ALPHA)
    if not _number(alpha) or not 0 < alpha < 0.5:
        raise InputError(f"alpha in {source} must be a number between 0 and 0.5, not {alpha!r}")
    failures = content.get("new_failures", _NEW_FAILURES)
    if isinstance(failures, bool) or not isinstance(failures, int) or failures < 0:
        raise InputError(
            f"new_failures in {source} must be a whole number from 0, not {failures!r}"
        )
    cases = content.get("case", {})
    if not isinstance(cases, dict):
        raise InputError(f"case in {source} must be tables such as [case.nanoparticle]")
    return Margins(
        alpha=float(alpha),
        new_failures=failures,
        metrics={
            **default_margins().metrics,
            **_table(content.get("margin", {}), source=source, where="[margin]"),
        },
        cases={
            name: _table(values, source=source, where=f"[case.{name}]")
            for name, values in cases.items()
        },
    )


def _table(values: Any, *, source: str, where: str) -> dict[str, float]:
    if not isinstance(values, dict):
        raise InputError(f"{where} in {source} must be a table of margins")
    _refuse_unknown(values, tuple(GATES), source=source, where=where)
    for name, value in values.items():
        if not _number(value) or not 0 < value < 1:
            raise InputError(
                f"{name} under {where} in {source} must be a number between 0 and 1, such as 0.01"
                f" for 1 %, not {value!r}"
            )
    return {name: float(value) for name, value in values.items()}


def _refuse_unknown(
    values: Mapping[str, Any], known: tuple[str, ...], *, source: str, where: str
) -> None:
    unknown = [name for name in values if name not in known]
    if unknown:
        place = f"under {where} " if where else ""
        raise InputError(
            f"unknown key {unknown[0]!r} {place}in {source}; known are {', '.join(known)}"
        )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
