"""Table of speed: ours beside a named alternative, as ratios of one run, and against stored ones.

    python bench/speed/speed_table.py MEASURED.json [--stored results/speed.json] [--store]

MEASURED.json is what `pytest bench/speed --benchmark-json` writes. Seconds hang on the machine,
ratios far less: a ratio that has fallen by more than a fifth against the stored one is reported,
and the exit code is then 1.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

#: Part of a stored ratio below which the new one is reported.
FALLEN: Final = 0.8
BEGIN: Final = "<!-- speed: begin (nox -s speed writes what stands between) -->"
END: Final = "<!-- speed: end -->"


@dataclass(frozen=True)
class Comparison:
    """Two benchmarks of one run that are read beside each other.

    Attributes
    ----------
    name : str
        What is done.
    ours, reference : str
        Names of the benchmarks, as pytest-benchmark states them.
    alternative : str
        Name of the alternative in words.
    """

    name: str
    ours: str
    reference: str
    alternative: str


COMPARISONS: Final = (
    Comparison(
        "fit of 36 columns, least squares",
        "test_engines_on_the_same_image[6-joint]",
        "test_engines_on_the_same_image[6-lmfit]",
        "lmfit",
    ),
    Comparison(
        "fit of 100 columns, least squares",
        "test_engines_on_the_same_image[10-joint]",
        "test_engines_on_the_same_image[10-lmfit]",
        "lmfit",
    ),
    Comparison(
        "normal equations of 2500 columns",
        "test_factor_of_2500_columns[fronts]",
        "test_factor_of_2500_columns[superlu]",
        "scipy's sparse LU",
    ),
    Comparison(
        "covariance of 400 columns",
        "test_sandwich_errors_of_400_columns[selected]",
        "test_sandwich_errors_of_400_columns[dense]",
        "numpy's dense inverse",
    ),
    Comparison(
        "normal equations of a scan fit, 256 lines",
        "test_factor[band-256]",
        "test_factor[superlu-256]",
        "scipy's sparse LU",
    ),
    Comparison(
        "response of a scan fit, 256 lines",
        "test_response[held]",
        "test_response[renewed]",
        "full steps",
    ),
    Comparison(
        "Poisson counts, 20 e/px, 256² px",
        "test_counting[tables-20.0]",
        "test_counting[numpy-20.0]",
        "numpy's Poisson",
    ),
    Comparison(
        "full S(T)EM noise, 16 x 256² px",
        "test_full_chain_by_either_sampler[tables]",
        "test_full_chain_by_either_sampler[numpy]",
        "the same with numpy's Poisson",
    ),
    Comparison(
        "CGRDN, 128² px, TensorFlow",
        "test_restore[cgrdn]",
        "test_published_saved_model",
        "the published SavedModel",
    ),
    Comparison(
        "CGRDN, 128² px, ONNX Runtime",
        "test_restore[cgrdn@onnx]",
        "test_published_saved_model",
        "the published SavedModel",
    ),
    Comparison(
        "CGRDN, 128² px, bfloat16",
        "test_restore[cgrdn@bf16]",
        "test_published_saved_model",
        "the published SavedModel",
    ),
    Comparison(
        "4096 columns against 1024",
        "test_growth_with_the_number_of_columns[64-poisson]",
        "test_growth_with_the_number_of_columns[32-poisson]",
        "1024 columns",
    ),
    Comparison(
        "10 000 columns against 1024",
        "test_growth_with_the_number_of_columns[100-poisson]",
        "test_growth_with_the_number_of_columns[32-poisson]",
        "1024 columns",
    ),
)
#: Benchmarks without an alternative whose seconds are shown.
ALONE: Final = (
    ("160 000 columns with errors, 4k x 4k px", "test_160000_columns"),
    ("finding 10 000 columns", "test_finding_10000_columns"),
    ("scan fit of a lattice, 256² px", "test_fit[lines-256]"),
)
#: CGRDN's arithmetic is held against the chip's matrix rate.
RATE: Final = "test_matrix_rate"
NETWORK: Final = "test_restore[cgrdn]"


def rows_of(measured: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of the table: name, seconds of ours, alternative and its seconds, ratio.

    Parameters
    ----------
    measured : dict
        What pytest-benchmark wrote. A pair that was not measured whole has no row.
    """
    seconds = {one["name"]: one["stats"]["min"] for one in measured["benchmarks"]}
    rows = [
        {
            "name": one.name,
            "seconds": seconds[one.ours],
            "alternative": one.alternative,
            "alternative_seconds": seconds[one.reference],
            "ratio": seconds[one.reference] / seconds[one.ours],
        }
        for one in COMPARISONS
        if one.ours in seconds and one.reference in seconds
    ]
    extra = {one["name"]: one.get("extra_info", {}) for one in measured["benchmarks"]}
    if RATE in seconds and NETWORK in seconds and "operations" in extra[NETWORK]:
        ours = extra[NETWORK]["operations"] / seconds[NETWORK]
        limit = extra[RATE]["operations"] / seconds[RATE]
        rows.append(
            {
                "name": "CGRDN's arithmetic, float32",
                "seconds": seconds[NETWORK],
                "alternative": f"limit: matrix products at {limit / 1e9:.0f} GFLOP/s",
                "alternative_seconds": extra[NETWORK]["operations"] / limit,
                "ratio": ours / limit,
            }
        )
    rows += [{"name": name, "seconds": seconds[test]} for name, test in ALONE if test in seconds]
    return rows


