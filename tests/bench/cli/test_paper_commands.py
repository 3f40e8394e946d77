"""`stembench noise-figures`, `noise-ranges` and `pairs`."""

from pathlib import Path

import pytest
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


class TestPairs:
    SMALL = ("--modality", "lrsem", "--size", 16, "--jobs", 1, "--per-file", 2)

    def test_pairs_are_written_and_a_second_call_adds_to_them(self, tmp_path: Path) -> None:
        folder = tmp_path / "pairs"
        assert str(folder) in call("pairs", "-o", folder, "--count", 2, *self.SMALL)
        first = (folder / "pairs-000000000.npz").read_bytes()
        call("pairs", "-o", folder, "--count", 3, *self.SMALL)
        names = {path.name for path in folder.iterdir()}
        assert names == {"pairs.json", "pairs-000000000.npz", "pairs-000000002.npz"}
        assert (folder / "pairs-000000000.npz").read_bytes() == first

    def test_a_figure_is_drawn_beside_them(self, tmp_path: Path) -> None:
        call("pairs", "-o", tmp_path, "--count", 2, "--figure", *self.SMALL)
        assert (tmp_path / "pairs.png").stat().st_size > 1000

    def test_an_unknown_modality_is_named(self, tmp_path: Path) -> None:
        output = call("pairs", "-o", tmp_path, "--modality", "xray", code=2)
        assert "there is no modality 'xray'" in output
        assert not any(tmp_path.iterdir())

    def test_a_folder_of_other_pairs_is_refused(self, tmp_path: Path) -> None:
        call("pairs", "-o", tmp_path, "--count", 2, *self.SMALL)
        output = call("pairs", "-o", tmp_path, "--count", 2, *self.SMALL, "--seed", 1, code=2)
        assert "other pairs (other seed)" in output

    @pytest.mark.parametrize(
        ("words", "told"),
        [(("--size", 15), ">= 16 and <= 8192 px, not 15"), (("--size", 10**7), "<= 8192 px"),
         (("--first", 10**19), "index of the first pair"), (("--count", 0), "number of pairs")],
    )  # fmt: skip
    def test_impossible_numbers_leave_no_folder(
        self, tmp_path: Path, words: tuple[object, ...], told: str
    ) -> None:
        assert told in call("pairs", "-o", tmp_path / "out", *self.SMALL, *words, code=2)
        assert not (tmp_path / "out").exists()

    @pytest.mark.slow
    def test_two_processes_write_what_one_writes(self, tmp_path: Path) -> None:
        for jobs in (1, 2):
            folder = tmp_path / str(jobs)
            shape = ("--modality", "hrstem", "--size", 32, "--per-file", 3)
            call("pairs", "-o", folder, "--count", 10, *shape, "--jobs", jobs)
        one, two = ({p.name: p.read_bytes() for p in (tmp_path / j).iterdir()} for j in "12")
        assert one == two
        assert len(one) == 5
