"""What a user says of the beam of an image, and the image in fractions of it."""

from dataclasses import dataclass
from pathlib import Path

from bench.own_images.files.image_file import read_image
from bench.own_images.opened_image import Listener
from bench.own_images.values.beam_fractions import detector_levels, require_measured_fractions
from stembench.arrays import Floats
from stembench.errors import InputError


@dataclass(frozen=True, kw_only=True)
class BeamChoice:
    """What a command says of the beam.

    Attributes
    ----------
    dose : float or None
        e/Å² of an image in beam fractions, for Poisson errors.
    detector_map : Path or None
        Scan of the probe over the detector, which turns grey values into beam fractions.
    library : Path or None
        Table of SCS in Å² by number of atoms; counts are written.
    fraction : bool
        Whether the values are said to be beam fractions.
    """

    dose: float | None = None
    detector_map: Path | None = None
    library: Path | None = None
    fraction: bool = False

    @property
    def fractions(self) -> bool:
        """Whether the image is fitted in fractions of the beam."""
        return self.fraction or self.dose is not None or self.detector_map is not None


def in_fractions(images: Floats, beam: BeamChoice, *, name: str, listener: Listener) -> Floats:
    """Images as the fit takes them, in beam fractions where that is said or made.

    Parameters
    ----------
    images : ndarray, shape (n, h, w)
    beam : BeamChoice
    name : str
        What messages call the image.
    listener : Listener

    Raises
    ------
    InputError
        If the map cannot be used, or values are no fractions.
    """
    if beam.detector_map is not None:
        scan = read_image(beam.detector_map, finite=False)
        if len(scan.images) != 1:
            raise InputError(f"{beam.detector_map} holds {len(scan.images)} images; give one")
        levels = detector_levels(scan.images[0], name=str(beam.detector_map))
        left_out = f", {levels.left_out} pixels left out" if levels.left_out else ""
        listener.note(
            f"vacuum {levels.vacuum:.5g}, detector {levels.detector:.5g} (uneven by"
            f" {levels.unevenness:.1%}{left_out}): values are fractions of the beam now"
        )
        images = levels.fractions(images)
    if beam.fractions:
        require_measured_fractions(images, name=name)
    return images
