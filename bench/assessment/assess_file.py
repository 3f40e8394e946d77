"""Assessing a user's own image or file: region, assessment, page and table."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import typer

from bench.assessment.assess_image import assess_image
from bench.assessment.assessment import Assessment, AssessOptions
from bench.assessment.edits import SCS_PART, SHIFT_PM
from bench.assessment.errors.column_errors import Spread
from bench.assessment.five_sentences import estimate_text, five_sentences, share_text
from bench.executor.placement import Placement
from bench.output.bars import progress_bar
from bench.own_images.busiest_region import LARGEST, busiest_region
from bench.own_images.files.image_file import ImageFile
from bench.own_images.files.writers import TABLES, require_place
from bench.own_images.opened_image import TERMINAL, Listener, opened, say
from bench.own_images.pixel_choice import PixelChoice
from reports import AssessedColumns, AssessmentPage, Table, seconds_text, write_assessment_page
from stembench.atomic_files import replacing
from stembench.errors import InputError

PAGES: Final = (".html",)
_DIGITS: Final = 6


@dataclass(frozen=True, kw_only=True)
class AssessedImage:
    """An assessment and the image that it is of.

    Attributes
    ----------
    found : Assessment
    name : str
        Of the image.
    rows, cols : slice
        The region that was assessed.
    notes : tuple of str
        What was said of image and restorer before; `found` has its own.
    """

    found: Assessment
    name: str
    rows: slice
    cols: slice
    notes: tuple[str, ...] = ()

    @property
    def region(self) -> str:
        """Region as ``y0:y1,x0:x1``."""
        return region_text(self.rows, self.cols)

    @property
    def table(self) -> pd.DataFrame:
        """Table of the assessed columns (`columns_table`), in the pixels of the whole image."""
        return columns_table(self.found, corner=(self.cols.start, self.rows.start))

    @property
    def sentences(self) -> tuple[str, ...]:
        """Five sentences on it, the verdict first."""
        return five_sentences(self.found)

    def write_page(self, out: Path) -> Path:
        """Write the page and, beside it, the table; returns the path of the table.

        Raises
        ------
        InputError
            If one of them cannot be written.
        """
        table = out.with_suffix(".csv")
        require_place(out, PAGES)
        require_place(table, TABLES)
        with replacing(table) as temporary:
            self.table.rename_axis("column").to_csv(temporary, float_format=f"%.{_DIGITS}g")
        write_assessment_page(_page(self, csv=table.name), out)
        return table


def region_text(rows: slice, cols: slice) -> str:
    """Region as ``--roi`` takes it."""
    return f"{rows.start}:{rows.stop},{cols.start}:{cols.stop}"


def assess_opened(
    file: ImageFile,
    *,
    sampling: float,
    options: AssessOptions,
    roi: str | None,
    jobs: int | None,
    name: str,
    listener: Listener,
) -> AssessedImage:
    """Assess one image, with a progress bar.

    Parameters
    ----------
    file : ImageFile
    sampling : float
        Å/px.
    options : AssessOptions
    roi : str or None
        Region as ``y0:y1,x0:x1``; None takes at most 512 x 512 px where columns are.
    jobs : int or None
        Worker processes; the number of cores by default.
    name : str
        What messages call the image.
    listener : Listener

    Raises
    ------
    InputError
        If the image is restored or a stack, or any input cannot be used.
    """
    from restore import metadata_of

    metadata = metadata_of(options.restorer)
    if file.restored_by:
        raise InputError(
            f"{name} says that it was restored ({file.restored_by}); give the image as recorded,"
            " which is restored here"
        )
    if file.stack:
        raise InputError(
            f"{name} is a stack of {len(file.images)} images; an assessment is of one: write one of"
            " them to a file"
        )
    whole = file.images[0]
    rows, cols = PixelChoice(roi=roi).region(whole.shape) if roi else busiest_region(whole)
    if not roi and max(whole.shape) > LARGEST:
        listener.note(
            f"assessed is the region --roi {region_text(rows, cols)} of {whole.shape[0]} x"
            f" {whole.shape[1]} px, where most columns are"
        )
    outside = metadata.pixel_note(sampling)
    listener.notes(outside)
    placement = Placement(jobs=jobs)
    with (
        progress_bar("Restoring") as bar,
        placement.executor(2 * options.draws, announce=listener.progress) as executor,
    ):
        found = assess_image(
            np.ascontiguousarray(whole[rows, cols]),
            sampling=sampling,
            options=options,
            executor=executor,
            say=listener.progress,
            announce=bar.announce,
            advance=bar.advance,
        )
    return AssessedImage(
        found=found, name=Path(name).name, rows=rows, cols=cols, notes=(outside,) if outside else ()
    )


def assess_file(
    path: Path,
    out: Path,
    *,
    options: AssessOptions,
    sampling: float | None,
    image: str | None,
    roi: str | None,
    jobs: int | None,
) -> Assessment:
    """Assess one image file (`assess_opened`), write page and table, and print the five sentences.

    Parameters
    ----------
    path, out : Path
        Image to read, and page to write (.html); the table goes beside it (.csv).
    options : AssessOptions
    sampling : float or None
        Å/px; None takes what the file states.
    image : str or None
        Title or number of the image in a file with several.
    roi, jobs
        As of `assess_opened`.

    Raises
    ------
    InputError
        If any input cannot be used.
    """
    from restore import metadata_of

    require_place(out, PAGES, source=path)
    require_place(out.with_suffix(".csv"), TABLES, source=path)
    metadata_of(options.restorer)  # an unknown one is told before a large image is read
    file, pixel = opened(path, image, sampling)
    assessed = assess_opened(
        file, sampling=pixel, options=options, roi=roi, jobs=jobs, name=str(path), listener=TERMINAL
    )
    table = assessed.write_page(out)
    for sentence in assessed.sentences:
        typer.echo(sentence)
    found = assessed.found
    say(*found.notes)
    typer.echo(f"{path.name}, {assessed.region}: {seconds_text(found.seconds)} -> {out}, {table}")
    return found


def columns_table(found: Assessment, *, corner: tuple[int, int]) -> pd.DataFrame:
    """Table of the assessed columns, one row each.

    Parameters
    ----------
    found : Assessment
    corner : (int, int)
        x and y of the region's first pixel in the image.

    Returns
    -------
    pandas.DataFrame
        x, y [px of the whole image], x_A, y_A [Å], scs [values x Å²]; bias and scatter of places
        [pm] and SCS [%], scs_shared_pct (error that all columns share), scs_limit_pct (what its own
        and the shared error stay below together), position_error [pm] and scs_error [%] after a
        change, found (share of the draws), light_change_pct (restored minus raw light of the place
        that holds the column [% of the image's mean light]), light ('lost' or 'added' beyond the
        noise there, or empty), supported, trusted, against (reasons).
    """
    errors, trust = found.errors, found.trust
    x, y = found.columns.x + corner[0], found.columns.y + corner[1]
    light = found.light
    places = light.places(found.columns.x, found.columns.y)
    judged = [which[places] for which in (light.lost, light.added)]
    return pd.DataFrame(
        {
            "x": x,
            "y": y,
            "x_A": x * found.sampling,
            "y_A": y * found.sampling,
            "scs": found.columns.scs,
            "x_bias_pm": errors.x.bias,
            "y_bias_pm": errors.y.bias,
            "scs_bias_pct": errors.scs.bias,
            "x_scatter_pm": errors.x.scatter,
            "y_scatter_pm": errors.y.scatter,
            "scs_scatter_pct": errors.scs.scatter,
            "scs_shared_pct": found.shared.rms,
            "scs_limit_pct": found.shared.limit,
            "position_error_pm": trust.position_error,
            "scs_error_pct": trust.scs_error,
            "found": errors.found,
            "light_change_pct": 100 * light.change[places],
            "light": np.select(judged, ("lost", "added"), ""),
            "supported": found.supported,
            "trusted": trust.trusted,
            "against": trust.reasons,
        }
    )


def _page(assessed: AssessedImage, *, csv: str) -> AssessmentPage:
    found, region = assessed.found, assessed.region
    options = found.options
    return AssessmentPage(
        title=f"Assessment of {assessed.name}, restored by {found.restorer.label}",
        lead=f"region {region}, {found.sampling:.4g} Å/px, {len(found.columns.x)} columns,"
        f" {options.draws} draws without and with changes, {seconds_text(found.seconds)}",
        sentences=assessed.sentences,
        notes=[note for note in (*assessed.notes, *found.notes) if note],
        raw=found.image,
        restored=found.restored,
        columns=AssessedColumns(
            x=found.columns.x,
            y=found.columns.y,
            position_error=found.trust.position_error,
            scs_error=found.trust.scs_error,
            trusted=found.trust.trusted,
            supported=found.supported,
            removed=found.removed,
            dark=found.light.boxes(found.light.lost),
            bright=found.light.boxes(found.light.added),
            limits=(SHIFT_PM / 2, 100 * SCS_PART / 2),
        ),
        sampling=found.sampling,
        tables=(_errors(found), _responses(found)),
        settings=_settings(found, region=region),
        csv=csv,
    )


def _errors(found: Assessment) -> Table:
    rows = []
    for label, errors in ((found.restorer.label, found.errors), ("raw", found.raw_errors)):
        for quantity, unit, spread in (
            ("x", "pm", errors.x),
            ("y", "pm", errors.y),
            ("SCS", "%", errors.scs),
        ):
            rows.append((label, f"{quantity} ({unit})", *_spread_cells(spread)))
    return Table(
        title="Errors of columns in images drawn anew",
        note="Against the restored image, which is taken as truth. Middle column: half of the"
        " columns are better. Bias: root mean square over columns of what comes again in every"
        " draw. Coverage: share of errors within the 95 % interval that the fit"
        " states from its residual.",
        header=("image", "quantity", "middle column", "worst tenth above", "bias", "coverage"),
        rows=tuple(rows),
        n_labels=2,
    )


def _spread_cells(spread: Spread) -> tuple[str, ...]:
    known = spread.rms[np.isfinite(spread.rms)]
    worst = f"{np.quantile(known, 0.9):.3g}" if len(known) else "n/a"
    return (
        f"{spread.typical_rms:.3g}",
        worst,
        f"{spread.typical_bias:.3g}",
        share_text(spread.coverage),
    )


def _responses(found: Assessment) -> Table:
    rows = []
    for label, done in ((found.restorer.label, found.injected), ("raw", found.raw_injected)):
        filled = "n/a" if np.isnan(done.filled) else f"{done.filled:.0%}"
        rows.append(
            (
                label,
                estimate_text(done.position),
                estimate_text(done.scs),
                estimate_text(done.vacancy),
                filled,
            )
        )
    numbers = found.injected.numbers
    return Table(
        title="What is left of a change of one column",
        note="Found over put in, 1 is faithful and 0 erased, with 95 % intervals over draws;"
        f" {numbers['shift']} displaced columns, {numbers['scs']} of another SCS,"
        f" {numbers['vacancy']} vacancies, in pairs of draws of the same noise.",
        header=(
            "image",
            f"{SHIFT_PM:g} pm",
            f"{100 * SCS_PART:g} % of the SCS",
            "vacancy",
            "vacancies filled by half",
        ),
        rows=tuple(rows),
        n_labels=1,
    )


def _settings(found: Assessment, *, region: str) -> list[tuple[str, str]]:
    noise, options = found.noise, found.options
    lines = "not fitted"
    if noise.scan is not None:
        lines = (
            f"σ {noise.scan.x.sigma:.3g} Å along and {noise.scan.y.sigma:.3g} Å across, φ"
            f" {noise.scan.x.phi:.2f} and {noise.scan.y.phi:.2f}"
        )
    return [
        ("region", region),
        ("pixel size (Å)", f"{found.sampling:.5g}"),
        ("restorer", f"{found.restorer.name}, {found.restorer.version}, {found.restorer.engine}"),
        ("draws", str(options.draws)),
        ("seed", str(options.seed)),
        ("fast axis", options.fast_axis),
        ("grey levels per electron", estimate_text(noise.gain)),
        ("grey level of no electron", estimate_text(noise.offset)),
        ("correlation of noise, lags 1 to 3 along and across", _list(noise.correlation)),
        ("scan lines", lines),
        ("response along the scan", _list(noise.trailing) or "none"),
        ("SCS of all columns against the raw image (%)", estimate_text(found.shared.against_raw)),
    ]


def _list(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.3f}" for value in values[:6])
