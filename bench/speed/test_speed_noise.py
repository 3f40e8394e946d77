"""Speed of the noise chains on one 256 x 256 image: realizations per second, and each stage.

Divide ``extra_info["realizations"]`` by the time of a round; one thread does all of it.
"""

import math

import numpy as np
import pytest

from noise.chain import Chain, distort
from noise.presets import FULL_SCAN, FULL_TEM, STUDY_SCAN
from noise.scan import ScanNoise
from noise.seeds import realization_generator
from noise.stages.electron_counting import count_electrons
from noise.stages.jitter import spline_coefficients
from noise.stages.stage import AnyStage, Context, Counting
from noise.tem import TemNoise

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
        return distort(image, generators(), dose=DOSE, sampling=SAMPLING, noise=FULL_TEM)

    benchmark.extra_info["realizations"] = COUNT
    assert benchmark(once).shape == (COUNT, 256, 256)


def stages() -> list[tuple[Chain, AnyStage]]:
    """Each stage of the S(T)EM chain, and those of the TEM chain that are not among them."""
    scan = [(FULL_SCAN, stage) for stage in ScanNoise.stages]
    tem = [(FULL_TEM, stage) for stage in TemNoise.stages if stage not in ScanNoise.stages]
    return [*scan, *tem]


@pytest.mark.parametrize(
    ("chain", "stage"),
    stages(),
    ids=[f"{type(chain).__name__}-{stage.name}" for chain, stage in stages()],
)
def test_stage(benchmark, chain: Chain, stage: AnyStage) -> None:
    """One stage on one image, whose spline is at hand as in a batch of realizations."""
    rng = np.random.default_rng(1)
    scale = DOSE * SAMPLING**2
    image = clean()
    peak = scale * float(image.max())
    context = Context(chain.streams(rng), scale=scale, sampling=SAMPLING, peak=peak)
    names = [one.name for one in chain.stages]
    if names.index(stage.name) > names.index("counting"):
        image = count_electrons(scale * image, rng)
    # Variants of a stage stand in no preset; their examples have settings.
    given = getattr(chain, stage.name) if stage.optional else None
    settings = given or next((one.settings for one in stage.examples if one.settings), None)

    def once() -> np.ndarray:
        return stage.apply(image, settings, context)

    once()  # compiles
    assert benchmark(once).shape == (256, 256)


def test_spline(benchmark) -> None:
    """What a new clean image costs before its first realization."""
    assert benchmark(spline_coefficients, clean()).shape == (256, 256)


@pytest.mark.parametrize("mean", [2.0, 20.0, 200.0])
@pytest.mark.parametrize("counting", ["numpy", "tables"])
def test_counting(benchmark, counting: Counting, mean: float) -> None:
    """Poisson counts of one image by both samplers."""
    image = clean() * mean / 0.1
    rng = np.random.default_rng(1)
    count_electrons(image, rng, counting=counting)  # compiles
    assert benchmark(count_electrons, image, rng, counting=counting).shape == (256, 256)


@pytest.mark.parametrize("counting", ["numpy", "tables"])
def test_full_chain_by_either_sampler(benchmark, counting: Counting) -> None:
    """The full S(T)EM chain at a mean of 20 electrons per pixel."""
    image = clean()

    def once() -> np.ndarray:
        return distort(
            image, generators(), dose=DOSE, sampling=SAMPLING, noise=FULL_SCAN, dtype=np.float32,
            counting=counting,
        )  # fmt: skip

    once()  # compiles
    benchmark.extra_info["realizations"] = COUNT
    assert benchmark(once).shape == (COUNT, 256, 256)
