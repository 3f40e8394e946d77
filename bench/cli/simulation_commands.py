"""Commands about the simulated ground truth: simulate, convergence."""

from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from bench.cli.exits import CONTINUES, AsJson, Cluster, Dask, Jobs, Scheduler, Verbose, guarded
from stembench.errors import InputError
from stembench.independent_work import StartExecutor

#: What simulates: workers elsewhere must have it in the same version.
ENGINE: Final = "abtem"


@guarded(CONTINUES)
def simulate(
    case: Annotated[list[str] | None, typer.Argument(help="Case. All by default.")] = None,
    configurations: Annotated[
        int | None,
        typer.Option(help="Phonon configurations in all. As in the file that ships by default."),
    ] = None,
    coarse: Annotated[
        int | None,
        typer.Option(help="Configurations of the coarse level alone. As shipped by default."),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Cache folder of finished configurations.")] = Path(
        "out/simulation"
    ),
    output: Annotated[
        Path | None,
        typer.Option(help="File to write, with one case. The file that ships by default."),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu or gpu.")] = "cpu",
    jobs: Annotated[
        int | None,
        typer.Option(help="Worker processes; the number of cores by default, 1 with a GPU."),
    ] = None,
    dask: Dask = False,
    scheduler: Scheduler = "",
    cluster: Cluster = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar.")] = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Simulate the ground truth of cases with abTEM. An interrupted simulation continues.

    Example: `stembench simulate pt_bulk --configurations 12 --output pt_bulk.h5`
    """
    from bench.output.bars import progress_bar
    from bench.output.tables import OutputTable, print_json
    from cases import CASES, Amount, get_case, shipped_amount, simulate as simulate_case

    simulated = [each for each in CASES if each.structure.edits_on_host is None]
    cases = [get_case(name) for name in case or ()] or simulated
    if output is not None and len(cases) > 1:
        raise InputError("--output names one file; name one case with it")
    if device == "gpu" and not (jobs or scheduler or cluster):
        jobs = 1
    executor = _executor(jobs, dask=dask, scheduler=scheduler, cluster=cluster)
    written = []
    for each in cases:
        shipped = shipped_amount(each)
        amount = Amount(
            fine=shipped.fine if configurations is None else configurations,
            coarse=shipped.coarse if coarse is None else coarse,
        )
        with progress_bar(f"Simulating {each.name}", counted=False, shown=not quiet) as bar:
            path = simulate_case(
                each,
                amount,
                folder=folder,
                output=output,
                device=device,
                executor=executor,
                note=_note,
                announce=bar.announce,
                progress=bar.advance,
            )
        written.append((each.name, path))
        if not as_json:
            typer.echo(path)
    if as_json:
        print_json(
            [OutputTable(name="files", title="", rows=tuple(written),
                         columns={"case": "case", "file": "file"})],
            command="simulate",
        )  # fmt: skip


@guarded()
def convergence(
    case: Annotated[list[str], typer.Argument(help="Case; not one that stores changes alone.")],
    configurations: Annotated[
        int, typer.Option(help="Phonon configurations to take the mean of.")
    ] = 1,
    variation: Annotated[
        list[str] | None, typer.Option(help="Only this variation; repeatable.")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Write all into the provenance of the shipped file.")
    ] = False,
    jobs: Jobs = None,
    dask: Dask = False,
    scheduler: Scheduler = "",
    cluster: Cluster = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Compare simulations with ones at finer settings, on a few probes.

    Example: `stembench convergence nanoparticle --configurations 2 --variation window`
    """
    from cases import (
        chosen_variations,
        convergence_of,
        deviation_text,
        get_case,
        record_convergence,
    )

    if record and variation:
        raise InputError("--record writes all variations; leave out --variation")
    executor = _executor(jobs, dask=dask, scheduler=scheduler, cluster=cluster)
    cases = [get_case(name) for name in case]
    all_deviations = []
    varied = chosen_variations(cases, variation or ())
    for each in cases:
        deviations = []
        for deviation in convergence_of(
            each, varied[each.name], configurations=configurations, executor=executor
        ):
            deviations.append(deviation)
            if not as_json:
                typer.echo(deviation_text(deviation))
        all_deviations += deviations
        if record:
            record_convergence(each, deviations)
    if as_json:
        from bench.output.tables import print_json, table_of

        columns = ("case", "image", "variation", "change", "rms", "worst", "mean", "probes",
                   "configurations", "error")  # fmt: skip
        table = table_of("deviations", all_deviations, columns={key: key for key in columns})
        print_json([table], command="convergence")


def _executor(
    jobs: int | None, *, dask: bool, scheduler: str, cluster: Path | None
) -> StartExecutor | None:
    """What starts the workers that the options ask for; None for this process alone."""
    from bench.executor.placement import Placement

    placement = Placement(jobs=jobs, dask=dask, scheduler=scheduler, cluster=cluster)
    if not (placement.several or placement.dask):
        return None
    return partial(placement.executor, announce=_note, engines=(ENGINE,))


def _note(sentence: str) -> None:
    typer.echo(f"stembench: {sentence}", err=True)
