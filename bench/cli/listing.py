"""Tables printed by `stembench list`."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.plan.profiles import profiles
from cases import CASES
from noise import PRESETS
from restore import RESTORERS, BuiltIn, built_in_names, find_plugins, plugin_problems
from stembench.errors import InputError


def print_listing(*, detail: bool) -> None:
    """Print cases, profiles and restorers, and with detail noise chains and settings."""
    console = Console()
    cases = Table("case", "version", "description", "images", "doses (e/Å²)", title="Cases")
    for case in CASES:
        cases.add_row(
            case.name,
            str(case.version),
            case.summary if detail else case.title,
            str(len(case.images)),
            ", ".join(f"{dose:g}" for dose in case.doses),
        )
    amounts = Table("profile", "description", "images", title="Profiles")
    for profile in profiles().values():
        images = sum(
            len(selection.images) * len(selection.doses) * selection.realizations
            for selection in profile.selections
        )
        images += sum(len(ladder.rungs) * ladder.realizations for ladder in profile.ladders)
        amounts.add_row(profile.name, profile.summary, f"{images} x {len(profile.restorers)}")
    restorers = Table("restorer", "label", "family", "description", title="Restorers")
    for entry in RESTORERS:
        settings = ", ".join(f"{key}={value}" for key, value in entry.settings.items())
        shown_settings = f"; settings {settings}" if detail and settings else ""
        restorers.add_row(entry.name, *_label_and_family(entry), entry.summary + shown_settings)
    plugins = find_plugins()
    problems = plugin_problems(built_in_names(), plugins=plugins)
    for plugin in plugins:
        origin = f"from {plugin.package}, {plugin.factory}"
        problem = problems.get(plugin.name)
        # What a plug-in declares is known only once its code has run.
        told = f"not usable: {problem}" if problem else origin
        restorers.add_row(escape(plugin.name), "", "", escape(told))
    tables = [cases, amounts, restorers]
    if detail:
        chains = Table("noise chain", "description", title="Noise chains")
        for preset in PRESETS.values():
            chains.add_row(preset.name, preset.summary)
        tables.append(chains)
    for table in tables:
        console.print(table)


def _label_and_family(entry: BuiltIn) -> tuple[str, str]:
    """Label and family of a built-in restorer; empty if what it needs is not installed."""
    try:
        return entry.label_and_family
    except InputError:
        return "", ""
