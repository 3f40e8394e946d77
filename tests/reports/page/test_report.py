"""A whole report from a synthetic run: files, figures, page and tables."""

import base64
import csv
import html.parser
import io
import json
import re
import shutil
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from reports import write_report
from reports.figures.draw import figures
from reports.metrics.table import METRICS
from reports.page.charts.libraries import vega_script
from reports.page.page import phonon_text, unbroken
from reports.records.run_folder import Run, load_run
from reports.studies import cases_in_order
from reports.summaries.summary import summarise
from reports.words.captions import microscope_text, noise_text
from reports.words.numbers import (
    dose_text,
    metric_quantity,
    plain,
    quantity,
    seconds_text,
    short_dose_text,
)
from reports.words.tables import SHOWN_THICKNESSES, flatten, headline, markdown
from stembench.errors import InputError
from tests.made_run import make_run
from tests.records_factory import (
    Estimator,
    Layout,
    as_run,
    change_records,
    make_records,
    restorers_named,
)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_run(tmp_path_factory.mktemp("runs") / "run", realizations=4, thicknesses=(2, 75))
    write_report(folder)
    return folder


class _Checker(html.parser.HTMLParser):
    """Collect images, links and the nesting of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.images: list[dict[str, str | None]] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.images.append(dict(attrs))
        elif tag == "a":
            self.links.append(str(dict(attrs)["href"]))
        if tag not in ("img", "meta", "link", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read_page(path: Path) -> _Checker:
    checker = _Checker()
    checker.feed(path.read_text(encoding="utf-8"))
    assert checker.open == []
    return checker


def test_all_files_are_there_and_nothing_else(run_folder: Path) -> None:
    figures = (
        "figure_precision_pt_bulk",
        "figure_dislocation_edge_dislocation",
        "figure_counting_nanoparticle",
    )
    expected = {f"{name}.{kind}" for name in figures for kind in ("png", "pdf")}
    expected |= {
        "report.html",
        "report.md",
        "summary.csv",
        "paired_comparisons.csv",
        "leaderboard.csv",
        "counts.csv",
        "coverage.csv",
        "dislocation_core.csv",
        "bounds.csv",
        "claims.csv",
        "claims.md",
        "claim_numbers.csv",
    }
    assert {path.name for path in (run_folder / "report").iterdir()} == expected
    assert not list(run_folder.glob(".report-*"))


def test_csv_holds_every_digit(run_folder: Path) -> None:
    summary = summarise(load_run(run_folder).records)
    # Not with pandas, whose parser rounds the last digit in some versions.
    with (run_folder / "report" / "summary.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert len(read) == len(summary)
    for name in ("value", "low", "high"):
        numbers = [float(row[name] or "nan") for row in read]
        np.testing.assert_array_equal(numbers, summary[name])


def test_figures_are_wide_enough_and_not_blank(run_folder: Path) -> None:
    from matplotlib.image import imread

    for path in (run_folder / "report").glob("*.png"):
        pixels = imread(path)
        # 7.2 inches at 150 dpi at least.
        assert pixels.shape[1] >= 7.2 * 150
        assert pixels[..., :3].std() > 0.05
        # Nothing is drawn over the rim: text that leaves the figure would be cut there.
        assert pixels[:, [0, -1], :3].min() == pixels[[0, -1], :, :3].min() == 1.0


def test_pictures_of_the_page_are_the_files_and_smaller(run_folder: Path) -> None:
    page = read_page(run_folder / "report" / "report.html")
    embedded = [
        base64.b64decode(str(image["src"]).partition("base64,")[2]) for image in page.images
    ]
    there = {
        Image.open(path).convert("RGB").tobytes(): path.stat().st_size
        for path in (run_folder / "report").glob("*.png")
    }
    assert len(embedded) == len(there) == 3
    for picture in embedded:
        pixels = Image.open(io.BytesIO(picture)).convert("RGB").tobytes()
        assert len(picture) < there.pop(pixels)


def test_page_is_self_contained_and_says_all(run_folder: Path) -> None:
    page = read_page(run_folder / "report" / "report.html")
    assert len(page.images) == 3
    for image in page.images:
        assert str(image["src"]).startswith("data:image/webp;base64,")
        assert len(str(image["alt"])) > 40
    files = [link for link in page.links if not link.startswith("#")]
    assert all((run_folder / "report" / link).is_file() for link in files)
    text = " ".join(page.text)
    assert text.index("Verdict") < text.index("Figures") < text.index("Declared settings")
    info = json.loads((run_folder / "run.json").read_text())
    for name, value in flatten(info["cases"]["pt_bulk"]):
        assert name in text
        assert value in text
    assert re.search(r"phonon configurations \d+", text)
    assert "Incomplete" not in text
    # names of namespaces in the library of charts are no links
    assert not re.search(r"https?://", text.replace(vega_script(), ""))


def test_page_and_file_hold_the_leaderboard(run_folder: Path) -> None:
    page = (run_folder / "report" / "report.html").read_text(encoding="utf-8")
    start = page.index('<h2 id="leaderboard">')
    section = page[start : page.index("</section>", start)]
    assert "RMSE of position / bound" in section
    assert section.count("<table ") == 3
    assert 'href="leaderboard.csv"' in section
    assert "## Leaderboard" in (run_folder / "report" / "report.md").read_text(encoding="utf-8")
    with (run_folder / "report" / "leaderboard.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    # Without edited images the crystal has no rank.
    assert [row["restorer"] for row in rows if row["rank"] == "1"] == ["cgrdn"] * 2
    assert "Not ranked: this run has no edited images" in section


def test_bounds_stand_on_the_page_with_their_assumptions(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", realizations=2, thicknesses=(2, 75), bounds=True)
    write_report(folder)
    text = " ".join(read_page(folder / "report" / "report.html").text)
    assert "hybrid bound without rigid shift" in text
    assert "are unknown, the lattice too" in text
    assert "holds no bounds.parquet" not in text
    with (folder / "report" / "bounds.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["case"] for row in rows} == {"pt_bulk", "edge_dislocation", "nanoparticle"}
    assert all(row["known"] for row in rows)
    run = load_run(folder)
    summary = summarise(run.records)
    drawn = {figure.name: figure for figure in figures()}

    def lines(name: str, case: str, *, of: Run = run) -> list[str]:
        made = drawn[name].draw(of, summary, case=case)
        return [str(line.get_label()) for axes in made.axes for line in axes.get_lines()]

    assert lines("precision", "pt_bulk").count("bound with background") == 2
    assert lines("dislocation", "edge_dislocation").count("hybrid bound without rigid shift") == 1
    assert lines("counting", "nanoparticle").count("hybrid bound without rigid shift") == 1
    bare = replace(run, info=replace(run.info, files=()))
    assert "hybrid bound without rigid shift" not in lines("counting", "nanoparticle", of=bare)


def test_hostile_names_are_escaped(tmp_path: Path) -> None:
    folder = make_run(
        tmp_path / "run", realizations=2, cases=("edge_dislocation",),
        estimators={"raw": Estimator(), "<script>alert(1)</script>": Estimator()},
    )  # fmt: skip
    shutil.rmtree(folder / "report", ignore_errors=True)
    text = write_report(folder).read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text
    assert r"\u003cscript\u003e" in text  # in the data of the viewer


def test_incomplete_run_without_examples_is_marked_everywhere(tmp_path: Path) -> None:
    folder = make_run(
        tmp_path / "run", realizations=2, thicknesses=(2,), cases=("pt_bulk",), complete=False
    )
    (folder / "examples.h5").unlink()
    page = write_report(folder)
    assert "Incomplete run" in page.read_text(encoding="utf-8")
    assert "incomplete" in (page.parent / "report.md").read_text(encoding="utf-8")
    assert (page.parent / "figure_precision_pt_bulk.png").stat().st_size > 10_000


def test_raw_alone_makes_a_report(tmp_path: Path) -> None:
    folder = make_run(
        tmp_path / "run", realizations=1, thicknesses=(2,), estimators={"raw": Estimator()}
    )
    assert "one realization" in write_report(folder).read_text(encoding="utf-8")


def test_writing_again_replaces_the_report_and_keeps_other_files(tmp_path: Path) -> None:
    folder = make_run(
        tmp_path / "run", realizations=2, thicknesses=(2,), cases=("pt_bulk",),
        estimators={"raw": Estimator()},
    )  # fmt: skip
    first = write_report(folder)
    before = {path.name: path.read_bytes() for path in first.parent.iterdir()}
    (first.parent / "notes.txt").write_text("mine")
    first.write_text("old")
    write_report(folder)
    after = {path.name: path.read_bytes() for path in first.parent.iterdir()}
    assert after.pop("notes.txt") == b"mine"
    # The same records give the same report, byte for byte.
    assert after == before


def test_nothing_measured_is_an_input_error(tmp_path: Path) -> None:
    folder = make_run(
        tmp_path / "run", realizations=1, thicknesses=(2,), cases=("pt_bulk",),
        estimators={"raw": Estimator()},
    )  # fmt: skip
    change_records(folder, lambda rows: rows.assign(measured=False))
    with pytest.raises(InputError, match="measured column"):
        write_report(folder)
    assert not (folder / "report").exists()


def test_cases_come_in_the_order_of_their_studies(run_folder: Path) -> None:
    run = load_run(run_folder)
    assert cases_in_order(run, summarise(run.records)) == [
        "pt_bulk",
        "edge_dislocation",
        "nanoparticle",
    ]


def test_a_case_is_shown_by_the_figure_that_its_study_names(tmp_path: Path) -> None:
    """A bulk case without a bound and without counts was drawn as a dislocation."""
    layout = Layout(bound_pm=None, scs_bound_pct=None)
    run = as_run(make_records(layout, {"raw": Estimator()}), tmp_path)
    shown = [figure.name for figure in figures() if figure.shows(run, "pt_bulk")]
    assert shown == ["precision"]


def test_headline_picks_thicknesses_and_says_so() -> None:
    frames = [
        make_records(
            Layout(image=f"z{z:02d}", thickness=z), {"raw": Estimator()}, realizations=2, seed=z
        )
        for z in range(2, 22)
    ]
    records = pd.concat(frames)
    table = headline(as_run(records), summarise(records), case="pt_bulk")
    assert len(table.rows) == SHOWN_THICKNESSES
    assert (table.rows[0][0], table.rows[-1][0]) == ("2", "21")
    assert "6 of 20 thicknesses" in table.note
    lines = markdown(table).splitlines()
    assert {line.count("|") for line in lines if line.startswith("|")} == {len(table.header) + 1}
    assert "0 of 32" in lines[-1]


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (6.1234, 5.82, 6.47, "6.1 (5.8 to 6.5)"),
        (0.3712, 0.352, 0.391, "0.371 (0.352 to 0.391)"),
        (1234.5, 1200.0, 1270.0, "1234 (1200 to 1270)"),
        (5.0, float("nan"), float("nan"), "5.00"),
        (float("nan"), float("nan"), float("nan"), "n/a"),
        (0.0, 0.0, 0.0, "0.0 (0.0 to 0.0)"),
        (2e-9, 1e-9, 3e-9, "2e-09 (1e-09 to 3e-09)"),
    ],
)
def test_rounding(value: float, low: float, high: float, expected: str) -> None:
    assert quantity(value, low, high) == expected


def test_fractions_print_as_percent() -> None:
    assert metric_quantity("count_accuracy", 0.5, 0.46, 0.54) == "50 (46 to 54) %"
    assert METRICS["count_accuracy"].direction == "higher"
    assert plain(0.0) == "0"
    assert plain(12345.6) == "1.23e+04"


def test_styles_are_distinct_and_do_not_depend_on_company() -> None:
    names = ["nlm", "mine", "raw", "gaussian", "cgrdn", "theirs"]
    restorers = restorers_named(*names)
    styles = restorers.styles(names)
    assert len({style.colour for style in styles.values()}) == len(names)
    assert len({style.marker for style in styles.values()}) == len(names)
    for company in (["raw"], ["bragg", "tv"], ["cgrdn", "wiener"]):
        for name in names:
            alone = restorers_named(name, *company)
            assert alone.styles([name])[name] == styles[name]
    assert restorers.order(names) == ["raw", "cgrdn", "mine", "theirs", "gaussian", "nlm"]


def test_a_users_network_comes_before_the_classical_filters() -> None:
    filters = ["wiener", "bragg", "wavelet", "tv", "patch-pca", "gaussian:sigma=0.5"]
    filters += ["bm3d"] if find_spec("bm3d") else []
    names = ["raw", "unet_v2", *filters]
    restorers = restorers_named(*names)
    assert restorers.main(names) == "unet_v2"
    assert restorers.judged(names) == ["unet_v2"]
    assert restorers.order(names)[:2] == ["raw", "unet_v2"]
    looks = {(style.colour, style.marker) for style in restorers.styles(names).values()}
    assert len(looks) == len(names)
    assert restorers.main(["raw"]) is None


def test_settings_in_words() -> None:
    assert noise_text({"jitter": None}) == "Poisson counting alone"
    assert noise_text({"jitter": {"sigma_x": 0.15}}) == "Poisson counting + jitter (σx 0.15 Å)"
    text = microscope_text({"voltage": 3e5, "inner": 58.0, "outer": 190.0, "extra": 1.0})
    assert text == "300 kV, detector 58 to 190 mrad, extra 1"
    assert phonon_text({"simulation": {"phonon_configurations": 8}}) == (
        "simulation phonon configurations 8"
    )
    assert phonon_text({"configurations": 2, "cpu_seconds_per_configuration": 9.0}) == (
        "phonon configurations 2"
    )
    assert "not declared" in phonon_text({})
    assert unbroken("at 500 e/Å²") == "at 500\u00a0e/\u2060Å²"
    assert (dose_text(5e4), dose_text(500.0), dose_text(0.5)) == ("50\u202f000", "500", "0.5")
    assert (short_dose_text(5e4), short_dose_text(500.0)) == ("50k", "500")
    assert (seconds_text(0.5), seconds_text(75), seconds_text(9000)) == (
        "0.500 s",
        "1 min 15 s",
        "2.5 h",
    )
    assert flatten({"a": ("b", "c"), "d": ({"e": 1},)}) == flatten(
        {"a": ["b", "c"], "d": [{"e": 1}]}
    )
    assert flatten({"a": {"b": None, "c": []}, "d": [{"e": True}]}) == [
        ("a.b", "none"),
        ("a.c", "none"),
        ("d.0.e", "yes"),
    ]
