"""Restorers that draw what they know, or take away what they see: named as module:callable."""

import numpy as np


def stamp(images, *, sampling):
    """Draw a perfect square lattice of 12 px at mean brightness, wherever the columns are."""
    side = np.arange(images.shape[-1])
    wave = np.exp(-(((side + 6) % 12 - 6.0) ** 2) / (2 * 2.0**2))
    return np.stack([image.mean() * 0.3 + 40 * np.outer(wave, wave) for image in images])


def eraser(images, *, sampling):
    """Take away the column nearest to the middle, and smooth a little."""
    from scipy.ndimage import gaussian_filter

    out = np.stack([gaussian_filter(image, 0.8) for image in np.asarray(images)])
    middle = 12 * (out.shape[-1] // 24)
    out[:, middle - 6 : middle + 6, middle - 6 : middle + 6] = np.median(out) * 0.9
    return out


def fog(images, *, sampling):
    """Show the mean alone."""
    return np.stack([np.full_like(image, image.mean()) for image in images])
