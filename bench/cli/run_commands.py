"""Commands before and after a run: what it will take, and whether its fits hold."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.exits import (
    AsJson,
    Cluster,
    Dask,
    Jobs,
    ModelMemory,
    ModelTimeout,
    NetworkEngine,
    Scheduler,
    Verbose,
    guarded,
    read_doses,
)


@guarded()
def plan(
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
    again: Annotated[
        bool, typer.Option("--again", help="Measure this machine's rates anew.")
    ] = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Say what a run will take: images, core hours, wall time, memory, disk. Nothing is run.

    Takes the options of `stembench run`. The rates of this machine are measured, by one or two
    images of each case and restorer, and kept for the next call.

    Example: `stembench plan --profile paper --restorer my_model.keras --jobs 8`
    """
    from bench.executor.placement import Placement
    from bench.output.progress import estimate_with_progress
    from bench.plan.profiles import get_profile, narrow
    from bench.run.estimate.room import check_room, elsewhere, free_disk, size_text
    from bench.run.estimate.run_estimate import check_estimate, estimate_lines, wall_text

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
    placement = Placement(jobs=jobs, dask=dask, scheduler=scheduler, cluster=cluster)
    check_room(chosen, folder, placement=placement)
    found = estimate_with_progress(
        chosen, seed=seed, placement=placement, fit_engine=fit_engine, again=again
    )
    if as_json:
        from bench.output.estimate_tables import estimate_tables
        from bench.output.tables import print_json

        table, facts = estimate_tables(found)
        print_json([table], command="plan", facts={"profile": profile, **facts})
        check_estimate(found, folder)
        return
    kept = f"{found.measured} rates measured now, {found.kept} of earlier calls"
    typer.echo(f"Profile {profile}, rates of this machine ({kept}):\n")
    typer.echo("\n".join(estimate_lines(found)))
    where = "; workers elsewhere are taken to be as fast" if elsewhere(placement) else ""
    typer.echo(f"\nwall time  {wall_text(found)}{where}")
    typer.echo(f"memory     {size_text(found.memory)} at most on this machine")
    typer.echo(
        f"disk       {size_text(found.disk)} in {folder}, {size_text(free_disk(folder))} free"
    )
    check_estimate(found, folder)


@guarded()
def pack(
    folder: Annotated[Path, typer.Argument(help="Run folder, complete.")],
    out: Annotated[Path, typer.Option("--out", "-o", help=".pack to write.")],
    verbose: Verbose = False,
) -> None:
    """Pack a run to what reports are made of: statistics per realization, summaries, examples.

    `stembench report` and `stembench compare` read a pack, or a folder of packs of the parts of
    one run, in place of the run folder. Fits of single columns are not in it.

    Example: `stembench pack out/paper -o results/paper.pack`
    """
    from bench.run.estimate.room import size_text
    from reports import load_run, write_pack

    size = write_pack(load_run(folder), out)
    typer.echo(f"Pack: {out}, {size_text(size)}")


@guarded()
def verify_fit(
    folder: Annotated[Path, typer.Argument(help="Run folder.")] = Path("out/quick"),
    number: Annotated[
        int, typer.Option("--number", "-n", help="Images, spread evenly over the run.")
    ] = 3,
    case: Annotated[
        list[str] | None, typer.Option(help="Case to choose from; repeatable. All by default.")
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Fit some images of a run once more by lmfit, and state the largest differences.

    The images are made again from the run's seed. What is found is written to the run folder and
    shown by the report.

    Example: `stembench verify-fit out/quick -n 3 --case edge_dislocation`
    """
    from bench.run.verification import plan_verification, verify_fits
    from reports import refit_text, verification_sentence

    plan = plan_verification(folder, number=number, cases=case or ())
    typer.echo(f"stembench: {plan.estimate}", err=True)
    found = verify_fits(
        folder, plan, progress=lambda image: typer.echo(f"  {refit_text(image)}", err=True)
    )
    typer.echo(verification_sentence(found).text)
