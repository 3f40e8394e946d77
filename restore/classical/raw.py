"""Identity restorer: the distorted image unchanged, the baseline of every comparison."""

from dataclasses import dataclass
from typing import Final

from restore.built_in import BuiltIn, untrained_metadata
from restore.restorer import RestorerMetadata
from stembench.arrays import Floats


@dataclass(frozen=True)
class Raw:
    """Identity: the distorted image itself, against which restorers are judged."""

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties of the restorer."""
        return untrained_metadata(
            "raw", self, label="raw", family="raw", library="numpy", scales_with_counts=True
        )

    def restore_image(
        self,
        image: Floats,
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
    ) -> Floats:
        """Return one image (h, w) unchanged."""
        return image


RESTORER: Final = BuiltIn(
    name="raw", summary="the distorted image as it is", load=Raw, aliases=("identity",)
)
