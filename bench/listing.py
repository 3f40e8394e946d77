"""What the command line prints as tables: what there is, and two runs side by side."""

import math

import pandas as pd
from rich.console import Console
from rich.table import Table

from bench.profiles import profiles
from cases import CASES
from noise.presets import PRESETS
from reports.metrics import METRICS
from restore import RESTORERS


def print_listing(*, detail: bool) -> None:
    """Print cases, profiles and built-in restorers."""
    console = Console()
    cases = Table("case", "version", "what it is", "images", "doses (e/Å²)", title="Cases")
    for case in CASES:
        cases.add_row(
            case.name,
            str(case.version),
            case.summary if detail else case.title,
            str(len(case.images)),
            ", ".join(f"{dose:g}" for dose in case.doses),
        )
    amounts = Table("profile", "what it runs", "images", title="Profiles")
    for profile in profiles().values():
        images = sum(
            len(selection.images) * len(selection.doses) * selection.realizations
            for selection in profile.selections
        )
        amounts.add_row(profile.name, profile.summary, f"{images} x {len(profile.restorers)}")
    restorers = Table("restorer", "what it is", title="Restorers")
    for entry in RESTORERS:
        restorers.add_row(entry.name, entry.summary)
    shown = [cases, amounts, restorers]
    if detail:
        chains = Table("noise chain", "what it is", title="Noise chains")
        for preset in PRESETS.values():
            chains.add_row(preset.name, preset.summary)
        shown.append(chains)
    for table in shown:
        console.print(table)


def print_comparison(table: pd.DataFrame) -> None:
    """Print the table of `bench.compare.compare_runs`."""
    console = Console()
    for case, rows in table.groupby("case", sort=False):
        shown = Table("image", "dose", "restorer", "metric", "old", "new", "note", title=str(case))
        for row in rows.to_dict("records"):
            before, after = row["restorer_old"], row["restorer_new"]
            metric = METRICS[row["metric"]]
            shown.add_row(
                row["image"],
                f"{row['dose']:g}",
                before if before == after else f"{before} / {after}",
                f"{metric.label} ({metric.unit})" if metric.unit else metric.label,
                interval(row["old"], row["old_low"], high=row["old_high"]),
                interval(row["new"], row["new_low"], high=row["new_high"]),
                f"not comparable: {row['why']}" if row["why"] else "",
            )
        console.print(shown)


def interval(value: float, low: float, *, high: float) -> str:
    """Write a value with its 95 % interval, or alone where none can be stated."""
    if math.isnan(value):
        return "none"
    if math.isnan(low) or math.isnan(high):
        return f"{value:.4g}"
    return f"{value:.4g} [{low:.4g}, {high:.4g}]"
