"""What an image keeps: contrast under blurs of known width, intensity, vacuum."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from bench.measures.intensity import intensity_places, measure_intensity
from cases import get_case
from cases.truth.ground_truth import load_ground_truth
from noise.arrays import distort
from noise.dose import electrons_per_pixel
from noise.seeds import realization_generator
from reports.metrics.kept.resolution import CONTRAST_FLOOR

BLURS = np.round(np.arange(0.2, 2.01, 0.1), 1)


def noisy(name: str, image: str, *, dose: float) -> np.ndarray:
    """One realization of a case's noise, as a fraction of the beam."""
    case = get_case(name)
    generator = realization_generator(3, name, image=image, dose=dose, realization=0)
    counts = distort(
        load_ground_truth(case).image(image, margin=case.margin),
        [generator],
        dose=dose,
        sampling=case.sampling,
        noise=case.noise,
        margin=case.margin,
    )
    return counts[0] / electrons_per_pixel(dose, case.sampling)


@pytest.mark.parametrize(
    ("name", "image", "dose"),
    [("pt_bulk", "z10", 5e2), ("nanoparticle", "particle", 5e3), ("edge_dislocation", "core", 5e3)],
)
def test_blurs_lose_their_columns_once(name: str, image: str, dose: float) -> None:
    """From 0.2 to 2 Å the floor is crossed once; 0.3 Å is above it, 1.2 Å and flat below."""
    case = get_case(name)
    pixels = noisy(name, image, dose=dose)
    blurred = [gaussian_filter(pixels, blur / case.sampling, mode="mirror") for blur in BLURS]
    flat = np.full(case.shape, pixels.mean())
    kept = measure_intensity(np.stack([*blurred, flat]), case, image=image)["contrast_kept"]
    resolved = kept.to_numpy() >= CONTRAST_FLOOR
    assert np.count_nonzero(np.diff(resolved[:-1].astype(int))) == 1
    assert resolved[0]
    assert resolved[:-1][BLURS == 0.3].all()
    assert not resolved[:-1][BLURS >= 1.2].any()
    assert not resolved[-1]
    assert kept.iloc[-1] == pytest.approx(0.0, abs=1e-9)


def test_a_blurred_crystal_keeps_what_its_harmonics_keep() -> None:
    """Between the two harmonics that make the contrast, each damped as a Gaussian damps it."""
    case = get_case("pt_bulk")
    clean = load_ground_truth(case).image("z10")
    spacing = case.structure.material.lattice_parameter / 2
    blur = 0.5
    measured = measure_intensity(
        gaussian_filter(clean, blur / case.sampling)[np.newaxis], case, image="z10"
    )
    # Halfway along a close row only harmonics odd along it change sign: (1, 0), then (1, 1).
    row, diagonal = (np.exp(-2 * squares * (np.pi * blur / spacing) ** 2) for squares in (1, 2))
    assert diagonal < measured["contrast_kept"].iloc[0] < row


def test_the_noise_free_image_keeps_everything_and_a_shift_of_grey_no_contrast() -> None:
    case = get_case("nanoparticle")
    clean = load_ground_truth(case).image("particle")
    assert intensity_places(case, "particle").vacuum[20:29, 20:29].all()
    hole = clean.copy()
    hole[20:29, 20:29] = -0.2 * clean.max()
    table = measure_intensity(np.stack([clean, 0.9 * clean, clean + 0.1, hole]), case,
                              image="particle")  # fmt: skip
    assert table["contrast_kept"].to_numpy()[:3] == pytest.approx([1.0, 0.9, 1.0])
    assert table["total_intensity"].to_numpy()[:2] == pytest.approx([1.0, 0.9])
    assert table["vacuum_mean"].iloc[2] - table["vacuum_mean"].iloc[0] == pytest.approx(
        0.1 / clean.max()
    )
    assert table["vacuum_low"].iloc[0] > -1e-9
    assert table["vacuum_low"].iloc[3] < -0.15
    assert table["negative_share"].iloc[0] == 0
    assert 0 < table["negative_share"].iloc[3] < 0.01


def test_a_crystal_that_fills_the_frame_has_no_vacuum() -> None:
    case = get_case("pt_bulk")
    clean = load_ground_truth(case).image("z10")
    table = measure_intensity(clean[np.newaxis], case, image="z10")
    assert table[["vacuum_mean", "vacuum_low"]].isna().all(axis=None)
