"""Weights and forms of the generator's loss, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from restore import quiet_tensorflow
from stembench.errors import InputError
from training import (
    AUTHORS,
    FIRST_STAGE,
    FORMS,
    PAPER,
    SECOND_STAGE,
    THIRD_STAGE,
    GeneratorLoss,
    LossForm,
    whitened,
)

quiet_tensorflow()

Images = NDArray[np.float32]


def pair(seed: int = 1) -> tuple[Images, Images]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(2, 16, 20, 1)).astype(np.float32)
    return truth, truth + 0.3 * rng.normal(size=truth.shape).astype(np.float32)


def test_weights_are_the_papers() -> None:
    """Lambda 2.0, 1.0, 0.25, 0.10, 1.0, 0.5 and 2e-5, gamma 0.125."""
    assert GeneratorLoss(
        absolute=2.0, square=1.0, whitening=0.25, fourier=0.10, mean=1.0, std=0.5,
        adversarial=2e-5, gamma=0.125, form=PAPER,
    ) == THIRD_STAGE  # fmt: skip
    assert replace(THIRD_STAGE, adversarial=0.0) == SECOND_STAGE
    assert list(FIRST_STAGE.terms(*pair())) == ["absolute"]
    assert FORMS == {"paper": PAPER, "authors": AUTHORS}


def test_the_whole_is_the_weighted_sum_of_its_terms() -> None:
    truth, restored = pair()
    terms = SECOND_STAGE.terms(truth, restored)
    assert list(terms) == ["absolute", "square", "whitening", "fourier", "mean", "std"]
    total = sum(getattr(SECOND_STAGE, name) * float(term) for name, term in terms.items())
    assert float(SECOND_STAGE.pixel_wise(truth, restored)) == pytest.approx(total, rel=1e-6)


def test_the_papers_square_loss_is_weighted_once_and_the_authors_twice() -> None:
    """Images of a tenfold contrast: (6) grows tenfold, in units of the truth it stays."""
    truth, restored = pair()
    for form, factor in ((PAPER, 10.0), (AUTHORS, 1.0)):
        loss = GeneratorLoss(form=form)
        one, ten = (loss.terms(k * truth, k * restored)["square"] for k in (1, 10))
        assert float(ten) == pytest.approx(factor * float(one), rel=1e-5)


def test_whitening_shows_a_faint_edge_as_strongly_as_a_clear_one() -> None:
    """What the paper's Fig. 10 is about: contrast far above the floor is divided out."""
    truth, _ = pair()
    strong = np.asarray(whitened(100 * truth, 8, floor=0.1))
    np.testing.assert_allclose(strong, np.asarray(whitened(1000 * truth, 8, floor=0.1)), rtol=1e-3)
    assert np.asarray(whitened(np.full_like(truth, 7.0), 8, floor=0.1)) == pytest.approx(0.0)
    around = truth[0, 4 - 3 : 4 + 5, 9 - 3 : 9 + 5, 0] * 100
    by_hand = (100 * truth[0, 4, 9, 0] - around.mean()) / around.std()
    assert strong[0, 4, 9, 0] == pytest.approx(by_hand, rel=1e-4)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"square": -1.0}, "weight of the loss 'square' must be >= 0"),
        ({"gamma": 0.0}, "gamma of the loss in Fourier space must be > 0 and <= 1"),
        (dict.fromkeys(("absolute", "square", "whitening", "fourier", "mean", "std"), 0.0), "all"),
    ],
)
def test_impossible_weights_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        GeneratorLoss(**wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"floor": 0.0}, "floor of a standard deviation must be > 0"),
        ({"fourier_floor": -1.0}, "floor of a modulus"),
        ({"windows": (2, 4)}, "one weight for each window"),
        ({"windows": (), "window_weights": ()}, "one weight for each window"),
        ({"windows": (1, 4, 8, 16)}, "window of the whitening transform must be >= 2 px"),
        ({"window_weights": (1.0, 0.0, 1.0, 1.0)}, "weight of a window must be > 0"),
    ],
)
def test_impossible_forms_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        LossForm(**wrong)  # type: ignore[arg-type]
