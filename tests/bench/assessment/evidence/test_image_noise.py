"""Noise of an image: intervals hold the truth, or it is said why there are none."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, shift

from bench.assessment.evidence.image_noise import estimate_noise
from cases import get_case, load_ground_truth
from fitting import fit_own_image
from noise import STUDY_SCAN, ScanNoise, distort
from noise.stages.detector import Detector
from stembench.errors import InputError

GAIN, OFFSET = 3.7, 120.0
JITTER = STUDY_SCAN.without("fast_scan")
DOSES = (5e2, 1e3, 5e3, 1e4, 5e4)


@pytest.fixture(scope="module")
def particle():
    case = get_case("nanoparticle")
    return case, load_ground_truth(case).image("particle", margin=case.margin)


def drawn(scene, *, dose, chain, seed):
    """Image of a chain in grey levels, and a fit that knows the scene and not its lines."""
    case, clean = scene
    counts = distort(
        clean,
        [np.random.default_rng([16, seed])],
        dose=dose,
        sampling=case.sampling,
        noise=chain,
        margin=case.margin,
    )[0]
    inner = clean[case.margin : -case.margin, case.margin : -case.margin]
    model = OFFSET + GAIN * 1.02 * dose * case.sampling**2 * inner
    fit = SimpleNamespace(valid=np.ones(counts.shape, dtype=bool), model_image=model)
    return OFFSET + GAIN * counts, fit, case.sampling


def estimated(scene, *, dose, chain, seed):
    image, fit, sampling = drawn(scene, dose=dose, chain=chain, seed=seed)
    return estimate_noise(image, fit, sampling=sampling, lines=False)


def held(found, factor=1.0):
    return found.gain.low <= factor * GAIN <= found.gain.high


def test_intervals_hold_the_gain_of_jittered_counts(particle):
    """15 images, three at each of five doses: binomially at least 11 at 95 % (chance 5e-4).

    Negative control: a gain of 1.3 times the true one is held by none of them but chance.
    """
    found = [
        estimated(particle, dose=dose, chain=JITTER, seed=k) for dose in DOSES for k in range(3)
    ]
    known = [each for each in found if each.determined]
    assert len(known) >= 12
    assert sum(map(held, known)) >= len(known) - 3
    assert sum(held(each, 1.3) for each in known) <= 2


def test_a_slow_detector_is_told_from_independent_counts(particle):
    """Gain held by at least 7 of 10, response at lag 1 found within 0.06, n = 10."""
    found = [estimated(particle, dose=1e3, chain=STUDY_SCAN, seed=k) for k in range(10)]
    assert not any(each.determined for each in found)
    assert all("slow detector" in each.reason for each in found if each.known)
    known = [each for each in found if each.known]
    assert len(known) >= 8
    assert sum(map(held, known)) >= 7
    true = STUDY_SCAN.fast_scan.response()
    assert np.mean([each.trailing[1] for each in known]) == pytest.approx(true[1], abs=0.06)
    # As white noise, without its response, the gain would be too small.
    shaped = np.mean([np.sum(np.square(each.trailing)) for each in known])
    assert shaped < 0.9


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (lambda image: gaussian_filter(image, 0.7, mode="mirror"), "interpolated, filtered"),
        (lambda image: shift(image, (0.5, 0.0), order=1, mode="mirror"), "interpolated, filtered"),
        (lambda image: shift(image, (0.2, 0.3), order=3, mode="mirror"), "interpolated, filtered"),
        (lambda image: np.minimum(image, np.quantile(image, 0.995) - 0.1), "saturated"),
    ],
    ids=["blurred", "averaged across lines", "interpolated", "saturated"],
)
def test_filtered_images_are_refused(particle, changed, named):
    image, fit, sampling = drawn(particle, dose=2e3, chain=JITTER, seed=20)
    found = estimate_noise(changed(image), fit, sampling=sampling, lines=False)
    assert not found.known
    assert not found.determined
    assert named in found.reason
    assert estimate_noise(image, fit, sampling=sampling, lines=False).determined


def test_detector_noise_lowers_the_offset_and_not_the_gain(particle):
    """Variance g²σ² without light ends g σ² below the offset; within 20 %, n = 1."""
    chain = ScanNoise(detector=Detector.of_sigma(2.0))
    found = estimated(particle, dose=5e3, chain=chain, seed=21)
    assert held(found)
    assert OFFSET - found.offset.value == pytest.approx(GAIN * 4.0, rel=0.2)


def test_lines_along_the_other_axis(particle):
    """An image on its side with its axis said gives the same numbers to round-off."""
    image, fit, sampling = drawn(particle, dose=2e3, chain=STUDY_SCAN, seed=22)
    turned = SimpleNamespace(valid=fit.valid.T, model_image=fit.model_image.T)
    upright = estimate_noise(image, fit, sampling=sampling, lines=False)
    lying = estimate_noise(image.T, turned, sampling=sampling, fast_axis="vertical", lines=False)
    assert lying.gain.value == pytest.approx(upright.gain.value, rel=1e-9)
    assert lying.trailing == pytest.approx(upright.trailing, rel=1e-9)
    wrong = estimate_noise(image.T, turned, sampling=sampling, lines=False)
    assert not wrong.known


def test_what_the_user_knows_is_held_against_the_image(particle):
    image, fit, sampling = drawn(particle, dose=2e3, chain=JITTER, seed=23)
    options = {"sampling": sampling, "lines": False}
    right = estimate_noise(image, fit, given_gain=GAIN, given_offset=OFFSET, **options)
    assert right.gain.low == right.gain.value == right.gain.high == GAIN
    assert right.determined
    assert not any("another number" in sentence for sentence in right.sentences)
    wrong = estimate_noise(image, fit, given_gain=2 * GAIN, given_offset=OFFSET, **options)
    assert any("another number" in sentence for sentence in wrong.sentences)


def test_a_given_gain_mends_one_that_is_not_known_well(particle):
    """A cut of 100 px tells the gain to 27 %; what it tells of the correlation stays said."""
    image, fit, sampling = drawn(particle, dose=2e3, chain=JITTER, seed=23)
    cut = (slice(80, 180), slice(80, 180))
    part = SimpleNamespace(valid=fit.valid[cut], model_image=fit.model_image[cut])
    options = {"sampling": sampling, "lines": False}
    alone = estimate_noise(image[cut], part, **options)
    assert alone.imprecise
    assert not alone.known
    told = estimate_noise(image[cut], part, given_gain=GAIN, given_offset=OFFSET, **options)
    assert told.known
    assert told.determined
    assert not told.imprecise
    assert any("correlation of the noise" in sentence for sentence in told.sentences)


def test_variance_follows_the_counts(particle):
    image, fit, sampling = drawn(particle, dose=5e3, chain=ScanNoise(), seed=24)
    found = estimate_noise(image, fit, sampling=sampling, lines=False)
    expected = OFFSET + (fit.model_image - OFFSET) / 1.02
    bright = expected > OFFSET + 5 * GAIN
    ratio = np.mean((image - expected)[bright] ** 2 / found.variance(expected)[bright])
    # The gain is known to 5 % or so, the ratio's own scatter is below 1 %.
    assert ratio == pytest.approx(1, abs=0.15)
    assert found.electrons(np.array([OFFSET + 10 * GAIN])) == pytest.approx(10, rel=0.15)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"fast_axis": "diagonal"}, "fast_axis"),
        ({"given_gain": -1.0}, "gain"),
        ({"mask": np.zeros((3, 3), dtype=bool)}, "shape"),
    ],
)
def test_unusable_arguments_are_named(particle, change, named):
    image, fit, sampling = drawn(particle, dose=2e3, chain=ScanNoise(), seed=25)
    with pytest.raises(InputError, match=named):
        estimate_noise(image, fit, sampling=sampling, lines=False, **change)


def test_small_and_empty_images_say_why():
    rng = np.random.default_rng(26)
    for shape in ((30, 30), (64, 64)):
        image = rng.poisson(np.full(shape, 5.0)).astype(float)
        fit = SimpleNamespace(valid=np.ones(shape, bool), model_image=np.full(shape, 5.0))
        found = estimate_noise(image, fit, sampling=0.2, lines=False)
        assert not found.known
        assert found.reason
        assert np.isnan(found.gain.value) or found.gain.high > 1.2 * found.gain.value


@pytest.mark.slow
def test_coverage_over_doses_and_chains(particle):
    """Share of 95 % intervals that hold the gain: at least 93 % of the determined, n = 200.

    The binomial standard error of 200 is 1.5 %: the limit is 90 % for the sum of them.
    """
    chains = {"counts": ScanNoise(), "jitter": JITTER, "study": STUDY_SCAN}
    rows = {}
    for name, chain in chains.items():
        found = [
            estimated(particle, dose=dose, chain=chain, seed=1000 + k)
            for dose in DOSES
            for k in range(20)
        ]
        known = [each for each in found if each.known]
        rows[name] = (len(found), len(known), sum(map(held, known)))
        assert sum(each.determined for each in found) == (0 if name == "study" else len(known))
    known, hold = (sum(row[k] for row in rows.values()) for k in (1, 2))
    assert known > 200
    assert hold / known > 0.93 - 2 * np.sqrt(0.95 * 0.05 / known), rows


@pytest.mark.slow
def test_with_the_fit_and_the_lines_of_the_image_itself(particle):
    """Own fit and scan fit of the particle: gain and sigma of the lines held, n = 1.

    Of images of 128 px half are refused.
    """
    image, _, sampling = drawn(particle, dose=5e3, chain=JITTER, seed=30)
    fit = fit_own_image(image, sampling=sampling)
    found = estimate_noise(image, fit, sampling=sampling)
    assert held(found)
    assert found.scan is not None
    assert found.scan.x.sigma_interval is not None
    low, high = found.scan.x.sigma_interval
    assert 0.8 * low < JITTER.jitter.sigma_x < 1.2 * high
    assert any("jitter of the lines" in sentence for sentence in found.sentences)
