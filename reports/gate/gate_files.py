"""Files of the gate's verdicts: JUnit XML for CI servers, CSV and Markdown."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from reports.gate.gate_text import (
    cell_text,
    change_text,
    markdown,
    metric_text,
    note_text,
)
from reports.gate.result import GateResult, GateRow, Verdict
from stembench.atomic_files import replacing
from stembench.errors import InputError

#: What XML 1.0 cannot hold.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_text(text: str, path: Path) -> None:
    """Write a text file whole or not at all.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    try:
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error})") from error


def write_markdown(result: GateResult, path: Path, *, alpha: float) -> None:
    """Write the summary of a result in Markdown."""
    write_text(markdown(result, alpha=alpha), path)


def write_csv(result: GateResult, path: Path) -> None:
    """Write all rows at full precision."""
    table = result.table()
    table["verdict"] = [row.verdict.value for row in result.rows]
    write_text(table.to_csv(index=False, lineterminator="\n"), path)


def write_junit(result: GateResult, path: Path, *, strict: bool = False) -> None:
    """Write one test suite per case and one test case per row.

    Worse is a failure, not comparable an error, inconclusive skipped, or with `strict` a failure.
    """
    suites = ET.Element("testsuites", name="stembench compare")
    totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for case in dict.fromkeys(row.case for row in result.rows):
        rows = [row for row in result.rows if row.case == case]
        suite = ET.SubElement(suites, "testsuite", name=_clean(case))
        counts = dict.fromkeys(totals, 0)
        for row in rows:
            counts["tests"] += 1
            kind = _junit_case(suite, row, strict=strict)
            if kind:
                counts[kind] += 1
        for name, number in counts.items():
            suite.set(name, str(number))
            totals[name] += number
        suite.set("time", "0")
    for name, number in totals.items():
        suites.set(name, str(number))
    ET.indent(suites)
    text = ET.tostring(suites, encoding="unicode")
    write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n', path)


def _junit_case(suite: ET.Element, row: GateRow, *, strict: bool) -> str:
    """Add one test case; returns which total it counts towards, empty if it passed."""
    restorer = (
        row.restorer_new
        if row.restorer_new == row.restorer_old
        else f"{row.restorer_old} to {row.restorer_new}"
    )
    element = ET.SubElement(
        suite,
        "testcase",
        classname=_clean(f"{row.case}.{restorer}"),
        name=_clean(f"{cell_text(row)}: {metric_text(row)}"),
        time="0",
    )
    message = "; ".join(
        part for part in (row.verdict.value, change_text(row), note_text(row)) if part
    )
    tag, total = {
        Verdict.WORSE: ("failure", "failures"),
        Verdict.NOT_COMPARABLE: ("error", "errors"),
        Verdict.INCONCLUSIVE: ("failure", "failures") if strict else ("skipped", "skipped"),
    }.get(row.verdict, ("", ""))
    if not tag:
        return ""
    outcome = ET.SubElement(element, tag, message=_clean(message))
    if tag != "skipped":
        outcome.set("type", row.verdict.value)
    return total


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
