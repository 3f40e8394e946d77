"""Loss of the generator, equations (13) and (14): weights, and the forms of its terms."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Final

from stembench.errors import InputError
from stembench.limits import require
from training.losses.adversarial_loss import adversarial_loss
from training.losses.fourier_loss import fourier_loss
from training.losses.image_moments import image_variance, root_above
from training.losses.pixel_losses import (
    absolute_loss,
    contrast_weight,
    mean_loss,
    square_loss,
    std_loss,
)
from training.losses.whitening_loss import WhitenedBy, whitening_loss


@dataclass(frozen=True, kw_only=True)
class LossForm:
    """What a term is exactly; as printed in the paper unless stated otherwise."""

    floor: float = 0.1
    """Smallest standard deviation that is divided by, sigma_min of (5) and (7); images are in units
    of the distorted one's standard deviation. The paper says 'a small value'; 0.1 is the floor
    in the published networks' own normalisation."""
    in_units_of_truth: bool = False
    """Whether both images are divided by max(floor, std of y) before any term, those of mean and
    standard deviation too; the weight (5) is then 1, and (6) is divided by the square."""
    windows: tuple[int, ...] = (2, 4, 8, 16)
    """Of the whitening transform, px."""
    window_weights: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    """Of these windows, divided by their sum."""
    whitened_by: WhitenedBy = "own"
    """Whose local statistics whiten the restored image."""
    fourier_floor: float = 0.0
    """Smallest modulus in Fourier space."""
    half_spectrum: bool = False
    """Whether the frequencies of the real transform are averaged instead of all."""

    def __post_init__(self) -> None:
        require(self.floor, "floor of a standard deviation", low=0, open_low=True)
        require(self.fourier_floor, "floor of a modulus in Fourier space", low=0)
        if len(self.windows) != len(self.window_weights) or not self.windows:
            raise InputError(
                "the whitening transform needs one weight for each window, and at least one window"
            )
        for window, weight in zip(self.windows, self.window_weights, strict=True):
            require(window, "window of the whitening transform", low=2, unit="px")
            require(weight, "weight of a window", low=0, open_low=True)


PAPER: Final = LossForm()
"""The terms as the paper prints them."""
AUTHORS: Final = LossForm(
    in_units_of_truth=True,
    window_weights=(1.0, 1.33, 1.66, 2.0),
    whitened_by="truth",
    fourier_floor=1e-9,
    half_spectrum=True,
)
"""The terms as the authors' public training code has them."""
FORMS: Final = {"paper": PAPER, "authors": AUTHORS}
"""Forms by name."""


@dataclass(frozen=True, kw_only=True)
class GeneratorLoss:
    """Weighted sum of the terms; the paper's weights of its second and third stage."""

    absolute: float = 2.0
    """Lambda_1, of (4)."""
    square: float = 1.0
    """Lambda_2, of (6)."""
    whitening: float = 0.25
    """Lambda_mlwt, of (8)."""
    fourier: float = 0.10
    """Lambda_fs, of (9)."""
    mean: float = 1.0
    """Lambda_mean, of (10)."""
    std: float = 0.5
    """Lambda_std, of (11)."""
    adversarial: float = 0.0
    """Lambda_Adv, of (12); 2e-5 in the third stage."""
    gamma: float = 0.125
    """Power of (9)."""
    form: LossForm = field(default_factory=LossForm)

    def __post_init__(self) -> None:
        weights = [each.name for each in fields(self) if each.name not in ("gamma", "form")]
        for name in weights:
            require(getattr(self, name), f"weight of the loss '{name}'", low=0)
        if not any(getattr(self, name) for name in weights):
            raise InputError("all weights of the loss are 0; give at least one term a weight")
        require(self.gamma, "gamma of the loss in Fourier space", low=0, high=1, open_low=True)

    def terms(self, truth: Any, restored: Any, /) -> dict[str, Any]:
        """Return the terms of (14) that have a weight, without it.

        Parameters
        ----------
        truth, restored : tensor
            (n, h, w, 1), in units of the distorted image's standard deviation.

        Returns
        -------
        dict of str to scalar tensor
            By the names of the weights.
        """
        form = self.form
        weight: Any = 1.0
        if form.in_units_of_truth:
            unit = root_above(image_variance(truth), form.floor)
            truth, restored = truth / unit, restored / unit
        else:
            weight = contrast_weight(truth, floor=form.floor)
        terms: dict[str, Callable[[], Any]] = {
            "absolute": lambda: absolute_loss(truth, restored, weight=weight),
            "square": lambda: square_loss(truth, restored, weight=weight),
            "whitening": lambda: whitening_loss(
                truth,
                restored,
                windows=form.windows,
                weights=form.window_weights,
                floor=form.floor,
                whitened_by=form.whitened_by,
            ),
            "fourier": lambda: fourier_loss(
                truth,
                restored,
                gamma=self.gamma,
                floor=form.fourier_floor,
                half=form.half_spectrum,
            ),
            "mean": lambda: mean_loss(truth, restored),
            "std": lambda: std_loss(truth, restored),
        }
        return {name: term() for name, term in terms.items() if getattr(self, name)}

    def pixel_wise(self, truth: Any, restored: Any, /) -> Any:
        """Return the weighted sum (14), a scalar tensor; 0 if no term has a weight."""
        terms = self.terms(truth, restored)
        return sum((getattr(self, name) * term for name, term in terms.items()), start=0.0)

    def total(self, truth: Any, restored: Any, /, *, of_truth: Any, of_restored: Any) -> Any:
        """Return (13): (14) and the weighted adversarial loss.

        Parameters
        ----------
        truth, restored : tensor
            As of `terms`.
        of_truth, of_restored : tensor
            The discriminator's scores of both, given the distorted image.
        """
        adversarial = adversarial_loss(of_truth, of_restored)
        return self.pixel_wise(truth, restored) + self.adversarial * adversarial


WEIGHTS: Final = tuple(
    each.name for each in fields(GeneratorLoss) if each.name not in ("gamma", "form")
)
"""Names of the terms that have a weight."""
FIRST_STAGE: Final = GeneratorLoss(
    absolute=1.0, square=0.0, whitening=0.0, fourier=0.0, mean=0.0, std=0.0
)
"""The absolute loss alone."""
SECOND_STAGE: Final = GeneratorLoss()
"""All terms pixel by pixel."""
THIRD_STAGE: Final = GeneratorLoss(adversarial=2e-5)
"""These and the adversarial one."""
