"""Sites of an arrangement at which no column was found."""

import numpy as np
import pytest

from fitting.search.own_image.beyond_frame import Visible
from fitting.search.own_image.few_counts.doubtful_sites import doubtful_sites

SPACING = 10.0


def square(n: int = 8, *, jitter: float = 0.0) -> np.ndarray:
    """Columns (n², 2) that fill a frame of n spacings."""
    grid = (np.stack(np.meshgrid(np.arange(n), np.arange(n)), axis=-1) + 0.5).reshape(-1, 2)
    return SPACING * grid + np.random.default_rng(3).normal(size=(n * n, 2)) * jitter


def visible(n: int = 8) -> Visible:
    return Visible(np.ones((int(n * SPACING),) * 2, dtype=bool), reach=30.0)


@pytest.mark.parametrize("jitter", [0.0, 0.3])
@pytest.mark.parametrize("missed", [[27], [0], [3, 60], [27, 28], [0, 7, 36]])
def test_every_missed_column_is_a_site(missed: list[int], jitter: float) -> None:
    """Within the crystal, at its rim, at its corners, and beside each other."""
    places = square(jitter=jitter)
    found = doubtful_sites(np.delete(places, missed, axis=0), visible())
    assert len(found) == len(missed)
    for place in places[missed]:
        assert np.hypot(*(found - place).T).min() < 0.25 * SPACING


def test_a_whole_crystal_has_none() -> None:
    assert doubtful_sites(square(jitter=0.5), visible()).shape == (0, 2)


def test_a_crystal_in_vacuum_is_continued_by_one_shell_at_most() -> None:
    places = square(6) + 2 * SPACING
    found = doubtful_sites(places, visible(10))
    assert 0 < len(found) <= 28
    assert (np.abs(found - 5 * SPACING).max(axis=1) < 4 * SPACING).all()


def test_few_places_lead_nowhere() -> None:
    assert doubtful_sites(square(2)[:3], visible()).shape == (0, 2)
