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


def test_figures_say_what_is_lacking_and_exit_accordingly(tmp_path: Path) -> None:
    """Asked for by number it is a failure; of all figures it is a line in the index."""
    output = call("figures", "2", "-o", tmp_path, code=1)
    assert "2 lacking: no run folder was named" in output
    assert (tmp_path / "figures.md").exists()
    output = call("figures", "12", "-o", tmp_path)
    assert "12 drawn" in output
    assert (tmp_path / "figure-12.pdf").exists()
    assert "Scan jitter" in (tmp_path / "figures.md").read_text(encoding="utf-8")


def test_an_unknown_figure_of_the_paper_is_named(tmp_path: Path) -> None:
    assert "there is no figure 14" in call("figures", "14", "-o", tmp_path, code=2)