def fallen(rows: list[dict[str, Any]], stored: list[dict[str, Any]]) -> list[str]:
    """Sentences on ratios that have fallen by more than a fifth."""
    before = {row["name"]: row["ratio"] for row in stored if "ratio" in row}
    return [
        f"{row['name']}: {row['ratio']:.3g} times, before {before[row['name']]:.3g} times"
        for row in rows
        if "ratio" in row and row["name"] in before and row["ratio"] < FALLEN * before[row["name"]]
    ]


def markdown(rows: list[dict[str, Any]], machine: str) -> str:
    """Table of the rows for a page."""
    lines = [
        "| what | ours, s | beside | s | ratio |",
        "|---|---:|---|---:|---:|",
        *(
            f"| {row['name']} | {row['seconds']:.3g} | {row.get('alternative', '')} |"
            f" {_number(row.get('alternative_seconds'))} | {_number(row.get('ratio'))} |"
            for row in rows
        ),
    ]
    return "\n".join(lines) + f"\n\n{machine}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def machine_of(measured: dict[str, Any]) -> str:
    """Processor, Python and date of a measurement, as a sentence."""
    info = measured["machine_info"]
    chip = info.get("cpu", {}).get("brand_raw", info.get("processor") or info["machine"])
    return (
        f"Least time of several rounds on {chip}, Python {info['python_version']},"
        f" {measured['datetime'][:10]}. Ratio: time of the alternative over ours."
    )


def write_between(page: Path, text: str) -> None:
    """Put a text between the marks of a page."""
    whole = page.read_text(encoding="utf-8")
    before, rest = whole.split(BEGIN)
    _, after = rest.split(END)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Print the table, hold it against the stored one, and store it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("measured", type=Path)
    parser.add_argument("--stored", type=Path, default=Path("results/speed.json"))
    parser.add_argument("--document", type=Path)
    parser.add_argument("--store", action="store_true", help="renew the stored table and the page")
    given = parser.parse_args(arguments)
    measured = json.loads(given.measured.read_text(encoding="utf-8"))
    rows = rows_of(measured)
    table = Table("what", "ours, s", "beside", "s", "ratio")
    for row in rows:
        table.add_row(
            row["name"],
            f"{row['seconds']:.3g}",
            row.get("alternative", ""),
            _number(row.get("alternative_seconds")),
            _number(row.get("ratio")),
        )
    Console().print(table)
    stored = []
    if given.stored.exists():
        stored = json.loads(given.stored.read_text(encoding="utf-8"))["rows"]
    slower = fallen(rows, stored)
    for sentence in slower:
        sys.stderr.write(f"slower than stored in {given.stored}: {sentence}\n")
    if given.store:
        given.stored.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"machine": machine_of(measured), "rows": rows}, indent=1)
        given.stored.write_text(text + "\n", encoding="utf-8")
        if given.document is not None:
            write_between(given.document, markdown(rows, machine_of(measured)))
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
