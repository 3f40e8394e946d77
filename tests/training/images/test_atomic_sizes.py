"""Radii of the projected potentials against the published parametrisation in abTEM."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from training.images.atomic_sizes import ELEMENTS, root_mean_square_radii


def test_radii_follow_from_the_curvature_of_the_scattering_factors():
    """f(g) = f(0) (1 - π² g² <r²>) for a projection that is round, by finite differences."""
    from ase.data import chemical_symbols

    folder = Path(find_spec("abtem").origin).parent
    table = json.loads((folder / "parametrizations" / "data" / "lobato.json").read_text())
    for number, radius in zip(ELEMENTS, root_mean_square_radii(), strict=True):
        a, b = np.array(table[chemical_symbols[number]])

        def factor(g, a=a, b=b):
            return (a * (2 + b * g**2) / (1 + b * g**2) ** 2).sum()

        step = 1e-3
        curvature = 2 * (factor(step) - factor(0.0)) / step**2
        square = -curvature / (2 * np.pi**2 * factor(0.0))
        # The table is rounded to 4 digits after the point.
        assert radius == pytest.approx(np.sqrt(square), abs=2e-4), number


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 6, 22, 29, 79, 103])
def test_radii_are_those_of_equation_21_by_quadrature(number):
    from abtem.parametrizations import LobatoParametrization
    from ase.data import chemical_symbols

    r = np.geomspace(1e-5, 60.0, 100_001)
    projected = LobatoParametrization().projected_potential(chemical_symbols[number])(r)
    square = np.trapezoid(r**3 * projected, r) / np.trapezoid(r * projected, r)
    assert root_mean_square_radii()[number - 1] == pytest.approx(np.sqrt(square), abs=1e-4)


def test_every_element_of_the_paper_has_one():
    assert list(ELEMENTS) == list(range(1, 104))
    assert root_mean_square_radii().shape == (103,)
