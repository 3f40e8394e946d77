"""Calls of the command line in this process."""

import json
from typing import Any

from typer.testing import CliRunner

from bench.cli.app import app


def call(*arguments: object, code: int = 0, columns: int = 200) -> str:
    wide = {"COLUMNS": str(columns)}  # a narrow terminal breaks the lines of tables
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env=wide)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


def call_json(*arguments: object, code: int = 0) -> Any:
    """What a command writes to standard output with --json; None if that is nothing."""
    result = CliRunner().invoke(app, [*(str(argument) for argument in arguments), "--json"])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return json.loads(result.stdout) if result.stdout else None
