"""The registry of claims, in the order of their numbers."""

from importlib import import_module
from typing import Final

from reports.claims.claim import Claim

#: Files of `reports.claims.declared`. A new file of claims adds its line here.
_DECLARED: Final = (
    "architecture_claims",
    "training_claims",
    "precision_claims",
    "dislocation_claims",
    "particle_claims",
    "noise_claims",
)


def in_order(claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """Sort claims by number.

    Raises
    ------
    ValueError
        If a number from 1 on is missing or taken twice.
    """
    numbers = sorted(claim.number for claim in claims)
    if numbers != list(range(1, len(numbers) + 1)):
        raise ValueError(f"claims are numbered from 1 on, each once; found {numbers}")
    return tuple(sorted(claims, key=lambda claim: claim.number))


#: Every claim of the paper that is judged, by number.
CLAIMS: Final = in_order(
    tuple(
        claim
        for name in _DECLARED
        for claim in import_module(f"{__package__}.declared.{name}").CLAIMS
    )
)
