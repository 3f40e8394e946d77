"""Errors under one distortion: none for the truth, those of counting, and more with it."""

import numpy as np
import pytest

from bench.images.faithfulness.judged_scenes import SAMPLING
from bench.paper.networks.trained import lacking_judge
from bench.paper.networks.trained.lacking_judge import DISTORTIONS, DOSE, errors_under
from noise import ScanNoise, distort, electrons_per_pixel
from training import LACKING


class Oracle:
    """Gives the noise-free image of the scene whose turn it is."""

    def __init__(self) -> None:
        self.scenes = [scene for _, scene in lacking_judge._scenes()]

    def restore(self, images: np.ndarray, /, *, sampling: float) -> np.ndarray:
        scene = self.scenes.pop(0)
        whole = scene.image * electrons_per_pixel(DOSE, sampling)
        return np.broadcast_to(whole, images.shape)


@pytest.fixture(autouse=True)
def fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lacking_judge, "REALIZATIONS", 2)


def test_what_may_be_lacking_is_what_is_judged() -> None:
    assert set(DISTORTIONS) == set(LACKING)


def test_the_truth_has_no_error() -> None:
    found = errors_under("pulses", Oracle())  # type: ignore[arg-type]
    assert len(found) == 6
    assert found["position_pm"].max() < 0.5
    assert found["scs_pct"].max() < 1e-6
    assert (found["fitted"] == 1).all()


def counted(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return distort(image, [rng], dose=DOSE, sampling=SAMPLING, noise=ScanNoise())[0]


@pytest.mark.parametrize("lack", ["y-jitter", "pulses"])
def test_noise_that_is_added_costs_more_than_counting(
    monkeypatch: pytest.MonkeyPatch, lack: str
) -> None:
    monkeypatch.setattr(lacking_judge, "DISTORTIONS", {**DISTORTIONS, "counted": counted})
    found, alone = (errors_under(one, None)["scs_pct"].mean() for one in (lack, "counted"))
    assert found > 1.2 * alone


@pytest.mark.parametrize(("lack", "correlated"), [("response", 1), ("interpolation", 1), ("", 0)])
def test_smearing_correlates_the_noise_of_neighbours(lack: str, correlated: int) -> None:
    """Along a line: 0 within four standard errors (n = 96 x 95) for counting alone."""
    apply = DISTORTIONS[lack] if lack else counted
    image = apply(np.full((96, 96), 0.2), np.random.default_rng(3))
    image -= image.mean()
    found = float(np.corrcoef(image[:, 1:].ravel(), image[:, :-1].ravel())[0, 1])
    assert (found > 0.3) == bool(correlated)
    if not correlated:
        assert abs(found) < 4 / np.sqrt(96 * 95)


def test_images_are_a_function_of_their_names() -> None:
    one, other = (errors_under("response", None) for _ in range(2))
    assert one.equals(other)
    values = one["position_pm"].to_numpy()
    assert len(set(values)) == len(values)


def test_an_image_without_columns_has_no_error_and_says_so() -> None:
    class Eraser:
        def restore(self, images: np.ndarray, /, *, sampling: float) -> np.ndarray:
            return np.zeros_like(images) * sampling

    found = errors_under("pulses", Eraser())  # type: ignore[arg-type]
    assert (found["fitted"] == 0).all()
    assert found[["position_pm", "scs_pct"]].isna().all(axis=None)
