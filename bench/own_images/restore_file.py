"""Restoring and distorting a user's own image file."""

from pathlib import Path
from typing import Final

import typer

from bench.own_images.files.image_file import ImageFile
from bench.own_images.files.writers import IMAGES, require_place, write_image
from bench.own_images.opened_image import opened, say
from bench.own_images.values.beam_fractions import require_fractions
from bench.own_images.values.pixel_values import PixelValues, electron_scale
from stembench.errors import InputError

_UNSAID: Final = PixelValues()
#: Largest intensity of a clean TEM image over that of the beam: fringes of strong phase contrast.
_BRIGHTEST_FRINGE: Final = 5.0


def restore_file(
    path: Path,
    out: Path,
    *,
    restorer: str,
    sampling: float | None,
    image: str | None = None,
    values: PixelValues = _UNSAID,
) -> None:
    """Restore one image file and write the result, in the unit of the values that were read.

    Parameters
    ----------
    path, out : Path
        Image or stack to read and file to write.
    restorer : str
        Restorer spec.
    sampling : float or None
        Å/px; None takes what the file states.
    image : str or None
        Title or number of the image in a file with several.
    values : PixelValues
        What the user says of the values.

    Raises
    ------
    InputError
        If any input cannot be used, or the restorer returns something unusable.
    """
    from bench.output.progress import restore_with_progress
    from restore import RestorationError, load_restorer

    require_place(out, IMAGES, source=path)
    file, pixel = opened(path, image, sampling)
    loaded = load_restorer(restorer)
    scale, note = electron_scale(
        file.images,
        values,
        sampling=pixel,
        scales_with_counts=loaded.metadata.scales_with_counts,
        restorer=loaded.metadata.name,
    )
    say(note, loaded.metadata.pixel_note(pixel))
    try:
        restored = restore_with_progress(loaded, scale.electrons(file.images), sampling=pixel)
    except RestorationError as error:
        raise InputError(str(error)) from error
    by = f"{loaded.metadata.name}, {loaded.metadata.version}"
    write_image(
        out,
        ImageFile(scale.values(restored), stack=file.stack, sampling=pixel, restored_by=by),
    )
    typer.echo(f"{path} at {pixel:g} Å/px restored by {loaded.metadata.name} -> {out}")


def distort_file(
    path: Path,
    out: Path,
    *,
    preset: str,
    dose: float,
    sampling: float | None,
    seed: int,
    image: str | None = None,
) -> None:
    """Distort one clean image file and write the result in electrons per pixel.

    Parameters
    ----------
    path, out : Path
        Image or stack in fractions of the beam to read, and file to write.
    preset : str
        Name in `noise.presets.PRESETS`.
    dose : float
        e/Å².
    sampling : float or None
        Å/px; None takes what the file states.
    seed : int
    image : str or None
        Title or number of the image in a file with several.

    Raises
    ------
    InputError
        If any input cannot be used.
    """
    from noise import distort_array

    require_place(out, IMAGES, source=path)
    file, pixel = opened(path, image, sampling)
    fringes = "tem" in preset.split("-")
    require_fractions(file.images, name=str(path), largest=_BRIGHTEST_FRINGE if fringes else 1.0)
    distorted = distort_array(file.images, preset, dose=dose, sampling=pixel, seed=seed)
    write_image(out, ImageFile(distorted, stack=file.stack, sampling=pixel))
    typer.echo(f"{path} at {pixel:g} Å/px and {dose:g} e/Å² ({preset}, seed {seed}) -> {out}")
