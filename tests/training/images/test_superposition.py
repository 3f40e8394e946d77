"""The image of atoms against the sum of equation (16), atom by atom."""

import numpy as np
import pytest

from training.images.radial_functions import RadialFunctions
from training.images.superposition import atomic_image
from training.specimens.atom_set import AtomSet
from training.specimens.simulation_box import Box

ELEMENTS = (6, 29, 79)


def summed(atoms, functions, *, step, size, period, copies=1):
    """Equation (16) at size = (rows, columns) points `step` Å apart, in a periodic box."""
    y = (np.arange(size[0]) + 0.5) * step
    x = (np.arange(size[1]) + 0.5) * step
    image = np.zeros(size)
    for number, (px, py, _) in zip(atoms.numbers, atoms.positions, strict=True):
        for i in range(-copies, copies + 1):
            for j in range(-copies, copies + 1):
                away = np.hypot(x[None] - px - i * period[1], y[:, None] - py - j * period[0])
                image += functions.values(int(number), away)
    return image


def random_atoms(box, count, seed=0):
    rng = np.random.default_rng(seed)
    positions = rng.random((count, 3)) * box.sides
    return AtomSet(rng.choice(ELEMENTS, count).astype(np.int64), positions)


def test_it_is_the_sum_freed_of_frequencies_that_the_pixels_do_not_hold():
    """The twin sums on a grid 8 times finer and cuts its transform."""
    box = Box((30, 24), 0.5, correlation=2.0)
    sides = [side + 2 * box.skirt for side in box.extended]
    assert sides == [50, 44]
    # What the fast transforms round up to is part of the period.
    period_px = (50, 45)
    atoms = random_atoms(box, 25)
    functions = RadialFunctions.sample(np.random.default_rng(1), ELEMENTS)
    fine = 8
    direct = summed(
        atoms,
        functions,
        step=box.sampling / fine,
        size=(period_px[0] * fine, period_px[1] * fine),
        period=(period_px[0] * box.sampling, period_px[1] * box.sampling),
    )
    spectrum = np.fft.fft2(direct)
    rows = np.fft.fftfreq(direct.shape[0], 1 / direct.shape[0])
    columns = np.fft.fftfreq(direct.shape[1], 1 / direct.shape[1])
    held = (np.abs(rows) < period_px[0] / 2)[:, None] & (np.abs(columns) < period_px[1] / 2)
    # Pixel k of the image has its middle half a pixel behind k, that of the fine grid likewise:
    # pixel middles lie between the fine points 4 and 5 of 8, where the phase puts them.
    phase = np.exp(2j * np.pi * 3.5 * (rows[:, None] / len(rows) + columns / len(columns)))
    cut = np.fft.ifft2(np.where(held, spectrum * phase, 0)).real
    expected = cut[::fine, ::fine]
    skirt = box.skirt
    height, width = box.extended
    expected = expected[skirt : skirt + height, skirt : skirt + width]
    found = atomic_image(atoms, box, functions)
    assert found.shape == expected.shape == box.extended
    # The window's error is 1e-4 of the peak; the exponential's cusp is summed to 3e-4.
    assert np.abs(found - expected).max() < 1e-3 * expected.max()


def test_where_pixels_are_fine_it_is_the_sum_itself():
    box = Box((60, 50), 0.08)
    period = [side + 2 * box.skirt for side in box.extended]
    assert period == [160, 150]
    atoms = random_atoms(box, 12, seed=3)
    functions = RadialFunctions(1.0, 4.0, tuple((z, (1.0, 0.0, 0.8)) for z in ELEMENTS))
    direct = summed(
        atoms, functions, step=0.08, size=tuple(period), period=(160 * 0.08, 150 * 0.08)
    )
    expected = direct[50:110, 50:100]
    found = atomic_image(atoms, box, functions)
    assert np.abs(found - expected).max() < 1e-3 * direct.max()
    # Negative control: a shift by a tenth of a pixel is seen.
    moved = AtomSet(atoms.numbers, atoms.positions + np.array([0.008, 0.0, 0.0]))
    assert np.abs(atomic_image(moved, box, functions) - expected).max() > 4e-3 * direct.max()


def test_very_fine_pixels_show_the_sum_too():
    """Below 0.05 Å/px the structure factor has fewer points than the image."""
    box = Box((30, 40), 0.027)
    assert [side + 2 * box.skirt for side in box.extended] == [328, 338]
    size = [360, 360]  # what the fast transforms round up to
    atoms = random_atoms(box, 6, seed=5)
    functions = RadialFunctions(1.0, 12.0, tuple((z, (1.0, 0.3, 0.8)) for z in ELEMENTS))
    found = atomic_image(atoms, box, functions)
    near = summed(atoms, functions, step=0.027, size=tuple(size), period=[n * 0.027 for n in size])
    skirt = box.skirt
    expected = near[skirt : skirt + 30, skirt : skirt + 40]
    # The cusp of the exponential is the slowest to be shown.
    assert np.abs(found - expected).max() < 3e-3 * near.max()


@pytest.mark.parametrize("sampling", [0.05, 0.4, 0.9])
def test_an_atom_s_signal_is_its_integral_wherever_it_lies(sampling):
    """Without aliasing the sum over pixels does not depend on the place between them."""
    box = Box((200, 200), sampling)
    functions = RadialFunctions(0.8, 14.0, ((16, (0.5, 0.9, 1.0)),))
    middle = box.sides / 2
    sums = []
    for shift in (0.0, 0.21, 0.5, 0.73):
        place = middle + np.array([shift, shift / 3, 0.0]) * sampling
        image = atomic_image(AtomSet(np.array([16]), place[None]), box, functions)
        sums.append(image.sum() * sampling**2)
    expected = functions.integral(16)
    reach = 100 * sampling  # what lies outside the image is missing
    r = np.linspace(reach, reach + 60, 20_001)
    missing = 2 * np.pi * np.trapezoid(functions.values(16, r) * r, r)
    assert np.ptp(sums) < 1e-3 * expected
    assert expected - 1.3 * missing - 1e-3 * expected < np.mean(sums) < expected * 1.001


def test_atoms_outside_the_box_are_not_wrapped_in():
    box = Box((20, 20), 0.4)
    functions = RadialFunctions(1.0, 8.0, ((6, (1.0, 0.5, 0.5)),))
    far = AtomSet(np.array([6, 6]), np.array([[-5.0, 4.0, 0.0], [3.0, 99.0, 0.0]]))
    assert np.abs(atomic_image(far, box, functions)).max() == 0.0
