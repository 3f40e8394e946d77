"""BM3D on variance-stabilised counts, by the optional package bm3d."""

import importlib.util
from dataclasses import dataclass
from typing import Final

import numpy as np

from restore.built_in import BuiltIn, untrained_metadata
from restore.classical.counts.anscombe import STABILISED, restore_stabilised
from restore.restorer import RestorerMetadata
from stembench.arrays import Floats
from stembench.errors import InputError

_BM3D_LEAST = 16  # shortest side that the package takes, px


@dataclass(frozen=True)
class BlockMatching:
    """BM3D: block matching and collaborative 3D filtering of similar patches.

    K. Dabov, A. Foi, V. Katkovnik and K. Egiazarian (2007), doi:10.1109/TIP.2007.901238, as the
    package bm3d has it (Y. Mäkinen, L. Azzari and A. Foi (2020), doi:10.1109/TIP.2020.3014721).
    That package is free for non-commercial use alone, so that it is an extra and never installed
    unasked.
    """

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties of the restorer."""
        return untrained_metadata(
            "bm3d",
            self,
            label="BM3D",
            library="bm3d",
            input_scale=STABILISED,
            scales_with_counts=False,
            licence="LicenseRef-BM3D-non-commercial",
        )

    def restore_image(
        self,
        image: Floats,
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
    ) -> Floats:
        """Denoise one image (h, w) of counts."""
        import bm3d

        profile = bm3d.BM3DProfile()
        profile.num_threads = 1  # more threads sum in an order that changes from call to call

        def denoise(stable: Floats) -> Floats:
            return np.asarray(bm3d.bm3d(stable, sigma_psd=1.0, profile=profile), dtype=np.float64)

        return restore_stabilised(image, denoise, least_side=_BM3D_LEAST)


def block_matching_metadata() -> RestorerMetadata:
    """Return the metadata without importing bm3d, which takes half a second.

    Raises
    ------
    stembench.errors.InputError
        As `load_block_matching`.
    """
    _require_package()
    return BlockMatching().metadata


def load_block_matching() -> BlockMatching:
    """Return BM3D.

    Raises
    ------
    stembench.errors.InputError
        When the package bm3d is not installed.
    """
    _require_package()
    return BlockMatching()


def _require_package() -> None:
    if importlib.util.find_spec("bm3d") is None:
        raise InputError(
            "the package bm3d is not installed, and is not by default because its licence allows "
            "non-commercial use alone; if yours is, install the extra 'bm3d' (pip install "
            "'.[bm3d]')"
        )


RESTORER: Final = BuiltIn(
    name="bm3d",
    summary="BM3D on variance-stabilised counts (extra bm3d, non-commercial licence)",
    load=load_block_matching,
    read_metadata=block_matching_metadata,
    extra="bm3d",
)
