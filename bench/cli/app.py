"""The `stembench` command line."""

from pathlib import Path
from typing import Annotated, Final

import typer

import stembench
from bench.cli.exits import (
    CONTINUES,
    FAILED,
    AsJson,
    Cluster,
    Dask,
    Jobs,
    ModelMemory,
    ModelTimeout,
    NetworkEngine,
    Scheduler,
    Verbose,
    WhichImage,
    guarded,
    read_doses,
)
from bench.cli.gate_commands import baseline, compare, power, regression
from bench.cli.own_image_commands import assess, fit
from bench.cli.paper_commands import figures, networks, noise_figures, noise_ranges, pairs, train
from bench.cli.run_commands import pack, plan, verify_fit
from bench.cli.simulation_commands import convergence, simulate
from bench.cli.terminal import make_printable
from stembench.system import terminate_as_interrupt

#: Groups of commands in `stembench --help`, by use.
LOOK: Final = "Look"
JUDGE: Final = "Judge a restorer"
OWN: Final = "Own images"
TRUTH: Final = "Ground truth and noise"
PAPER: Final = "Figures of the paper"
TRAIN: Final = "Train"
RECORDS: Final = "Records of a run"

app = typer.Typer(
    name="stembench",
    help="A quantitative benchmark of STEM image restoration: positions, intensities, atom counts.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"stembench {stembench.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


@app.command("list", rich_help_panel=LOOK)
@guarded()
def list_everything(as_json: AsJson = False, verbose: Verbose = False) -> None:
    """List cases, profiles and restorers.

    Example: `stembench list`
    """
    from bench.cli.inventory.listing import print_listing

    print_listing(detail=verbose, as_json=as_json)


@app.command(rich_help_panel=LOOK)
@guarded()
def doctor(as_json: AsJson = False, verbose: Verbose = False) -> None:
    """Look whether this machine has what is needed; the exit code is 1 if something is broken.

    Example: `stembench doctor`
    """
    from bench.cli.inventory.doctor import examine_and_print

    if not examine_and_print(as_json=as_json):
        raise typer.Exit(FAILED)


@app.command(rich_help_panel=JUDGE)
@guarded(CONTINUES)
def run(
    case: Annotated[
        list[str] | None, typer.Option(help="Case to run; repeatable. All by default.")
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(help="Image of these cases, or FIRST:LAST; repeatable. All by default."),
    ] = None,
    profile: Annotated[
        str, typer.Option(help="How much to run: glance, quick, paper or axes.")
    ] = "quick",
    restorer: Annotated[
        list[str] | None,
        typer.Option(help="Restorer, model file, or module:callable; repeatable."),
    ] = None,
    doses: Annotated[
        list[str] | None, typer.Option(help="Doses in e/Å², separated by commas; repeatable.")
    ] = None,
    realizations: Annotated[
        int | None, typer.Option(help="Noise realizations per image and dose.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the noise.")] = 2024,
    out: Annotated[Path | None, typer.Option(help="Run folder; out/PROFILE by default.")] = None,
    jobs: Jobs = None,
    dask: Dask = False,
    scheduler: Scheduler = "",
    cluster: Cluster = None,
    fit_engine: Annotated[
        str, typer.Option(help="joint, or lmfit: dense and slow, what the field knows.")
    ] = "joint",
    engine: NetworkEngine = "",
    model_timeout: ModelTimeout = None,
    model_memory: ModelMemory = None,
    verbose: Verbose = False,
) -> None:
    """Run the benchmark: distort, restore, fit and record. An interrupted run continues.

    Example: `stembench run --case nanoparticle --restorer raw --restorer my_model.keras
    --doses 500,5000 --realizations 20 --out out/mine`
    """
    from bench.executor.placement import Placement
    from bench.output.progress import run_with_progress
    from bench.plan.profiles import get_profile, narrow

    chosen = narrow(
        get_profile(profile),
        cases=case or (),
        images=image or (),
        doses=read_doses(doses),
        realizations=realizations,
        restorers=restorer or (),
        engine=engine,
    )
    folder = out or Path("out") / profile
    outcome = run_with_progress(
        chosen,
        folder,
        seed=seed,
        fit_engine=fit_engine,
        verbose=verbose,
        placement=Placement(jobs=jobs, dask=dask, scheduler=scheduler, cluster=cluster),
    )
    if outcome.failures:
        for sentence in outcome.failures[:5]:
            typer.echo(f"stembench: failed: {sentence}", err=True)
        if len(outcome.failures) > 5:
            typer.echo(f"stembench: and {len(outcome.failures) - 5} more failures", err=True)
        raise typer.Exit(FAILED)


@app.command(rich_help_panel=JUDGE)
@guarded()
def report(
    folder: Annotated[
        Path, typer.Argument(help="Run folder, pack, or folder of packs of one run.")
    ] = Path("out/quick"),
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write; FOLDER/report by default.")
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Write the report of a run from its records: tables, figures and one HTML page.

    Example: `stembench report out/quick`
    """
    from bench.executor.environment import available_cores
    from bench.executor.workers import worker_pool
    from reports import OtherProcesses, write_report

    others = OtherProcesses(start=worker_pool, number=available_cores() - 1)
    page = write_report(folder, out=out, others=others)
    typer.echo(f"Report: {page}")


@app.command(rich_help_panel=OWN)
@guarded()
def restore(
    image: Annotated[Path, typer.Argument(help="Image or stack: .npy, .npz, .tif, .dm4, ...")],
    out: Annotated[Path, typer.Option("--out", "-o", help=".tif, .npy or .npz to write.")],
    restorer: Annotated[
        str, typer.Option("--restorer", "-r", help="Restorer, model file, or module:callable.")
    ] = "cgrdn",
    sampling: Annotated[
        float | None, typer.Option(help="Å per pixel, if the file does not state it.")
    ] = None,
    chosen: WhichImage = None,
    gain: Annotated[
        float | None, typer.Option(help="Grey levels per electron, for restorers on electrons.")
    ] = None,
    offset: Annotated[float | None, typer.Option(help="Grey level of no electrons.")] = None,
    counts: Annotated[
        bool, typer.Option("--counts", help="Values are electrons per pixel.")
    ] = False,
    fraction: Annotated[
        bool, typer.Option("--fraction", help="Values are fractions of the beam; needs --dose.")
    ] = False,
    dose: Annotated[float | None, typer.Option(help="Dose in e/Å² of --fraction.")] = None,
    model_timeout: ModelTimeout = None,
    model_memory: ModelMemory = None,
    verbose: Verbose = False,
) -> None:
    """Restore an image or a stack.

    Example: `stembench restore img.dm4 --restorer cgrdn -o restored.tif`
    """
    from bench.own_images.restore_file import restore_file
    from bench.own_images.values.pixel_values import PixelValues

    restore_file(
        image,
        out,
        restorer=restorer,
        sampling=sampling,
        image=chosen,
        values=PixelValues(gain=gain, offset=offset, counts=counts, fraction=fraction, dose=dose),
    )


@app.command(rich_help_panel=JUDGE)
@guarded()
def check(
    restorer: Annotated[str, typer.Argument(help="Restorer, model file, or module:callable.")],
    size: Annotated[
        int | None, typer.Option(min=1, help="Side of the test image in px; 48 x 40 by default.")
    ] = None,
    large: Annotated[
        bool, typer.Option("--large", help="Test 2048 x 2048 px too, which may take minutes.")
    ] = False,
    model_timeout: ModelTimeout = None,
    model_memory: ModelMemory = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Test a restorer against the contract, item by item; the exit code is 1 if one fails.

    Example: `stembench check my_model.keras`
    """
    from bench.cli.check import check_and_print

    if not check_and_print(restorer, size=size, large=large, as_json=as_json):
        raise typer.Exit(FAILED)


@app.command(rich_help_panel=OWN)
@guarded()
def distort(
    image: Annotated[Path, typer.Argument(help="Clean image or stack in fractions of the beam.")],
    dose: Annotated[float, typer.Option(help="Dose in e/Å².")],
    out: Annotated[Path, typer.Option("--out", "-o", help=".tif, .npy or .npz to write.")],
    preset: Annotated[
        str, typer.Option(help="Noise chain; `stembench list -v` lists them.")
    ] = "study",
    sampling: Annotated[
        float | None, typer.Option(help="Å per pixel, if the file does not state it.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the noise.")] = 0,
    chosen: WhichImage = None,
    verbose: Verbose = False,
) -> None:
    """Distort a clean image as a microscope would record it, in electrons per pixel.

    Example: `stembench distort simulated.tif --preset study --dose 5000 --sampling 0.2 --seed 1
    -o distorted.tif`
    """
    from bench.own_images.restore_file import distort_file

    distort_file(image, out, preset=preset, dose=dose, sampling=sampling, seed=seed, image=chosen)


@app.command(rich_help_panel=JUDGE)
@guarded("the sources finished so far are kept")
def images(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = Path("out/images"),
    restorer: Annotated[
        list[str] | None,
        typer.Option(
            "--restorer", "-r", help="Restorer; repeatable. All but slow ones by default."
        ),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(help="hrstem, lrstem, hrsem, lrsem, lrtem, a case, or empty; repeatable."),
    ] = None,
    realizations: Annotated[
        int, typer.Option(help="Noise realizations of each image of a case and empty field.")
    ] = 4,
    seed: Annotated[int, typer.Option(help="Seed of the noise.")] = 2024,
    model_timeout: ModelTimeout = None,
    model_memory: ModelMemory = None,
    verbose: Verbose = False,
) -> None:
    """Measure whole images: PSNR, SSIM, ring correlation, intensity, residual, empty fields.

    Example: `stembench images --restorer my.keras --restorer bm3d --source hrstem -o out/mine`
    """
    from bench.images.measure import default_restorers, measure_images
    from bench.output.bars import progress_bar
    from reports import write_image_report

    with progress_bar("Restoring") as bar:
        failures = measure_images(
            out,
            restorers=restorer or default_restorers(),
            chosen=source or (),
            seed=seed,
            realizations=realizations,
            announce=bar.announce,
            progress=lambda what: bar.advance(description=what),
        )
    typer.echo(f"Report: {write_image_report(out)}", err=True)
    for sentence in failures:
        typer.echo(f"stembench: failed: {sentence}", err=True)
    if failures:
        raise typer.Exit(FAILED)


_PANELS: Final = {
    JUDGE: (plan, compare, baseline, regression, power),
    OWN: (fit, assess),
    TRUTH: (simulate, convergence, noise_figures, noise_ranges),
    PAPER: (figures,),
    TRAIN: (pairs, train, networks),
    RECORDS: (verify_fit, pack),
}
for _panel, _commands in _PANELS.items():
    for _command in _commands:
        app.command(rich_help_panel=_panel)(_command)


def main() -> None:
    """Run the command line."""
    terminate_as_interrupt()
    make_printable()
    app()


if __name__ == "__main__":
    main()
