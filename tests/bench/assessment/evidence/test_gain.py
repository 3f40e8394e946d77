"""Variance against level: unbiased with instruments, biased without."""

import numpy as np
import pytest
from scipy.ndimage import correlate1d
from scipy.stats import linregress

from bench.assessment.evidence.gain import (
    difference_filter,
    free_filter,
    variance_line,
    whole_filters,
)
from bench.assessment.evidence.jackknife import blocks_of_lines, jackknife_error

GAIN, OFFSET = 3.7, 120.0


def lattice(shape=(128, 128), peak=6.0, background=1.0, width=2.5, spacing=9.8):
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    out = np.full(shape, background)
    for v in np.arange(-spacing, shape[0] + 2 * spacing, spacing):
        for u in np.arange(-spacing, shape[1] + 2 * spacing, spacing):
            out += peak * np.exp(-((x - u) ** 2 + (y - v) ** 2) / (2 * width**2))
    return out


def counted(electrons, rng, *, detector=0.0):
    counts = rng.poisson(electrons) + detector * rng.normal(size=electrons.shape)
    return OFFSET + GAIN * counts


def measured(image, electrons, usable=None):
    return variance_line(
        image,
        OFFSET + GAIN * electrons,
        taps=difference_filter(0.25),
        usable=np.ones(image.shape, dtype=bool) if usable is None else usable,
        blocks=blocks_of_lines(len(image)),
    )


def test_filter_keeps_the_variance_of_white_noise_and_no_light():
    taps = difference_filter(0.25)
    assert np.sum(taps**2) == pytest.approx(1, rel=1e-12)
    response = np.abs(np.fft.rfft(taps, 512))
    assert response[:60].max() < 2e-2 < 1 < response[180:].max()  # below 0.12 cycles per px


def test_gain_and_offset_are_unbiased():
    """Means over 40 draws of few electrons within 4 standard errors; without instruments not.

    Detector noise of 2 electrons takes its variance off the offset. Regressing squares on the level
    of the same pixels is drawn down by the level's own noise.
    """
    rng = np.random.default_rng(6)
    electrons = lattice(peak=8.0, background=0.3)
    images = [counted(electrons, rng, detector=2.0) for _ in range(40)]
    lines = [measured(image, electrons) for image in images]
    gains = np.array([line.gain for line in lines])
    offsets = np.array([-line.floor / line.gain for line in lines])
    for values, truth in ((gains, GAIN), (offsets, OFFSET - GAIN * 4.0)):
        assert abs(values.mean() - truth) < 4 * values.std(ddof=1) / np.sqrt(40)
    stated = np.array([jackknife_error(line.replicates[:, 1]) for line in lines])
    # Scatter of 40 values is known to 11 %, that of jackknife errors of 16 blocks to 18 % each.
    assert np.sqrt(np.mean(stated**2)) == pytest.approx(gains.std(ddof=1), rel=0.45)

    taps = difference_filter(0.25)
    naive = []
    for image in images:
        square = correlate1d(image - OFFSET - GAIN * electrons, taps, axis=1) ** 2
        level = correlate1d(image, taps**2, axis=1)
        naive.append(linregress(level[4:-4, 8:-8].ravel(), square[4:-4, 8:-8].ravel()).slope)
    assert np.mean(naive) - GAIN < -6 * np.std(naive, ddof=1) / np.sqrt(40)


def test_equations_are_those_of_weighted_instrumental_variables():
    """With one instrument beside the constant the estimate is that of two-stage least squares."""
    from bench.assessment.evidence.gain import _solved

    rng = np.random.default_rng(7)
    z, w = rng.normal(size=500), rng.uniform(0.5, 2, 500)
    x = z + rng.normal(size=500)
    d = 3 + 2 * x + rng.normal(size=500)
    lever = w * (z - np.average(z, weights=w))
    found = _solved(
        np.array([(w * d).sum(), (w * x).sum(), w.sum(), lever @ d, lever @ x, lever.sum()])
    )
    instruments = np.column_stack([np.ones(500), z]) * np.sqrt(w)[:, None]
    regressors = np.column_stack([np.ones(500), x]) * np.sqrt(w)[:, None]
    first = instruments @ np.linalg.lstsq(instruments, regressors, rcond=None)[0]
    second = np.linalg.lstsq(first, d * np.sqrt(w), rcond=None)[0]
    np.testing.assert_allclose(found, second, rtol=1e-9)


def test_columns_that_fill_the_band_leave_no_filter():
    usable = np.ones((96, 96), dtype=bool)
    noise = np.random.default_rng(8).normal(size=(96, 96))
    assert (
        free_filter(1e3 * lattice((96, 96), width=0.8, spacing=4.0), noise, usable=usable) is None
    )
    assert free_filter(lattice((96, 96)), noise, usable=usable) is not None


def test_left_out_pixels_do_not_count():
    """A spike that is left out changes nothing, to the last bit; left in, it does."""
    electrons = lattice()
    usable = np.ones(electrons.shape, dtype=bool)
    usable[60, 60] = False
    inner = whole_filters(usable, difference_filter(0.25))
    assert not inner[58:63, 54:67].any()
    assert inner[58:63, 53].all()
    image = counted(electrons, np.random.default_rng(9))
    clean = measured(image, electrons, usable)
    image[60, 60] += 1e4
    assert measured(image, electrons, usable).gain == pytest.approx(clean.gain, rel=1e-9)
    assert abs(measured(image, electrons).gain - GAIN) > 1


def test_an_image_of_one_level_tells_nothing():
    nothing = np.zeros((64, 64))
    assert measured(counted(nothing, np.random.default_rng(10)), nothing) is None
