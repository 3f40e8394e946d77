"""Messages of the command line in the arguments of Python."""

import inspect

import pytest
import typer

import stembench
from bench.cli.app import app
from bench.library.python_words import OF_IMAGES, OF_RUNS, in_python

COMMANDS = typer.main.get_command(app).commands
#: Options of files that commands write, and of the process itself.
NO_ARGUMENTS = {
    "--out", "-o", "--verbose", "-v", "--color", "--help", "--residual", "--scan-figure",
    "--fail-below", "--model-timeout", "--model-memory",
}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("give the Å per pixel with --sampling", "give the Å per pixel with sampling"),
        ("--sampling 0.12 is taken", "sampling=0.12 is taken"),
        ("give --dark, or --bright to fit", "give dark=True, or dark=False to fit"),
        ("give --scan off", "give scan='off'"),
        ("the region --roi 0:512,3:515 of", "the region roi='0:512,3:515' of"),
        ("hold the width (--width PX), sum", "hold the width (width), sum"),
        ("give --gain 0.3 --offset 12.5 to", "give gain=0.3 offset=12.5 to"),
        ("--image takes the name", "which takes the name"),
        ("--residual FILE shows where", ".residual shows where"),
        ("give --gain and --offset, or --counts if", "give gain and offset, or counts=True if"),
        ("a--x is no option, nor -- or ---", "a--x is no option, nor -- or ---"),
    ],
)  # fmt: skip
def test_options_become_arguments(said: str, told: str) -> None:
    assert in_python(said) == told


@pytest.mark.parametrize(
    ("command", "function"),
    [("fit", "fit_columns"), ("assess", "assess"), ("run", "run"), ("report", "report")],
)
def test_every_option_is_an_argument(command: str, function: str) -> None:
    arguments = set(inspect.signature(getattr(stembench, function)).parameters)
    named = OF_RUNS if command == "run" else OF_IMAGES
    for parameter in COMMANDS[command].params:
        option = next((one for one in parameter.opts if one.startswith("--")), "")
        if option in NO_ARGUMENTS or not option:
            continue
        assert in_python(option, named).partition("=")[0] in arguments, option
