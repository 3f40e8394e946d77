"""The count of particles, on images of particles of known number."""

import numpy as np
import pytest

from bench.paper.particle_count import SMALLEST, count_particles, segmented, simulated_particles


@pytest.mark.parametrize("seed", range(4))
def test_particles_without_noise_are_counted_to_the_last(seed: int) -> None:
    made = simulated_particles(np.random.default_rng(seed))
    assert made.number > 15
    assert count_particles(made.image) == made.number


def test_touching_particles_are_parted_and_specks_dropped() -> None:
    rows, columns = np.mgrid[:80, :80]
    image = np.zeros((80, 80))
    for y, x in ((30, 25), (30, 40)):
        image[np.hypot(rows - y, columns - x) < 9] = 1.0
    image[70:72, 70:72] = 1.0
    assert SMALLEST > 4
    labels = segmented(image)
    assert labels.max() == 2
    assert labels[71, 71] == 0
    assert labels[30, 20] != labels[30, 45] != 0


def test_noise_alone_is_miscounted() -> None:
    """The count is not blind: what noise does to it is what a restorer may mend."""
    made = simulated_particles(np.random.default_rng(1))
    noisy = np.random.default_rng(2).poisson(made.image).astype(float)
    assert abs(count_particles(noisy) - made.number) > 5
