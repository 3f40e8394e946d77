"""Numpy twins of the losses, written from the printed equations without looking at speed."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Images = NDArray[np.float64]
FLOOR = 0.1
GAMMA = 0.125
WINDOWS = (2, 4, 8, 16)
GROWING = (1.0, 1.33, 1.66, 2.0)


def in_units_of_truth(y: Images, g: Images) -> tuple[Images, Images]:
    units = np.array([max(FLOOR, image.std()) for image in y])[:, None, None, None]
    return y / units, g / units


def absolute(y: Images, g: Images) -> float:
    return float(np.mean([np.mean(np.abs(a - b)) / max(FLOOR, a.std())
                          for a, b in zip(y, g, strict=True)]))  # fmt: skip


def absolute_without_weight(y: Images, g: Images) -> float:
    return float(np.abs(y - g).mean())


def square(y: Images, g: Images) -> float:
    return float(np.mean([np.mean((a - b) ** 2) / max(FLOOR, a.std())
                          for a, b in zip(y, g, strict=True)]))  # fmt: skip


def neighbourhoods(image: Images, size: int) -> Images:
    reach = ((size - 1) // 2, size // 2)
    padded = np.pad(image[..., 0], (reach, reach), mode="symmetric")
    return sliding_window_view(padded, (size, size))


def whitening_transform(image: Images, size: int, *, by: Images) -> Images:
    around = neighbourhoods(by, size)
    std = np.maximum(FLOOR, around.std(axis=(2, 3)))
    return np.asarray((image[..., 0] - around.mean(axis=(2, 3))) / std)


def whitening(y: Images, g: Images) -> float:
    return sum(
        float(np.mean([np.abs(whitening_transform(a, size, by=a) -
                              whitening_transform(b, size, by=b)).mean()
                       for a, b in zip(y, g, strict=True)]))
        for size in WINDOWS
    ) / 4  # fmt: skip


def whitening_by_truth(y: Images, g: Images) -> float:
    sizes = [
        np.mean([np.abs(whitening_transform(a, size, by=a) -
                        whitening_transform(b, size, by=a)).mean()
                 for a, b in zip(y, g, strict=True)])
        for size in WINDOWS
    ]  # fmt: skip
    return float(np.average(sizes, weights=GROWING))


def fourier(y: Images, g: Images) -> float:
    return float(np.mean(np.abs(np.fft.fft2((y - g)[..., 0])) ** GAMMA))


def fourier_of_half(y: Images, g: Images) -> float:
    scaled = 2 * 256**-0.125 * (y - g)[..., 0]
    return float(np.mean(np.maximum(np.abs(np.fft.rfft2(scaled)), 1e-9) ** GAMMA))


def mean(y: Images, g: Images) -> float:
    return float(np.mean([abs(a.mean() - b.mean()) for a, b in zip(y, g, strict=True)]))


def std(y: Images, g: Images) -> float:
    return float(np.mean([abs(a.std() - b.std()) for a, b in zip(y, g, strict=True)]))


def paper(y: Images, g: Images) -> float:
    return (
        2.0 * absolute(y, g) + 1.0 * square(y, g) + 0.25 * whitening(y, g)
        + 0.10 * fourier(y, g) + 1.0 * mean(y, g) + 0.5 * std(y, g)
    )  # fmt: skip


def authors(y: Images, g: Images) -> float:
    y, g = in_units_of_truth(y, g)
    return float(
        2.0 * np.mean(np.abs(y - g)) + np.mean((y - g) ** 2) + 0.25 * whitening_by_truth(y, g)
        + 0.10 * fourier_of_half(y, g) + mean(y, g) + 0.5 * std(y, g)
    )  # fmt: skip


def sigmoid(x: Images) -> Images:
    return np.asarray(1 / (1 + np.exp(-x)))


def probabilities(real: Images, restored: Images) -> tuple[Images, Images]:
    return sigmoid(real - restored.mean()), sigmoid(restored - real.mean())


def adversarial(real: Images, restored: Images) -> float:
    of_real, of_restored = probabilities(real, restored)
    return float(-np.log(1 - of_real).mean() - np.log(of_restored).mean())


def discriminator(real: Images, restored: Images) -> float:
    of_real, of_restored = probabilities(real, restored)
    return float(-np.log(of_real).mean() - np.log(1 - of_restored).mean())


def smoothed_discriminator(real: Images, restored: Images) -> float:
    of_real, of_restored = probabilities(real, restored)
    real_part = 0.95 * np.log(of_real) + 0.05 * np.log(1 - of_real)
    return float(-real_part.mean() - np.log(1 - of_restored).mean())


def third_stage(y: Images, g: Images, real: Images, restored: Images) -> float:
    return paper(y, g) + 2e-5 * adversarial(real, restored)
