"""The command on simulated lattices: honest and dishonest restorers, page, table, exit codes."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from bench.assessment.assess_image import assess_image
from bench.assessment.assessment import AssessOptions
from bench.assessment.five_sentences import five_sentences, response_sentence
from bench.cli.app import app
from bench.own_images.values.pixel_values import PixelValues
from stembench.errors import InputError

_SIZE, _SAMPLING = 96, 0.2
_COUNTS = PixelValues(counts=True)


class Here:
    """Does work in this process."""

    workers = 1

    def completed(self, function, tasks):
        for key, arguments in reversed(list(tasks)):
            yield key, function(*arguments)


def clean(vacancies=()) -> np.ndarray:
    y, x = np.mgrid[:_SIZE, :_SIZE]
    image = np.full((_SIZE, _SIZE), 8.0)
    for row in range(0, _SIZE + 1, 12):
        for col in range(0, _SIZE + 1, 12):
            if (row, col) not in vacancies:
                image += 60 * np.exp(-((x - col) ** 2 + (y - row) ** 2) / (2 * 2.0**2))
    return image


def counts(vacancies=(), seed=1) -> np.ndarray:
    return np.random.default_rng(seed).poisson(clean(vacancies)).astype(float)


def assessed(spec, image, **options):
    said = []
    found = assess_image(
        image,
        sampling=_SAMPLING,
        options=AssessOptions(restorer=spec, values=_COUNTS, **options),
        executor=Here(),
        say=said.append,
    )
    # the time is told before the work
    assert re.search(r"\d+ restorations of \d+ x \d+ px .* take about", said[0])
    return found


@pytest.fixture(scope="module")
def stamped():
    """A lattice with two vacancies, on which the stamp draws a whole one."""
    here = str(Path(__file__).parents[3])
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(here)
        yield assessed(
            "tests.bench.assessment.drawing_restorers:stamp", counts([(36, 48), (60, 24)]), draws=3
        )


def test_a_drawn_lattice_scatters_nothing_and_passes_nothing_on(stamped) -> None:
    assert stamped.errors.x.typical_rms < 0.5
    for value in (stamped.injected.position, stamped.injected.scs, stamped.injected.vacancy):
        assert abs(value.value) < 0.05
    assert stamped.injected.filled == 1
    assert stamped.trust.share == 0
    # the same draws as they are: the raw image passes on what the stamp does not
    assert stamped.raw_injected.vacancy.value == pytest.approx(1, abs=0.15)
    assert stamped.raw_injected.scs.value == pytest.approx(1, abs=0.4)


def test_six_draws_have_an_interval_of_every_change() -> None:
    found = assessed("raw", counts(), draws=6)
    assert "One draw alone" not in response_sentence(found)
    assert np.isfinite(found.injected.position.high)


def test_an_image_that_is_cut_off_is_not_assessed_without_a_word() -> None:
    """Some of its columns have counts at the largest value; negative control: as they were."""
    image = counts()
    said = [assessed("raw", each, draws=3) for each in (np.minimum(image, 70.0), image)]
    notes = [any("cut off at the largest value" in note for note in one.notes) for one in said]
    assert notes == [True, False]
    assert "saturated" in five_sentences(said[0])[4]
    assert not said[0].noise.determined
    assert "saturated" not in five_sentences(said[1])[4]


def test_columns_drawn_into_vacancies_are_found(stamped) -> None:
    rows = stamped.support.drawn_without_support
    places = stamped.fit.table.iloc[rows][["x", "y"]].to_numpy()
    assert sorted(np.rint(places).astype(int).tolist()) == [[24, 60], [48, 36]]
    assert "excludes 2 " in five_sentences(stamped)[3]


def test_raw_is_faithful_and_the_result_depends_on_the_seed_alone() -> None:
    image = counts()
    found = assessed("raw", image, draws=4)
    assert found.injected.position.value == pytest.approx(1, abs=0.35)
    assert found.injected.scs.value == pytest.approx(1, abs=0.25)
    assert found.injected.vacancy.value == pytest.approx(1, abs=0.1)
    assert found.trust.share > 0.8
    # of four draws two hold vacancies, and one each displacements and another SCS
    assert "One draw alone holds displacements, another SCS: how" in response_sentence(found)
    assert len(found.support.drawn_without_support) == 0
    assert found.intensity.value == 1
    again = assessed("raw", image, draws=4)
    np.testing.assert_array_equal(again.errors.x.rms, found.errors.x.rms)
    assert again.injected.position.value == found.injected.position.value
    other = assessed("raw", image, draws=4, seed=1)
    assert (other.errors.x.rms != found.errors.x.rms).any()


def test_a_column_that_is_taken_away_is_found(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3]))
    found = assessed("tests.bench.assessment.drawing_restorers:eraser", counts(), draws=3)
    assert np.rint(found.removed).astype(int).tolist() == [[48, 48]]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"draws": 2}, "--draws"),
        ({"seed": -1}, "--seed"),
        ({"fast_axis": "up"}, "--fast-axis"),
    ],
)
def test_what_cannot_be_used_is_refused(options, said) -> None:
    with pytest.raises(InputError, match=said):
        AssessOptions(restorer="raw", **options)


@pytest.mark.parametrize("seed", [0, 1])
def test_smoothed_noise_without_columns_is_refused(seed) -> None:
    """Spots of smoothed noise are found as columns, 8 to 15 of them here; none is supported."""
    empty = np.random.default_rng(seed).poisson(20.0, (48, 48)).astype(float)
    with pytest.raises(InputError, match=r"supports none of the \d+ columns|columns were found"):
        assessed("gaussian", empty, draws=3)


def test_a_lattice_drawn_into_noise_alone_is_refused(monkeypatch) -> None:
    """Negative control: `stamped` is assessed, where all but two of these columns are there."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3]))
    empty = np.random.default_rng(2).poisson(20.0, (_SIZE, _SIZE)).astype(float)
    with pytest.raises(InputError, match=r"supports none of the (49|6\d|7\d|81) columns"):
        assessed("tests.bench.assessment.drawing_restorers:stamp", empty, draws=3)


