"""Ladders of noise chains that profiles run: the ablation, and the axes of noise."""

from collections.abc import Mapping, Sequence
from typing import Final

from cases import get_case
from noise import SCAN_WITH_LINES, ScanNoise, ablation_ladder, axis_ladder, noise_axes
from reports import ABLATION, AXES, Ladder, Rung
from stembench.exact_numbers import exact

#: One step of each axis: from the studies' own value as far as the axis goes.
ONE_STEP: Final[Mapping[str, tuple[float, ...]]] = {
    "jitter": (0.0, 0.15),
    "detector": (0.26, 3.0),
    "dwell": (1.0, 0.05),
}


def ablation(
    case: str, image: str, *, dose: float, realizations: int, noise: ScanNoise = SCAN_WITH_LINES
) -> Ladder:
    """Ladder from counting alone to a whole chain, one stage after the other.

    Parameters
    ----------
    case : str
    image : str
        Label of the image.
    dose : float
        Dose in e/Å².
    realizations : int
        Noise realizations per rung.
    noise : ScanNoise
        The chain at the top.
    """
    chains = ablation_ladder(noise).items()
    return Ladder(
        kind=ABLATION,
        axis="stages",
        quantity="stages of the noise",
        unit="",
        case=case,
        image=image,
        dose=dose,
        realizations=realizations,
        rungs=tuple(
            Rung(label=label, value=float(place), noise=chain)
            for place, (label, chain) in enumerate(chains)
        ),
    )


def axes(
    case: str,
    image: str,
    *,
    dose: float,
    realizations: int,
    steps: Mapping[str, Sequence[float]] | None = None,
    beside: Sequence[str] = (),
) -> tuple[Ladder, ...]:
    """Ladder of each axis of noise, the other stages being those of the case.

    Parameters
    ----------
    case : str
    image : str
        Label of the image.
    dose : float
        Dose in e/Å².
    realizations : int
        Noise realizations per rung.
    steps : mapping of str to sequence of float, optional
        Values of each axis that are run; by default all that its stage declares.
    beside : sequence of str
        Restorers that are run beside those of the profile.
    """
    return tuple(
        Ladder(
            kind=AXES,
            axis=name,
            quantity=axis.quantity,
            unit=axis.unit,
            case=case,
            image=image,
            dose=dose,
            realizations=realizations,
            rungs=tuple(
                Rung(label=f"{name} {exact(value)} {axis.unit}", value=value, noise=chain)
                for value, chain in axis_ladder(get_case(case).noise, name).items()
                if steps is None or value in steps[name]
            ),
            beside=tuple(beside),
        )
        for name, axis in noise_axes().items()
    )
