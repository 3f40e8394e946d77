"""Tables of shipped results: the main numbers of profile paper and where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from reports.claims.rules import Number
from reports.records.run_folder import Run
from reports.words.numbers import dose_text, metric_quantity, plain, quantity, seconds_text
from reports.words.tables import markdown_grid


@dataclass(frozen=True)
class Line:
    """A line of the table of results: one number of raw and network, and what bounds it.

    Attributes
    ----------
    what : str
        In words.
    case, image : str
    doses : tuple of float
        e/Å²; a line for each.
    metric : str
        Name in ``summary.csv``, or the kind of a defect in ``defects.csv``.
    raw : str
        Which fit of the raw images stands beside the network.
    bound : str
        Kind of the bound in ``bounds.csv``; '' without one.
    """

    what: str
    case: str
    image: str
    doses: tuple[float, ...]
    metric: str
    raw: str = "raw"
    bound: str = ""


LINES: Final = (
    Line("a column displaced by 15 pm, 10 cells: share passed on", "response", "z10-shift15",
         (5e2, 5e3), "position_response", "raw/poisson"),
    Line("scatter over that share, in bounds", "response", "z10", (5e2, 5e3),
         "position_information_over_bound", "raw/poisson"),
    Line("an SCS changed by 10 %, 10 cells: share passed on", "response", "z10-scs10",
         (5e2, 5e3), "scs_response", "raw/poisson"),
    Line("bulk, 2 cells: scatter of position per axis", "pt_bulk", "z02", (5e2, 5e4),
         "position_std_pm", "raw/poisson", "recorded"),
    Line("bulk, 75 cells: scatter of position per axis", "pt_bulk", "z75", (5e2, 5e4),
         "position_std_pm", "raw/poisson", "recorded"),
    Line("dislocation: MAE of position without rigid shift", "edge_dislocation", "core",
         (5e2, 5e3, 5e4), "position_mae_unshifted_pm", "raw", "hybrid-unshifted"),
    Line("particle: MAE of position without rigid shift", "nanoparticle", "particle",
         (5e2, 5e3, 5e4), "position_mae_unshifted_pm", "raw", "hybrid-unshifted"),
    Line("particle: columns counted right", "nanoparticle", "particle", (5e2, 5e3, 5e4),
         "count_accuracy"),
    Line("vacancy in 10 cells: intensity deficit that is retained", "defect_ladder", "z10",
         (5e2, 5e3), "vacancy"),
)  # fmt: skip
_BOUND: Final = {"position_std_pm": "position_pm", "position_mae_unshifted_pm": "distance_pm"}


def shipped_tables(run: Run, report: Path) -> dict[str, str]:
    """Markdown tables of results for pages, by name.

    Parameters
    ----------
    run : Run
    report : pathlib.Path
        Folder of its report.

    Returns
    -------
    dict of str to str
        'results' (main numbers), 'claims' (verdict of each) and 'provenance'.
    """
    tables = {path.name: pd.read_csv(path) for path in report.glob("*.csv")}
    return {
        "results": results_table(run, tables),
        "claims": claims_table(tables["claims.csv"]),
        "provenance": provenance(run),
    }


def results_table(run: Run, tables: Mapping[str, pd.DataFrame]) -> str:
    """Markdown table of `LINES`; a number that is not there yet says so."""
    network = next((n for n in run.info.restorers if run.restorers.is_network(n)), "")
    n = {name: case.realizations for name, case in run.info.cases.items()}
    rows = ["| | e/Å² | n | raw | CGRDN | bound |", "|---|---:|---:|---|---|---|"]
    for line in LINES:
        for dose in line.doses:
            cells = [_value(tables, line, dose=dose, restorer=r) for r in (line.raw, network)]
            bound = _bound(tables, line, dose=dose)
            number = n.get(line.case, "")
            rows.append(
                f"| {line.what} | {dose_text(dose)} | {number} | {' | '.join(cells)} | {bound} |"
            )
    return "\n".join(rows) + "\n"


def _value(tables: Mapping[str, pd.DataFrame], line: Line, *, dose: float, restorer: str) -> str:
    if line.metric == "vacancy":
        name, what = "defects.csv", ("kind", "vacancy")
    else:
        name, what = "summary.csv", ("metric", line.metric)
    rows = tables.get(name)
    if rows is None:
        return "not run yet"
    at = (("case", line.case), ("image", line.image), ("restorer", restorer), what)
    for column, wanted in at:
        rows = rows[rows[column] == wanted]
    rows = rows[rows["dose"] == dose]
    if rows.empty:
        return "not run yet"
    value, low, high = (float(rows[end].iloc[0]) for end in ("value", "low", "high"))
    if line.metric == "vacancy":
        return quantity(100 * value, 100 * low, 100 * high, unit="%")
    return metric_quantity(line.metric, value, low, high)


def _bound(tables: Mapping[str, pd.DataFrame], line: Line, *, dose: float) -> str:
    rows = tables.get("bounds.csv")
    if not line.bound or rows is None:
        return ""
    own = rows[(rows["case"] == line.case) & (rows["image"] == line.image)]
    own = own[(own["dose"] == dose) & (own["kind"] == line.bound)]
    return f"{plain(float(own[_BOUND[line.metric]].iloc[0]))} pm" if len(own) else "not run yet"


def claims_table(claims: pd.DataFrame) -> str:
    """Markdown table of all claims: verdict, the number that decides, and what decides."""
    rows = [
        (
            str(row["claim"]),
            str(row["text"]),
            str(row["verdict"]),
            _deciding(row),
            _decider(row),
        )
        for row in claims.to_dict("records")
    ]
    header = ("no.", "claim", "verdict", "the number that decides", "by")
    return "\n".join(markdown_grid(header, rows, left=(1, 2, 3, 4))) + "\n"


def _deciding(row: Mapping[Any, Any]) -> str:
    """The number that decides a claim, with its place."""
    if pd.isna(row["value"]):
        return ""
    value, low, high = (float(row[end]) for end in ("value", "low", "high"))
    unit, at = (str(row[name]) if pd.notna(row[name]) else "" for name in ("unit", "at"))
    number = Number(value=value, low=low, high=high, unit=unit, at=at)
    return number.text


def _decider(row: Mapping[Any, Any]) -> str:
    """Whether a run or a figure decides, without the commit that drew it."""
    return str(row["decided_by"]).partition(" (")[0] if pd.notna(row["decided_by"]) else ""


def provenance(run: Run) -> str:
    """Markdown table of where the results come from."""
    info = run.info
    rows = [
        ("profile, seed", f"{info.profile}, {info.seed}"),
        ("commit", info.commit),
        ("source", f"SHA-256 {info.source_sha256[:16]}"),
        ("machine", f"{info.hardware.get('processor')}, {info.hardware.get('cores')} cores"),
        ("wall time of the calls that came to their end", seconds_text(info.wall_seconds)),
        ("time of all blocks, each on one core", seconds_text(sum(info.stages.values()))),
        ("largest memory of a part", f"{info.peak_memory_bytes / 2**30:.1f} GiB"),
        ("versions", ", ".join(f"{name} {version}" for name, version in info.versions.items())),
    ]
    rows += [
        (
            name,
            f"version {case.case.version}, data {case.data_hash[:12]}: {len(case.images)} images,"
            f" {len(case.doses)} doses, {case.realizations} realizations",
        )
        for name, case in info.cases.items()
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)]) + "\n"
