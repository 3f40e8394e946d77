"""Radial functions: equations (17) to (22) against quadrature."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from training.images.atomic_sizes import root_mean_square_radii
from training.images.radial_functions import RadialFunctions, model_radii

ONE = RadialFunctions(alpha=1.1, exponent=9.0, heights=((29, (0.6, 0.7, 0.9)),))


def test_equation_17_written_out():
    rm = ONE.radius(29)
    for r in (0.0, 0.3, rm, 2.1):
        expected = (
            0.6 * np.exp(-(r**2) / (2 * rm**2)) + 0.7 * np.exp(-r / rm) + 0.9 / (1 + (r / rm) ** 18)
        )
        assert ONE.values(29, np.array([r])) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("alpha", [0.75, 0.9, 1.0, 1.25])
def test_radii_keep_mean_and_spread(alpha):
    """(18) to (20): whatever α, mean and standard deviation over the elements stay."""
    plain, radii = root_mean_square_radii(), model_radii(alpha)
    assert radii.mean() == pytest.approx(plain.mean())
    assert radii.std() == pytest.approx(plain.std())
    assert (radii > 0).all()
    assert np.array_equal(np.argsort(radii), np.argsort(plain))
    assert np.allclose(radii, plain, atol=1e-12) == (alpha == 1.0)


@pytest.mark.parametrize("exponent", [4.0, 7.3, 16.0])
def test_transform_and_integral_are_those_of_the_function(exponent):
    from scipy.special import j0

    functions = RadialFunctions(0.9, exponent, ((79, (0.5, 0.8, 1.0)),))
    r = np.linspace(0.0, 40.0, 80_001)
    values = functions.values(79, r) * r
    # The transform's frequencies reach what 0.05 Å/px can hold.
    for frequency in (0.0, 0.13, 0.9, 2.7, 9.0):
        expected = 2 * np.pi * np.trapezoid(values * j0(2 * np.pi * frequency * r), r)
        found = functions.transform(79, np.array([frequency]))[0]
        assert found == pytest.approx(expected, abs=1e-4 * functions.integral(79))
    assert functions.transform(79, np.zeros(1))[0] == pytest.approx(
        functions.integral(79), rel=1e-4
    )


@given(seed=st.integers(0, 2**32), elements=st.sets(st.integers(1, 103), min_size=1, max_size=16))
@settings(deadline=None, max_examples=80)
def test_a_heavier_element_has_the_larger_integral(seed, elements):
    functions = RadialFunctions.sample(np.random.default_rng(seed), elements)
    assert 0.75 <= functions.alpha <= 1.25
    assert 4.0 <= functions.exponent <= 16.0
    numbers = [number for number, _ in functions.heights]
    assert numbers == sorted(elements)
    integrals = [functions.integral(number) for number in numbers]
    assert all(light < heavy for light, heavy in pairwise(integrals))
    assert min(min(heights) for _, heights in functions.heights) >= 0.5
    lightest = functions.heights[0][1]
    assert max(lightest) <= 1.0


def test_heights_of_elements_of_one_size_stay_in_the_range():
    """Fe and Co differ little in size: mostly no height has to be lifted."""
    rng = np.random.default_rng(0)
    largest = [
        max(max(h) for _, h in RadialFunctions.sample(rng, (26, 27)).heights) for _ in range(100)
    ]
    assert np.mean(np.array(largest) <= 1.0) > 0.7
