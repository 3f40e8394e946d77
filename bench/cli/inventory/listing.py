"""Tables printed by `stembench list`."""

from bench.output.tables import OutputTable, print_tables
from bench.plan.profiles import profiles
from cases import CASES
from noise import PRESETS
from restore import RESTORERS, BuiltIn, built_in_names, find_plugins, plugin_problems
from stembench.errors import InputError


def print_listing(*, detail: bool, as_json: bool = False) -> None:
    """Print cases, profiles and restorers, and with detail noise chains and settings."""
    tables = [_cases(detail=detail), _profiles(), _restorers(detail=detail)]
    if detail:
        tables.append(_noise_chains())
    print_tables(tables, command="list", as_json=as_json)


def _cases(*, detail: bool) -> OutputTable:
    return OutputTable(
        name="cases",
        title="Cases",
        columns={
            "case": "case",
            "version": "version",
            "description": "description",
            "images": "images",
            "doses_e_per_A2": "doses (e/Å²)",
        },
        rows=tuple(
            (
                case.name,
                case.version,
                case.summary if detail else case.title,
                len(case.images),
                case.doses,
            )
            for case in CASES
        ),
    )


def _profiles() -> OutputTable:
    rows = []
    for profile in profiles().values():
        images = sum(
            len(selection.images) * len(selection.doses) * selection.realizations
            for selection in profile.selections
        )
        images += sum(len(ladder.rungs) * ladder.realizations for ladder in profile.ladders)
        rows.append((profile.name, profile.summary, f"{images} x {len(profile.restorers)}"))
    return OutputTable(
        name="profiles",
        title="Profiles",
        columns={"profile": "profile", "description": "description", "images": "images"},
        rows=tuple(rows),
    )


def _restorers(*, detail: bool) -> OutputTable:
    rows = []
    for entry in RESTORERS:
        settings = ", ".join(f"{key}={value}" for key, value in entry.settings.items())
        shown_settings = f"; settings {settings}" if detail and settings else ""
        rows.append((entry.name, *_label_and_family(entry), entry.summary + shown_settings))
    plugins = find_plugins()
    problems = plugin_problems(built_in_names(), plugins=plugins)
    for plugin in plugins:
        origin = f"from {plugin.package}, {plugin.factory}"
        problem = problems.get(plugin.name)
        # What a plug-in declares is known only once its code has run.
        rows.append((plugin.name, "", "", f"not usable: {problem}" if problem else origin))
    return OutputTable(
        name="restorers",
        title="Restorers",
        columns={
            "restorer": "restorer",
            "label": "label",
            "family": "family",
            "description": "description",
        },
        rows=tuple(rows),
    )


def _noise_chains() -> OutputTable:
    return OutputTable(
        name="noise_chains",
        title="Noise chains",
        columns={"noise_chain": "noise chain", "description": "description"},
        rows=tuple((preset.name, preset.summary) for preset in PRESETS.values()),
    )


def _label_and_family(entry: BuiltIn) -> tuple[str, str]:
    """Label and family of a built-in restorer; empty if what it needs is not installed."""
    try:
        return entry.label_and_family
    except InputError:
        return "", ""
