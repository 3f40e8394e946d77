"""A background that jumps: both levels are fitted; slopes, hills and noise are no steps."""

import numpy as np
import pytest

from fitting import fit_own_image
from tests.fitting.search.own_image.made_images import SAMPLING, lattice

MADE = lattice(angle=0.09)
Y, X = np.mgrid[: MADE.clean.shape[0], : MADE.clean.shape[1]].astype(float)
#: The median of the lattice without a step scatters by 1.0 % (some 52 columns, 16 seeds).
TOLERANCE = 4 * 0.0099


def fitted(light, seed=0):
    image = np.random.default_rng(seed).poisson(MADE.clean + light).astype(float)
    return fit_own_image(image, sampling=SAMPLING)


@pytest.mark.parametrize(
    "bright", [X > 45, X + 0.4 * Y < 60, np.hypot(X, Y) > 65], ids=["upright", "tilted", "curved"]
)
def test_both_levels_of_a_step_are_fitted(bright):
    fit = fitted(40.0 * bright)
    assert fit.background.name.endswith("and a step")
    level = fit.background.image
    assert np.median(level[bright]) - np.median(level[~bright]) == pytest.approx(40, abs=2)
    # Where the threshold drew the seam, within a pixel or two.
    assert np.mean(fit.background.seam) < 0.1
    wrong = (level > np.mean([level.min(), level.max()])) != bright
    assert np.mean(wrong & ~fit.background.seam) < 0.01
    assert fit.table["scs"].median() == pytest.approx(MADE.scs, rel=TOLERANCE)


@pytest.mark.parametrize(
    "light",
    [0.0 * X, 0.8 * X, 60 * np.exp(-((X - 45) ** 2 + (Y - 40) ** 2) / 1000), 30 * np.sin(X / 20)],
    ids=["none", "slope", "hill", "wave"],
)
def test_what_is_no_step(light):
    """The negative control."""
    assert "step" not in fitted(light + 30.0).background.name
