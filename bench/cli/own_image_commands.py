"""The commands that measure on a user's own image: fit and assess."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.exits import (
    UNTRUSTED,
    ModelMemory,
    ModelTimeout,
    Verbose,
    WhichImage,
    guarded,
)
from stembench.errors import InputError


@guarded()
def fit(
    image: Annotated[Path, typer.Argument(help="Image: .npy, .npz, .tif, .dm4, .emd, ...")],
    positions: Annotated[
        Path | None,
        typer.Option(
            help="Start positions, x and y in px: a table, StatSTEM .mat or Atomap .hdf5."
            " Columns are searched for by default."
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="CSV to write.")] = Path("columns.csv"),
    sampling: Annotated[
        float | None, typer.Option(help="Å per pixel, if the file does not state it.")
    ] = None,
    dose: Annotated[
        float | None,
        typer.Option(
            help="Dose in e/Å² of an image in fractions of the beam; errors are then Poisson."
        ),
    ] = None,
    width: Annotated[
        str, typer.Option(help="Width: shared, column, or a number of px.")
    ] = "shared",
    background: Annotated[
        str,
        typer.Option(help="auto (what the data ask for, parabolas too), none, constant or plane."),
    ] = "auto",
    dark: Annotated[
        bool | None,
        typer.Option(
            "--dark/--bright",
            help="Columns are dark (SCS is then that of the missing light), or bright, which is"
            " assumed, and refused where they look dark.",
        ),
    ] = None,
    mask: Annotated[
        Path | None,
        typer.Option(help="Image file that is not zero where a pixel is left out."),
    ] = None,
    border: Annotated[int, typer.Option(help="Pixels to leave out along each edge.")] = 0,
    roi: Annotated[
        str | None, typer.Option(help="Region to fit, as y0:y1,x0:x1 in px, ends not included.")
    ] = None,
    residual: Annotated[
        Path | None, typer.Option(help="Image minus model to write: .tif, .npy or .npz.")
    ] = None,
    estimator: Annotated[
        str, typer.Option(help="ls (least squares), or poisson for raw counts; needs --dose.")
    ] = "ls",
    engine: Annotated[
        str, typer.Option(help="joint, or lmfit: dense and slow, what the field knows.")
    ] = "joint",
    scan: Annotated[
        str,
        typer.Option(
            help="Fit the displacements of scan lines along: auto, off, or their standard deviation"
            " in Å and correlation, as 0.15,0.6."
        ),
    ] = "off",
    lattice_prior: Annotated[
        str,
        typer.Option(
            help="How far columns lie from the mean of their neighbours: off, weak, or 10pm."
        ),
    ] = "off",
    fast_axis: Annotated[
        str, typer.Option(help="Direction of the scan lines: horizontal or vertical.")
    ] = "horizontal",
    scan_figure: Annotated[
        Path | None, typer.Option(help="Picture of lines and straight image: .png, .pdf, .svg.")
    ] = None,
    chosen: WhichImage = None,
    summed: Annotated[
        bool, typer.Option("--sum", help="Align the frames of a stack and fit their sum.")
    ] = False,
    fraction: Annotated[
        bool, typer.Option("--fraction", help="Values are fractions of the incident beam.")
    ] = False,
    detector_map: Annotated[
        Path | None,
        typer.Option(
            help="Scan of the probe over the detector, recorded as the image: values become"
            " fractions of the beam."
        ),
    ] = None,
    library: Annotated[
        Path | None,
        typer.Option(help="Table with count and scs (Å² of beam fractions): atoms are counted."),
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Fit Gaussian columns to an image: position, width, scattering cross-section and errors.

    Example: `stembench fit img.tif --sampling 0.12 --positions start.csv -o columns.csv`

    Columns outside the frame are part of the model as far as their light is seen; NaN, areas of
    one value and spikes are left out. The frames of a stack are fitted one by one, and the table
    has a column `frame`.

    The frames of a stack are fitted one by one, and the table has a column `frame`. With `--scan
    auto` the lines' displacements go to `columns_lines.csv` beside the columns.
    """
    from bench.own_images.fit_file import fit_file
    from bench.own_images.fit_image import ImageFitChoice
    from bench.own_images.pixel_choice import PixelChoice
    from bench.own_images.scanned_image import ScanChoice
    from bench.own_images.values.beam_choice import BeamChoice

    fit_file(
        image,
        positions,
        out=out,
        sampling=sampling,
        choice=ImageFitChoice(
            width=width,
            background=background,
            estimator=estimator,
            engine=engine,
            contrast="unknown" if dark is None else "dark" if dark else "bright",
            beam=BeamChoice(
                dose=dose, detector_map=detector_map, library=library, fraction=fraction
            ),
            scan=ScanChoice(
                scan=scan, lattice_prior=lattice_prior, fast_axis=fast_axis, figure=scan_figure
            ),
            pixels=PixelChoice(mask=mask, border=border, roi=roi),
            summed=summed,
        ),
        residual=residual,
        image=chosen,
    )


@guarded()
def assess(
    image: Annotated[Path, typer.Argument(help="Image: .npy, .npz, .tif, .dm4, .emd, ...")],
    restorer: Annotated[
        str, typer.Option("--restorer", "-r", help="Restorer, model file, or module:callable.")
    ] = "cgrdn",
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Page to write; the table goes beside it as .csv.")
    ] = Path("assessment.html"),
    sampling: Annotated[
        float | None, typer.Option(help="Å per pixel, if the file does not state it.")
    ] = None,
    roi: Annotated[
        str | None,
        typer.Option(
            help="Region, as y0:y1,x0:x1 in px, ends not included; at most 512 x 512 px where"
            " columns are by default."
        ),
    ] = None,
    draws: Annotated[
        int, typer.Option(help="Draws of the noise, each restored without and with changes.")
    ] = 15,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
    gain: Annotated[float | None, typer.Option(help="Grey levels per electron.")] = None,
    offset: Annotated[float | None, typer.Option(help="Grey level of no electrons.")] = None,
    counts: Annotated[
        bool, typer.Option("--counts", help="Values are electrons per pixel.")
    ] = False,
    fast_axis: Annotated[
        str, typer.Option(help="Direction of the scan lines: horizontal or vertical.")
    ] = "horizontal",
    jobs: Annotated[
        int | None, typer.Option(help="Worker processes; the number of cores by default.")
    ] = None,
    fail_below: Annotated[
        float | None,
        typer.Option(help="Exit with 3 if a smaller share of the columns can be trusted."),
    ] = None,
    chosen: WhichImage = None,
    model_timeout: ModelTimeout = None,
    model_memory: ModelMemory = None,
    verbose: Verbose = False,
) -> None:
    """Say how far the restored numbers of an image can be trusted, without a truth.

    Example: `stembench assess img.dm4 --restorer cgrdn -o assessment.html`
    """
    from bench.assessment.assess_file import assess_file
    from bench.assessment.assessment import AssessOptions
    from bench.own_images.values.pixel_values import PixelValues

    if fail_below is not None and not 0 <= fail_below <= 1:
        raise InputError(f"--fail-below is a share between 0 and 1, not {fail_below:g}")
    found = assess_file(
        image,
        out,
        options=AssessOptions(
            restorer=restorer,
            draws=draws,
            seed=seed,
            fast_axis=fast_axis,
            values=PixelValues(gain=gain, offset=offset, counts=counts),
        ),
        sampling=sampling,
        image=chosen,
        roi=roi,
        jobs=jobs,
    )
    if fail_below is not None and found.trust.share < fail_below:
        raise typer.Exit(UNTRUSTED)
