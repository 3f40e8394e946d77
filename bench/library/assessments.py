"""How far the restored numbers of an image can be trusted, asked from Python."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from bench.assessment.assess_file import AssessedImage, assess_opened
from bench.assessment.assessment import DRAWS, AssessOptions
from bench.library.calibrated_image import CalibratedImage
from bench.library.given_image import opened_of
from bench.library.notebook_html import beginning, fragment, heading, listing, pictures
from bench.library.python_words import Heard, in_python, told_in_python
from bench.library.unit_names import with_units
from bench.own_images.values.pixel_values import PixelValues
from stembench.arrays import Floats

#: Columns that a notebook shows.
_SHOWN = (
    "x_A", "y_A", "position_error_pm", "scs_error_pct", "light", "supported", "trusted", "against",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class AssessedRestoration:
    """Assessment of the numbers that a restorer leaves in one image.

    Attributes
    ----------
    assessed : AssessedImage
        The assessment itself.
    notes : tuple of str
        What was assumed or left out.
    """

    assessed: AssessedImage = field(repr=False)
    notes: tuple[str, ...]

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row per column, names with units: the table of `stembench assess`.

        x_px, y_px, x_A, y_A of the whole image; scs_A2; bias and scatter of positions (pm) and SCS
        (%) over the draws; scs_shared_pct, scs_limit_pct; position_error_pm and scs_error_pct after
        a change; found (share of the draws); light_change_pct and light; supported; trusted, and
        what speaks against it.
        """
        return with_units(self.assessed.table.rename_axis("column"))

    @property
    def sentences(self) -> tuple[str, ...]:
        """Five sentences on it, the verdict first."""
        return tuple(in_python(sentence) for sentence in self.assessed.sentences)

    @property
    def share(self) -> float:
        """Share of the columns that can be trusted."""
        return self.assessed.found.trust.share

    @property
    def raw(self) -> CalibratedImage:
        """Region that was assessed, as recorded."""
        return self._image(self.assessed.found.image, "as recorded", restored_by="")

    @property
    def restored(self) -> CalibratedImage:
        """The same, restored."""
        restorer = self.assessed.found.restorer
        by = f"{restorer.name}, {restorer.version}"
        title = f"restored by {restorer.label}"
        return self._image(self.assessed.found.restored, title, restored_by=by)

    def _image(self, values: Floats, title: str, *, restored_by: str) -> CalibratedImage:
        return CalibratedImage(
            pixels=values,
            sampling=self.assessed.found.sampling,
            title=title,
            origin=(float(self.assessed.cols.start), float(self.assessed.rows.start)),
            restored_by=restored_by,
        )

    def write_page(self, out: str | Path) -> Path:
        """Write the page (.html) and, beside it, the table (.csv); returns the page's path.

        Raises
        ------
        stembench.errors.InputError
            If one of them cannot be written.
        """
        page = Path(out)
        self.assessed.write_page(page)
        return page

    def __str__(self) -> str:
        return "\n".join([*self.sentences, *(f"note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        found = self.assessed.found
        title = (
            f"{self.assessed.name}, region {self.assessed.region}, restored by"
            f" {found.restorer.label}"
        )
        return fragment(
            heading(title),
            listing(self.sentences),
            listing(self.notes, title="Assumed or left out:"),
            pictures([self.raw, self.restored]),
            beginning(self.table, _SHOWN),
        )


def assess(
    image: Any,
    restorer: str = "cgrdn",
    *,
    sampling: float | None = None,
    roi: str | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    gain: float | None = None,
    offset: float | None = None,
    counts: bool = False,
    fast_axis: str = "horizontal",
    jobs: int | None = None,
    which: str | None = None,
) -> AssessedRestoration:
    """Say how far the restored numbers of an image can be trusted: what `stembench assess` does.

    Processes are started: a script calls this below ``if __name__ == "__main__":``; a notebook
    needs nothing.

    Parameters
    ----------
    image : str, Path, array of shape (h, w), or HyperSpy signal
        As recorded.
    restorer : str
        Restorer, model file, or ``module:callable``.
    sampling : float, optional
        Å/px, if file or signal do not state it; an array needs it.
    roi : str, optional
        Region as ``y0:y1,x0:x1`` in px, ends not included; at most 512 x 512 px where columns are
        by default.
    draws : int
        Draws of the noise, each restored without and with changes.
    seed : int
        Seed of all random numbers.
    gain, offset : float, optional
        Grey levels per electron, and grey level of no electrons.
    counts : bool
        Whether values are electrons per pixel.
    fast_axis : {'horizontal', 'vertical'}
        Direction of the scan lines.
    jobs : int, optional
        Worker processes; the number of cores by default.
    which : str, optional
        Name or number of the image in a file with several.

    Returns
    -------
    AssessedRestoration

    Warns
    -----
    UserWarning
        Of what was assumed or left out.

    Raises
    ------
    stembench.errors.InputError
        If restorer, values or noise of the image cannot be used, or it shows too few columns.
    """
    from restore import metadata_of

    heard = Heard()
    with told_in_python():
        options = AssessOptions(
            restorer=restorer,
            draws=draws,
            seed=seed,
            fast_axis=fast_axis,
            values=PixelValues(gain=gain, offset=offset, counts=counts),
        )
        metadata_of(restorer)  # an unknown one is told before a large image is read
        file, pixel, name = opened_of(
            image, which=which, sampling=sampling, columns=False, listener=heard.listener
        )
        assessed = assess_opened(
            file,
            sampling=pixel,
            options=options,
            roi=roi,
            jobs=jobs,
            name=name,
            listener=heard.listener,
        )
        heard.listener.notes(*assessed.found.notes)
    heard.warn()
    return AssessedRestoration(assessed=assessed, notes=tuple(dict.fromkeys(heard.notes)))
