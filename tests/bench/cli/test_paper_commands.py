"""`stembench noise-figures` and `noise-ranges`."""

from pathlib import Path

from typer.testing import CliRunner

from bench.cli.app import app
from noise import range_table
from reports.figures.acquisition.noise import FIGURES


def call(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


def test_a_figure_is_drawn(tmp_path: Path) -> None:
    output = call("noise-figures", "jitter", "-o", tmp_path)
    assert output.strip() == str(tmp_path / "noise-jitter.png")
    assert {path.name for path in tmp_path.iterdir()} == {"noise-jitter.png", "noise-jitter.pdf"}


def test_the_help_names_every_figure() -> None:
    text = call("noise-figures", "--help")
    for name in FIGURES:
        assert name in text


def test_an_unknown_figure_is_named(tmp_path: Path) -> None:
    output = call("noise-figures", "sketch", "-o", tmp_path, code=2)
    assert "there is no noise figure sketch" in output


def test_ranges_and_probabilities_are_printed() -> None:
    output = call("noise-ranges")
    assert output == range_table() + "\n"
    for line in (
        "| parameter | images | range |",
        "| `jitter.sigma` | S(T)EM | 0.0025 to 0.8 | Å | uniform |",
    ):
        assert line in output
