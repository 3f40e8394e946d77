"""Shipped results of profile paper: every cell that the profile has, and pages that say so."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from bench.plan.profiles import profiles
from cases import get_case
from reports import open_run
from reports.records.run_folder import Run
from reports.summaries.cells_of_run import cells_of
from reports.summaries.run_statistics import run_statistics

ROOT = Path(__file__).parents[2]
PACKS = ROOT / "results" / "paper"
#: Images of the profile that are not run yet; the run goes on part by part.
MISSING: dict[str, tuple[str, ...]] = {
    "pt_bulk": tuple(label for label in get_case("pt_bulk").labels if label >= "z58")
}
#: All packs together, in bytes.
MOST = 20_000_000


def script():
    """The script that writes the pages, which is in no package."""
    path = ROOT / "bench" / "shipped" / "paper_results.py"
    spec = importlib.util.spec_from_file_location("paper_results", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


def test_pages_say_what_the_packs_say() -> None:
    assert script().main(["--check"]) == 0


def test_a_page_that_says_otherwise_is_noticed(tmp_path: Path) -> None:
    begin = "<!-- paper: results (nox -s results writes what stands between) -->"
    text = f"{begin}\n1\n<!-- paper: end -->"
    found = script().filled(text, {"results": "2\n"}, str)
    assert found == text.replace("\n1\n", "\n2\n")
    sentence = "It is <!-- number: claim / 22 -->1<!-- /number --> of it."
    assert script().filled(sentence, {}, str.upper) == sentence.replace("1<", "CLAIM / 22<")
