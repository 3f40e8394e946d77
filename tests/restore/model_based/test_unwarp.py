"""The restorer that puts counts on straight lines, on counts of displaced lines."""

import warnings

import numpy as np
import pytest

from fitting import FitOptions, fit_columns
from restore import RestorationWarning, load_restorer, metadata_of
from stembench.arrays import Floats
from stembench.errors import InputError

SAMPLING = 0.2
SIGMA, PHI = 0.6, 0.5
#: Columns of a slanted lattice, so that no row of them lies along a line.
COLUMNS = np.array([[x, y] for x in range(-1, 7) for y in range(-1, 7)]) @ [[11, 2.5], [-2.5, 11]]
COLUMNS = COLUMNS[((COLUMNS > -8) & (COLUMNS < 68)).all(axis=1)]


def counts(seed: int, *, sigma: float = SIGMA) -> Floats:
    """Electrons of columns of a width of 2.5 px and a height of 400, lines displaced."""
    random = np.random.default_rng(seed)
    moved = np.zeros((60, 2))
    for line in range(60):
        moved[line] = PHI * moved[line - 1] + random.normal(0, sigma, 2)
    x = np.arange(60) + moved[:, 0, None]
    y = np.arange(60)[:, None] + moved[:, 1, None] + np.zeros(60)
    squares = (x[..., None] - COLUMNS[:, 0]) ** 2 + (y[..., None] - COLUMNS[:, 1]) ** 2
    expected = 400 * np.exp(-squares / (2 * 2.5**2)).sum(axis=-1)
    return random.poisson(expected).astype(np.float64)


def error(image: Floats) -> float:
    """Rms error [px] of columns fitted in the middle, less their mean shift."""
    inside = ((COLUMNS > 6) & (COLUMNS < 53)).all(axis=1)
    fitted = fit_columns(
        image, COLUMNS, sampling=SAMPLING, options=FitOptions(background="none")
    ).table[["x", "y"]]
    off = (fitted.to_numpy() - COLUMNS)[inside]
    return float(np.sqrt(np.mean((off - off.mean(axis=0)) ** 2)))


def restored(spec: str, image: Floats) -> Floats:
    found: Floats = load_restorer(spec).restore(image[None], sampling=SAMPLING)[0]
    return found


GIVEN = f"unwarp:sigma={SIGMA * SAMPLING:g},phi={PHI:g}"


@pytest.mark.parametrize("spec", [pytest.param("unwarp", marks=pytest.mark.slow), GIVEN])
def test_columns_are_nearer_to_their_places(spec: str) -> None:
    """With statistics from the image and with given ones; its sum of electrons stays."""
    image = counts(1)
    straight = restored(spec, image)
    assert error(straight) < 0.6 * error(image)
    assert straight.sum() == pytest.approx(image.sum(), rel=0.02)


def test_a_wrong_direction_helps_nothing() -> None:
    """Control: lines taken for vertical; the turned image with the right direction is turned."""
    image = counts(1)
    turned = GIVEN + ",fast_axis=vertical"
    straight = restored(GIVEN, image)
    assert np.abs(restored(turned, image.T).T - straight).max() < 1e-6
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RestorationWarning)
        wrong = restored(turned, image)
    said = " ".join(str(warning.message) for warning in caught)
    assert "far above what the image supports" in said
    assert "lines do not move as a whole" in said
    assert error(wrong) > 0.8 * error(image)


def test_lines_that_are_held_are_left() -> None:
    """sigma=0: what is left is the regression's own smoothing, the same for every line."""
    image = counts(2, sigma=0)
    straight = restored("unwarp:sigma=0,phi=0", image)
    assert error(straight) == pytest.approx(error(image), rel=0.3)


def test_smoothing_by_option() -> None:
    image = counts(3)
    plain, smooth = (restored(f"{GIVEN}{more}", image) for more in ("", ",smooth=0.4"))
    bends = [np.abs(np.diff(each, 2, axis=1)).mean() for each in (plain, smooth)]
    assert bends[1] < 0.5 * bends[0]


def test_a_trailing_response_is_undone() -> None:
    """Counts that trail by half to the next pixel come back where they belong."""
    image = counts(4)
    trailing = image.copy()
    trailing[:, 1:] = 0.6 * image[:, 1:] + 0.4 * image[:, :-1]
    spec = f"{GIVEN},trailing=0.6+0.4"
    assert restored(spec, trailing) == pytest.approx(restored(GIVEN, image), abs=1e-6)
    with pytest.warns(RestorationWarning, match="times the noise that electrons"):
        blurred = restored(GIVEN, trailing)
    assert blurred != pytest.approx(restored(GIVEN, image), abs=1)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (np.full((40, 40), 5.0), "no columns"),
        (np.zeros((40, 40)), "no columns"),
        (np.random.default_rng(0).poisson(5.0, (40, 40)), "0 columns"),
        (counts(1)[20:27], "at least 8 lines, and the image has 7"),
    ],
)
def test_what_has_no_columns_or_lines_stays_as_it_is_and_says_so(
    image: Floats, reason: str
) -> None:
    with pytest.warns(RestorationWarning, match=reason):
        assert (restored("unwarp", np.asarray(image)) == image).all()


def test_a_good_image_raises_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RestorationWarning)
        restored(GIVEN, counts(1))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ("sigma=-0.1", "'sigma' of 'unwarp' must not be negative"),
        ("sigma=much", "is a number or auto, not 'much'"),
        ("phi=1", "less than 1"),
        ("phi=nan", "less than 1"),
        ("lattice_prior=-1", "'lattice_prior' of 'unwarp' must not be negative"),
        ("smooth=-1", "'smooth'"),
        ("fast_axis=diagonal", "horizontal or vertical"),
        ("trailing=0.5+0.4", "sum 1"),
        ("trailing=a+b", "0.7"),
        ("trailing=0+1", "positive first"),
    ],
)
def test_impossible_settings_are_one_sentence(settings: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence.replace("+", r"\+")):
        metadata_of(f"unwarp:{settings}")


def test_it_is_of_the_family_of_models() -> None:
    metadata = metadata_of("unwarp:lattice_prior=0.1")
    assert (metadata.family, metadata.name) == ("model", "unwarp:lattice_prior=0.1")
    assert metadata.label == "un-warped (lattice_prior=0.1)"
    assert metadata.training_data == "none"
