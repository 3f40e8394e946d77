"""Shipped results of profile paper: every cell that the profile has, and pages that say so."""

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.plan.profiles import profiles
from reports import CLAIMS, open_run
from reports.page.gallery.figure_verdicts import figure_verdicts
from reports.page.gallery.gallery_entry import read_entry
from reports.records.run_folder import Run
from reports.summaries.cells_of_run import cells_of
from reports.summaries.run_statistics import run_statistics
from tests.loaded_script import loaded_script

ROOT = Path(__file__).parents[2]
PACKS = ROOT / "results" / "paper"
#: Images of the profile that are not run yet; the run goes on part by part.
MISSING: dict[str, tuple[str, ...]] = {}
#: Figures and tables that decide claims and are not drawn yet.
MISSING_FIGURES: tuple[str, ...] = ()
#: All packs together, in bytes.
MOST = 20_000_000
MOST_OF_FIGURES = 10_000_000


def script():
    return loaded_script("bench/shipped/paper_results.py")


@pytest.fixture(scope="module")
def run() -> Run:
    return open_run(PACKS)


def test_packs_are_small() -> None:
    assert 0 < sum(path.stat().st_size for path in PACKS.glob("*.pack")) <= MOST


def test_packs_hold_every_cell_of_the_profile_with_its_realizations(run: Run) -> None:
    paper = profiles()["paper"]
    specs = {spec: spec for spec in paper.restorers}
    held = run.once(cells_of).set_index(["case", "image", "dose", "restorer"])["n_realizations"]
    expected = {
        (selection.case, image, dose, specs[spec]): selection.realizations_of(spec)
        for selection in paper.selections
        for image in selection.images
        if image not in MISSING.get(selection.case, ())
        for dose in selection.doses
        for spec in paper.restorers
    }
    found = {key: int(held[key]) for key in expected if key in held.index}
    assert found == expected
    images = {case: set(info.images) for case, info in run.info.cases.items()}
    for case, labels in MISSING.items():
        assert not images.get(case, set()) & set(labels), f"{case} is there: strike it from MISSING"
    assert run.complete
    assert not run.info.failures
    names = {ladder.name for ladder in run.info.ladders}
    assert names == {one.name for one in paper.ladders if one.case in images}


def test_statistics_are_of_every_realization(run: Run) -> None:
    told = run.once(run_statistics)
    for restorer in ("raw", "cgrdn"):
        for cell in told.every[restorer].values():
            n = run.info.cases[cell.case].realizations
            assert cell.realizations == tuple(range(n))
            assert all(values.shape == (n,) for values in cell.by_metric.values())
            assert np.isfinite(cell.by_metric["scs_rmse"]).any()


def test_every_number_within_a_sentence_is_there() -> None:
    told = [
        (page.name, found["key"], found[0])
        for page in script().pages(PACKS)
        for found in script().NUMBER.finditer(page.read_text(encoding="utf-8"))
    ]
    assert len(told) > 50
    missing = {key for _, key, text in told if "not run yet" in text or "--><!" in text}
    undrawn = {claim.number for claim in CLAIMS if claim.decided_by in MISSING_FIGURES}
    assert missing <= {f"{kind} / {number}" for kind in ("claim", "at") for number in undrawn}


def test_a_picture_is_packed_without_a_pixel_changed() -> None:
    rng = np.random.default_rng(1)
    for alpha in (255, 254):
        pixels = rng.integers(0, 256, (20, 30, 4), dtype=np.uint8)
        pixels[..., 3] = alpha
        content = io.BytesIO()
        Image.fromarray(pixels).save(content, "PNG", dpi=(300, 300))
        packed = Image.open(io.BytesIO(script().packed_picture(content.getvalue())))
        np.testing.assert_array_equal(np.asarray(packed.convert("RGBA")), pixels)
        assert packed.mode == ("RGB" if alpha == 255 else "RGBA")
        assert packed.info["dpi"] == pytest.approx((300, 300), rel=1e-3)


def test_figures_are_small_and_say_what_drew_them() -> None:
    entries = {path.stem: read_entry(path) for path in (PACKS / "figures" / "notes").glob("*.json")}
    drawn = {name: entry for name, entry in entries.items() if entry.state == "drawn"}
    for name, entry in drawn.items():
        assert re.fullmatch(r"stembench [\w.+]+, commit [0-9a-f]{10}", entry.program), name
        assert entry.versions["tk_r_em"] == "1.0.4"
    pictures = list((PACKS / "figures").glob("*.png"))
    named = {name for entry in drawn.values() for name in entry.files if name.endswith(".png")}
    assert {path.name for path in pictures} == named
    assert sum(path.stat().st_size for path in pictures) <= MOST_OF_FIGURES


def test_claims_that_a_figure_decides_have_its_verdict() -> None:
    told = figure_verdicts(PACKS)
    rows = pd.read_csv(PACKS / "report" / "claims.csv").set_index("claim")
    for claim in CLAIMS:
        if claim.decided_by in MISSING_FIGURES:
            assert (claim.number, claim.decided_by) not in told, "it is there: strike it out"
            assert rows.loc[claim.number, "verdict"] == "no data"
        elif claim.decided_by:
            verdict = told[claim.number, claim.decided_by]
            row = rows.loc[claim.number]
            assert (row["verdict"], row["decided_by"]) == (verdict.outcome, verdict.decided_by)
            assert row["value"] == pytest.approx(verdict.deciding.value)


def test_what_a_distortion_does_is_told_by_the_axes_that_the_packs_hold() -> None:
    numbers = pd.read_csv(PACKS / "report" / "claim_numbers.csv")
    numbers = numbers[numbers["claim"] == 28].set_index("at")["value"]
    gains = pd.read_csv(PACKS / "report" / "axes_gains.csv")
    gains = gains[(gains["restorer"] == "cgrdn") & (gains["metric"] == "position_mae_unshifted_pm")]
    told = gains[gains["axis"].isin(("jitter", "dwell")) & gains["value"].notna()]
    assert sorted(numbers) == pytest.approx(sorted(told["value"]))
    assert any("particle, dwell 0.05 µs" in place for place in numbers.index)


def test_pages_say_what_the_packs_say() -> None:
    assert script().main(["--check"]) == 0


def test_a_page_that_says_otherwise_is_noticed(tmp_path: Path) -> None:
    begin = "<!-- paper: results (nox -s results writes what stands between) -->"
    text = f"{begin}\n1\n<!-- paper: end -->"
    found = script().filled(text, {"results": "2\n"}, str)
    assert found == text.replace("\n1\n", "\n2\n")
    sentence = "It is <!-- number: claim / 22 -->1<!-- /number --> of it."
    assert script().filled(sentence, {}, str.upper) == sentence.replace("1<", "CLAIM / 22<")