def test_a_restorer_that_shows_no_columns_is_refused(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3]))
    with pytest.raises(InputError, match="columns were found"):
        assessed("tests.bench.assessment.drawing_restorers:fog", counts(), draws=3)


def test_the_command_writes_page_and_table_and_exits_by_the_share(tmp_path) -> None:
    np.save(tmp_path / "i.npy", counts())
    page = tmp_path / "a.html"
    call = [
        "assess", str(tmp_path / "i.npy"), "-r", "gaussian", "--sampling", str(_SAMPLING),
        "--counts", "--draws", "3", "--jobs", "1", "-o", str(page),
    ]  # fmt: skip
    done = CliRunner().invoke(app, [*call, "--fail-below", "1"])
    table = pd.read_csv(tmp_path / "a.csv")
    share = float(table["trusted"].mean())
    assert done.exit_code == (3 if share < 1 else 0), done.output
    assert f"{int(table['trusted'].sum())} of {len(table)} columns" in done.output
    assert "restorations of 96 x 96 px by gaussian take about" in done.output
    assert table["x"].between(-1, _SIZE).all()
    assert (table["against"].isna() == table["trusted"]).all()
    html = page.read_text(encoding="utf-8")
    assert html.count("<li>") >= 5
    assert html.count("data:image/png;base64,") == 5
    outward = re.findall(r'(?:src|href)="(?!data:)([^"]*)"', html)
    assert outward == ["a.csv"]
    assert json.dumps(html)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["-o", "a.txt"], "html"),
        (["--fail-below", "1.5"], "--fail-below"),
        (["--roi", "0:9"], "--roi"),
        (["-r", "nosuch"], "nosuch"),
    ],
)
def test_the_command_refuses_in_one_sentence(tmp_path, more, said, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("i.npy", counts())
    done = CliRunner().invoke(app, ["assess", "i.npy", "--sampling", "0.2", "-r", "raw", *more])
    assert done.exit_code == 2
    assert said in done.output
    assert "Traceback" not in done.output
