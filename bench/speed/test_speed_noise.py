"""Speed of the noise chains on one 256 x 256 image: realizations per second, and each stage.

Divide ``extra_info["realizations"]`` by the time of a round; one thread does all of it.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest

from noise.presets import FULL_SCAN, FULL_TEM
from noise.scan import STUDY_SCAN, ScanNoise, distort
from noise.seeds import realization_generator
from noise.stages.detector import add_pulse_noise, count_electrons
from noise.stages.digitiser import quantise, saturate
from noise.stages.fast_scan import trail
from noise.stages.jitter import displace_lines, line_displacements, spline_coefficients
from noise.stages.point_defects import multiply_defects
from noise.stages.row_lines import replace_row_lines
from noise.tem import distort_tem

COUNT = 16
DOSE, SAMPLING = 5e3, 0.2
CHAINS = {"full": FULL_SCAN, "study": STUDY_SCAN, "poisson": ScanNoise()}


def clean() -> np.ndarray:
    y, x = np.mgrid[:256, :256]
    return 0.1 * (1 + np.sin(2 * math.pi * x / 9.8) * np.sin(2 * math.pi * y / 9.8))


def generators() -> list[np.random.Generator]:
    return [
        realization_generator(1, "speed", image="a", dose=DOSE, realization=k) for k in range(COUNT)
    ]


@pytest.mark.parametrize("chain", CHAINS)
def test_scan_chain(benchmark, chain: str) -> None:
    image = clean()

    def once() -> np.ndarray:
        return distort(
            image, generators(), dose=DOSE, sampling=SAMPLING, noise=CHAINS[chain], dtype=np.float32
        )

    once()  # compiles
    benchmark.extra_info["realizations"] = COUNT
    assert benchmark(once).shape == (COUNT, 256, 256)


def test_different_images(benchmark) -> None:
    """As in training: each realization has its own clean image, and so its own spline."""
    images = np.stack([clean()] * COUNT)

    def once() -> np.ndarray:
        return distort(images, generators(), dose=DOSE, sampling=SAMPLING, noise=FULL_SCAN)

    once()  # compiles
    benchmark.extra_info["realizations"] = COUNT
    assert benchmark(once).shape == images.shape


def test_tem_chain(benchmark) -> None:
    image = clean()

    def once() -> np.ndarray:
        return distort_tem(image, generators(), dose=DOSE, sampling=SAMPLING, noise=FULL_TEM)

    benchmark.extra_info["realizations"] = COUNT
    assert benchmark(once).shape == (COUNT, 256, 256)


def stages() -> dict[str, Callable[[], np.ndarray]]:
    """Each stage of the full chain on one image."""
    rng = np.random.default_rng(1)
    expected = clean() * DOSE * SAMPLING**2
    counts = count_electrons(expected, rng)
    coefficients = spline_coefficients(expected)
    noise = FULL_SCAN
    peak = float(expected.max())

    def jitter() -> np.ndarray:
        dx, dy = (line_displacements(rng, 256, sigma=0.75, phi=0.6) for _ in range(2))
        return displace_lines(coefficients, dx, dy=dy)

    return {
        "jitter": jitter,
        "counting": lambda: count_electrons(expected, rng),
        "detector": lambda: add_pulse_noise(counts, rng, detector=noise.detector),
        "fast_scan": lambda: trail(counts, noise.fast_scan),
        "row_lines": lambda: replace_row_lines(counts, rng, row_lines=noise.row_lines),
        "black_pixels": lambda: multiply_defects(counts, rng, defects=noise.black_pixels),
        "zingers": lambda: multiply_defects(counts, rng, defects=noise.zingers),
        "clip": lambda: saturate(counts, threshold=noise.clip.level * peak),
        "quantisation": lambda: quantise(counts, gain=noise.quantisation.levels / peak),
        "spline": lambda: spline_coefficients(expected),
    }


@pytest.mark.parametrize("stage", list(stages()))
def test_stage(benchmark, stage: str) -> None:
    once = stages()[stage]
    once()  # compiles
    assert benchmark(once).shape == (256, 256)
