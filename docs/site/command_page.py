"""The page of commands, made from the command line's own declarations."""

import inspect
from collections import defaultdict


def command_page() -> str:
    """Write the page of commands in Markdown: group by group, what `--help` says of each.

    Returns
    -------
    str
        Options as tables: names, the default where there is one, and the sentence of the help.
    """
    import typer

    from bench.cli.app import app

    commands = typer.main.get_command(app).commands
    groups = defaultdict(list)
    for name, command in commands.items():
        groups[command.rich_help_panel].append((name, command))
    lines = ["# Commands", "", "What `stembench COMMAND --help` says, in one place.", ""]
    for group, members in groups.items():
        lines += [f"## {group}", ""]
        for name, command in members:
            lines += [f"### stembench {name}", "", inspect.cleandoc(command.help or ""), ""]
            rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
            if rows:
                lines += ["| | default | |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


def _row(parameter) -> str:
    """Row of the table of one command's arguments and options."""
    option = parameter.param_type_name == "option"
    names = [*parameter.opts, *parameter.secondary_opts] if option else [parameter.name.upper()]
    default = "" if parameter.default in (None, "", False, []) else str(parameter.default)
    if parameter.required:
        default = "required"
    elif default:
        default = f"`{default}`"
    text = " ".join((parameter.help or "").split()).replace("|", r"\|")
    return f"| {', '.join(f'`{name}`' for name in names)} | {default} | {text} |"
