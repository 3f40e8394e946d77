"""The `stembench` command line."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from noise.errors import InputError

BAD_INPUT: Final = 2
FAILED: Final = 1
INTERRUPTED: Final = 130

app = typer.Typer(
    name="stembench",
    help="Does a restoration network keep the numbers right? A benchmark for STEM images.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show detail and tracebacks.")]


def _guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Print one sentence for what a user can mend and exit with its code."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except InputError as error:
            if kwargs.get("verbose"):
                raise
            typer.echo(f"stembench: {error}", err=True)
            raise typer.Exit(BAD_INPUT) from error
        except KeyboardInterrupt as error:
            typer.echo(
                "stembench: interrupted; what is finished is kept, and the same command goes on"
                " from there",
                err=True,
            )
            raise typer.Exit(INTERRUPTED) from error

    return guarded


@app.command("list")
@_guarded
def list_everything(verbose: Verbose = False) -> None:
    """List cases, profiles and restorers.

    Example: `stembench list`
    """
    from bench.listing import print_listing

    print_listing(detail=verbose)


@app.command()
@_guarded
def run(
    case: Annotated[
        list[str] | None, typer.Option(help="Case to run; repeatable. All by default.")
    ] = None,
    profile: Annotated[str, typer.Option(help="How much to run: quick or paper.")] = "quick",
    restorer: Annotated[
        list[str] | None,
        typer.Option(help="Restorer, model file, or module:callable; repeatable."),
    ] = None,
    doses: Annotated[str | None, typer.Option(help="Doses in e/Å², separated by commas.")] = None,
    realizations: Annotated[
        int | None, typer.Option(help="Noise realizations per image and dose.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all noise.")] = 2024,
    out: Annotated[Path | None, typer.Option(help="Run folder; out/PROFILE by default.")] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Worker processes; the number of cores by default.")
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Run the benchmark: distort, restore, fit and record. An interrupted run goes on.

    Example: `stembench run --case nanoparticle --restorer raw --restorer my_model.keras
    --doses 500,5000 --realizations 20 --out out/mine`
    """
    from bench.profiles import get_profile, narrow
    from bench.progress import run_with_progress

    chosen = narrow(
        get_profile(profile),
        cases=case or (),
        doses=_doses(doses),
        realizations=realizations,
        restorers=restorer or (),
    )
    folder = out or Path("out") / profile
    outcome = run_with_progress(chosen, folder, seed=seed, jobs=jobs, verbose=verbose)
    if outcome.failures:
        for sentence in outcome.failures[:5]:
            typer.echo(f"stembench: failed: {sentence}", err=True)
        if len(outcome.failures) > 5:
            typer.echo(f"stembench: and {len(outcome.failures) - 5} more failures", err=True)
        raise typer.Exit(FAILED)


@app.command()
@_guarded
def report(
    folder: Annotated[Path, typer.Argument(help="Run folder.")] = Path("out/quick"),
    verbose: Verbose = False,
) -> None:
    """Write the report of a run: tables, figures and one HTML page, from its records alone.

    Example: `stembench report out/quick`
    """
    from reports import write_report

    page = write_report(folder)
    typer.echo(f"Report: {page}")


@app.command()
@_guarded
def compare(
    old: Annotated[Path, typer.Argument(help="Run folder of the old version.")],
    new: Annotated[Path, typer.Argument(help="Run folder of the new version.")],
    restorer: Annotated[str | None, typer.Option(help="Compare this restorer alone.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the whole table here too.")] = None,
    verbose: Verbose = False,
) -> None:
    """Print two runs side by side with 95 % intervals.

    Example: `stembench compare out/old out/new --restorer cgrdn`
    """
    from bench.compare import compare_runs
    from bench.listing import print_comparison
    from noise.atomic_files import replacing
    from reports.metrics import METRICS
    from reports.run_folder import load_run

    before, after = load_run(old), load_run(new)
    if csv is not None:
        whole = compare_runs(before, after, restorer=restorer, metrics=tuple(METRICS))
        with replacing(csv) as temporary:
            whole.to_csv(temporary, index=False)
    print_comparison(compare_runs(before, after, restorer=restorer))


@app.command()
@_guarded
def fit(
    image: Annotated[Path, typer.Argument(help="Image: .npy, .npz, .tif, .dm4, .emd, ...")],
    positions: Annotated[
        Path | None,
        typer.Option(help="CSV with x and y in px: where each column starts. Found if absent."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="CSV to write.")] = Path("columns.csv"),
    sampling: Annotated[
        float | None, typer.Option(help="Å per pixel, if the file does not state it.")
    ] = None,
    dose: Annotated[
        float | None,
        typer.Option(help="e/Å² of an image in beam fractions: errors then assume Poisson."),
    ] = None,
    width: Annotated[
        str, typer.Option(help="Width: shared, column, or a number of px.")
    ] = "shared",
    background: Annotated[str, typer.Option(help="none, constant or plane.")] = "constant",
    verbose: Verbose = False,
) -> None:
    """Fit Gaussian columns to an image of yours: position, width, SCS and their errors.

    Example: `stembench fit img.tif --sampling 0.12 --positions start.csv -o columns.csv`
    """
    from bench.own_images import fit_file

    fit_file(
        image, positions, out=out, sampling=sampling, dose=dose, width=width, background=background
    )


@app.command()
@_guarded
def restore(
    image: Annotated[Path, typer.Argument(help="Image or stack: .npy, .npz, .tif, .dm4, ...")],
    out: Annotated[Path, typer.Option("--out", "-o", help=".tif, .npy or .npz to write.")],
    restorer: Annotated[
        str, typer.Option("--restorer", "-r", help="Restorer, model file, or module:callable.")
    ] = "cgrdn",
    sampling: Annotated[
        float | None, typer.Option(help="Å per pixel, if the file does not state it.")
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Restore an image of yours.

    Example: `stembench restore img.dm4 --restorer cgrdn -o restored.tif`
    """
    from bench.own_images import restore_file

    restore_file(image, out, restorer=restorer, sampling=sampling)


@app.command()
@_guarded
def distort(
    image: Annotated[Path, typer.Argument(help="Clean image or stack in beam fractions.")],
    dose: Annotated[float, typer.Option(help="e/Å².")],
    out: Annotated[Path, typer.Option("--out", "-o", help=".tif, .npy or .npz to write.")],
    preset: Annotated[
        str, typer.Option(help="Noise chain; `stembench list -v` shows them.")
    ] = "study",
    sampling: Annotated[
        float | None, typer.Option(help="Å per pixel, if the file does not state it.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all noise.")] = 0,
    verbose: Verbose = False,
) -> None:
    """Distort a clean image of yours as a microscope would record it, in electrons per pixel.

    Example: `stembench distort simulated.tif --preset study --dose 5000 --sampling 0.2 --seed 1
    -o distorted.tif`
    """
    from bench.own_images import distort_file

    distort_file(image, out, preset=preset, dose=dose, sampling=sampling, seed=seed)


def _doses(text: str | None) -> tuple[float, ...]:
    if text is None:
        return ()
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(
            f"--doses takes numbers separated by commas, such as 500,5000; not {text!r}"
        ) from error


if __name__ == "__main__":
    sys.exit(app())
