"""The library that is kept: the bits of the fitted one, and never another's."""

from dataclasses import replace

import numpy as np
import pytest

from bench.measures import kept_library
from bench.measures.kept_library import kept_scs_library
from cases import Case, FitChoice, get_case
from stembench.arrays import Floats
from stembench.surroundings import kept_values

FITTED = np.array([0.1 + 0.2, 1 / 3, np.nextafter(1.0, 2.0)])


@pytest.fixture
def fits(tmp_path, monkeypatch: pytest.MonkeyPatch) -> list[FitChoice]:
    """Choices of the fits that were made; the cache is empty at first."""
    made: list[FitChoice] = []

    def fit(case: Case, *, choice: FitChoice) -> Floats:
        made.append(choice)
        return FITTED

    monkeypatch.setattr(kept_library, "scs_library", fit)
    monkeypatch.setattr(kept_values, "cache_root", lambda: tmp_path)
    return made


def test_it_is_fitted_once_and_read_to_the_last_bit(fits, tmp_path) -> None:
    case = get_case("pt_bulk")
    first = kept_scs_library(case, choice=case.fit)
    second = kept_scs_library(case, choice=case.fit)
    assert first.tobytes() == second.tobytes() == FITTED.tobytes()
    assert len(fits) == 1
    assert len(list((tmp_path / "libraries").iterdir())) == 1


@pytest.mark.parametrize("what", ["fit", "program", "data", "package", "processor"])
def test_another_fit_program_or_machine_is_fitted(what, fits, monkeypatch) -> None:
    case = get_case("pt_bulk")
    choice = case.fit
    kept_scs_library(case, choice=choice)
    if what == "fit":
        choice = replace(choice, width_factor=choice.width_factor + 0.1)
    elif what == "program":
        monkeypatch.setattr(kept_library, "program_hash", lambda: "another")
    elif what == "data":
        other = type("Truth", (), {"hash": "another"})()
        monkeypatch.setattr(kept_library, "load_ground_truth", lambda _: other)
    elif what == "package":
        monkeypatch.setattr(kept_library, "arithmetic", lambda _: {"numpy": "0"})
    else:
        monkeypatch.setattr(kept_library, "hardware", lambda: {"processor": "x", "system": "y"})
    kept_scs_library(case, choice=choice)
    assert fits == [case.fit, choice]


def test_what_is_damaged_is_fitted_again(fits, tmp_path) -> None:
    case = get_case("pt_bulk")
    kept_scs_library(case, choice=case.fit)
    (path,) = (tmp_path / "libraries").iterdir()
    path.write_text(path.read_text().replace("0.3333", "0.4333"))
    said: list[str] = []
    assert kept_scs_library(case, choice=case.fit, note=said.append).tobytes() == FITTED.tobytes()
    assert len(fits) == 2
    assert "the library is fitted again" in said[0]


def test_without_a_place_it_is_fitted_each_time(fits, monkeypatch) -> None:
    monkeypatch.setattr(kept_values, "cache_root", lambda: None)
    case = get_case("pt_bulk")
    for _ in range(2):
        kept_scs_library(case, choice=case.fit)
    assert len(fits) == 2
