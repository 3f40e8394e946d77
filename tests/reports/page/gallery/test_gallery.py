"""Counterparts of the paper's figures: drawn from a run, lacking, not yet; their index."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fitting import find_columns
from reports import (
    Drawn,
    Finding,
    GalleryEntry,
    LackingError,
    Material,
    PaperFigure,
    load_run,
    new_page,
    open_run,
    run_paper_figures,
    write_gallery,
    write_pack,
)
from reports.figures.paper.column_width import COLUMNS, area, picture, shared_grey
from reports.summaries.summary import summary_of
from stembench.errors import InputError
from tests.made_run import make_run


def no_restoration(*_: object, **__: object) -> np.ndarray:
    raise AssertionError("this figure restores nothing")


def material(folder: Path | None = None) -> Material:
    run = None if folder is None else load_run(folder)
    return Material(restored=no_restoration, found=find_columns, run=run)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_run(tmp_path_factory.mktemp("runs") / "run", realizations=3, thicknesses=(2, 75))
    (folder / "report").mkdir()
    pd.DataFrame(
        [
            {"claim": 13, "verdict": "confirmed", "value": 0.5, "low": 0.4, "high": 0.6,
             "unit": "", "at": "2 atoms", "missing": ""},
            {"claim": 19, "verdict": "no data", "value": np.nan, "low": np.nan, "high": np.nan,
             "unit": "", "at": "", "missing": "a run with it"},
        ]
    ).assign(run=load_run(folder).origin.identity).to_csv(
        folder / "report" / "claims.csv", index=False
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def gallery(
    run_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, tuple[GalleryEntry, ...]]:
    out = tmp_path_factory.mktemp("gallery") / "figures"
    entries = write_gallery(out, run_paper_figures(), material(run_folder), numbers=("2", "3", "4"))
    return out, entries


def test_figures_of_a_run_are_drawn_at_the_width_of_the_page(
    gallery: tuple[Path, tuple[GalleryEntry, ...]],
) -> None:
    from PIL import Image

    folder, entries = gallery
    assert [entry.state for entry in entries] == ["drawn"] * 3
    for entry in entries:
        for name in entry.files:
            assert (folder / name).stat().st_size > 100
        with Image.open(folder / f"figure-{entry.number}.png") as image:
            width = image.size[0] / 300 * 25.4
        assert width == pytest.approx(COLUMNS[2], abs=0.2)
        assert "profile synthetic" in entry.run
        assert "noise-free" in entry.caption.lower()


def test_a_pack_gives_the_same_figures_as_the_run(
    run_folder: Path, gallery: tuple[Path, tuple[GalleryEntry, ...]], tmp_path: Path
) -> None:
    """What ships is packs: numbers of figures are those of the run folder, to the last digit."""
    write_pack(load_run(run_folder), tmp_path / "packs" / "whole.pack")
    packed = Material(restored=no_restoration, found=find_columns, run=open_run(tmp_path / "packs"))
    entries = write_gallery(tmp_path / "out", run_paper_figures(), packed, numbers=("3", "4"))
    assert [entry.state for entry in entries] == ["drawn", "drawn"], entries
    for number in ("3", "4"):
        name = f"figure-{number}.csv"
        assert (tmp_path / "out" / name).read_bytes() == (gallery[0] / name).read_bytes()


def test_numbers_of_a_figure_are_those_of_the_summary(
    run_folder: Path, gallery: tuple[Path, tuple[GalleryEntry, ...]]
) -> None:
    """Nothing between the summary and the figure changes a digit."""
    folder, _ = gallery
    report = summary_of(load_run(run_folder))
    keys = ["image", "dose", "restorer", "metric"]
    for number, case in (("2", "pt_bulk"), ("3", "edge_dislocation")):
        drawn = pd.read_csv(folder / f"figure-{number}.csv")
        own = report[report["case"] == case]
        both = drawn.merge(own, on=[key for key in keys if key in drawn], suffixes=("", "_report"))
        assert len(both) == len(drawn) > 0
        # As many digits as pandas 2 reads right: the last one it may read otherwise.
        np.testing.assert_allclose(both["value"], both["value_report"], rtol=1e-14)


def test_a_circuit_on_found_columns_closes_by_the_burgers_vector(
    gallery: tuple[Path, tuple[GalleryEntry, ...]],
) -> None:
    """The made dislocation has b = 2.775 Å along x; columns of the restored images are found."""
    told = pd.read_csv(gallery[0] / "figure-3-circuits.csv")
    own = told[(told["restorer"] == "cgrdn") & (told["dose"] == told["dose"].max())]
    # Its columns are drawn with an error of 0; pixels of 0.2 Å leave a few hundredths.
    assert abs(abs(own["closure_x_A"].iloc[0]) - 2.775) < 0.15
    assert abs(own["closure_y_A"].iloc[0]) < 0.15


def test_the_index_has_every_figure_and_the_verdicts(
    gallery: tuple[Path, tuple[GalleryEntry, ...]],
) -> None:
    text = (gallery[0] / "figures.md").read_text(encoding="utf-8")
    for figure in run_paper_figures():
        assert f"## Fig. {figure.number}. " in text
    assert "`stembench figures 11` draws it" in text
    assert "- claim 13, " in text
    assert "**confirmed** (2 atoms: 0.50 (0.40 to 0.60))" in text
    assert "**no data**, needs a run with it" in text


def test_a_run_without_case_and_report_says_so(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", realizations=2, cases=("nanoparticle",))
    (entry,) = write_gallery(
        tmp_path / "out", run_paper_figures(), material(folder), numbers=("2",)
    )
    assert entry.state == "lacking"
    assert "no case of the study of precision" in entry.sentence
    text = (tmp_path / "out" / "figures.md").read_text(encoding="utf-8")
    assert f"`stembench report {folder}` judges them" in text
    assert "**confirmed**" not in text


def test_verdicts_of_another_state_of_the_run_are_none(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", realizations=2, thicknesses=(2,))
    (folder / "report").mkdir()
    pd.DataFrame([{"claim": 13, "verdict": "confirmed", "run": "another"}]).to_csv(
        folder / "report" / "claims.csv", index=False
    )
    write_gallery(tmp_path / "out", run_paper_figures(), material(folder), numbers=("11",))
    text = (tmp_path / "out" / "figures.md").read_text(encoding="utf-8")
    assert "is of another state of the run" in text
    assert "**confirmed**" not in text


def test_what_is_lacking_is_said_with_its_remedy(tmp_path: Path) -> None:
    (entry,) = write_gallery(tmp_path, run_paper_figures(), material(), numbers=("3",))
    assert entry.state == "lacking"
    assert entry.files == ()
    assert "`stembench run`" in entry.sentence
    assert "makes one, and --run names it" in (tmp_path / "figures.md").read_text(encoding="utf-8")


TOY = PaperFigure(number="1", title="Toy", theirs="Nothing.", needs="nothing", claims=(1,))


def _drawn(_: Material) -> Drawn:
    finding = Finding(claim=1, outcome="refuted", text="0.3 to 0.4, above 1")
    return Drawn(caption="A *toy*.", drawing=new_page(30), findings=(finding,), sources=("a | b",))


def _lacking(_: Material) -> Drawn:
    raise LackingError("the package toys brings the image: pip install toys")


def test_states_follow_each_other_and_files_go(tmp_path: Path) -> None:
    """A figure that lacks its image now does not leave the earlier picture in the index."""
    (entry,) = write_gallery(tmp_path, [replace(TOY, draw=_drawn)], material())
    assert entry.files == ("figure-1.pdf", "figure-1.png")
    text = (tmp_path / "figures.md").read_text(encoding="utf-8")
    assert "**refuted** by this figure: 0.3 to 0.4, above 1" in text
    assert r"A \*toy\*." in text
    assert r"source: a \| b" in text
    (entry,) = write_gallery(tmp_path, [replace(TOY, draw=_lacking)], material())
    assert entry.sentence == "the package toys brings the image: pip install toys"
    assert not list(tmp_path.glob("figure-1.*"))
    (entry,) = write_gallery(tmp_path, [replace(TOY, not_yet="training brings it")], material())
    assert entry.state == "not yet"
    assert "training brings it" in (tmp_path / "figures.md").read_text(encoding="utf-8")


def test_an_unknown_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no figure 99; figures: 2, 3"):
        write_gallery(tmp_path, run_paper_figures(), material(), numbers=("99",))


def test_pages_are_refused_that_no_journal_prints() -> None:
    with pytest.raises(ValueError, match="225 mm"):
        new_page(226)
    page = new_page(100, columns=1)
    assert page.get_size_inches() * 25.4 == pytest.approx((88, 100))
    borders = area(page, left=8.8, right=0, top=10, bottom=90)
    assert borders == pytest.approx({"left": 0.1, "right": 1.0, "top": 0.9, "bottom": 0.1})


def test_images_of_one_grey_scale_have_the_same_limits() -> None:
    dark, bright = np.zeros((8, 8)), np.full((8, 8), 10.0)
    limits = shared_grey([dark, bright])
    page = new_page(40)
    shown = [picture(page.add_subplot(1, 2, k + 1), pixels, limits=limits)
             for k, pixels in enumerate((dark, bright))]  # fmt: skip
    assert shown[0].get_clim() == shown[1].get_clim() == (0.0, 10.0)
