"""Commands of the regression gate: compare, baseline, regression, power."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.exits import (
    CONTINUES,
    AsJson,
    Cluster,
    Dask,
    Jobs,
    ModelMemory,
    ModelTimeout,
    Scheduler,
    Verbose,
    guarded,
)
from stembench.errors import InputError


@guarded()
def compare(
    old: Annotated[
        str | None, typer.Argument(help="Run folder or baseline file of the old version.")
    ] = None,
    new: Annotated[
        str | None, typer.Argument(help="Run folder or baseline file of the new version.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Run folder; OLD and NEW then name two of its restorers.")
    ] = None,
    restorer: Annotated[
        str | None, typer.Option(help="Restorer of both sides. All that both have by default.")
    ] = None,
    old_restorer: Annotated[str | None, typer.Option(help="Restorer of the old side.")] = None,
    new_restorer: Annotated[str | None, typer.Option(help="Restorer of the new side.")] = None,
    margins: Annotated[
        Path | None, typer.Option(help="TOML file of margins: changes within them do not matter.")
    ] = None,
    write_margins: Annotated[
        Path | None, typer.Option(help="Write the default margins to this file, and stop.")
    ] = None,
    strict: Annotated[bool, typer.Option(help="Exit with 3 if anything is undecided.")] = False,
    common: Annotated[
        bool, typer.Option(help="Leave out images and doses that NEW did not run.")
    ] = False,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write a Markdown summary here.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write all verdicts as CSV here.")] = None,
    as_json: AsJson = False,
    page: Annotated[
        Path | None, typer.Option(help="Write a page with both sides' images here (HTML).")
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Compare a new version with an old one on the same noise: better, worse or equivalent.

    Exit code: 0 no regression, 1 regressed, 2 not comparable (or bad input), 3 undecided (only
    with --strict).

    Example: `stembench compare out/old out/new --junit gate.xml --page gate.html`
    """
    from bench.cli.comparison import Outputs, judge_and_print, margins_from, sides
    from reports import default_text, write_text

    if write_margins is not None:
        write_text(default_text(), write_margins)
        typer.echo(f"Margins: {write_margins}")
        return
    if old is None or new is None:
        raise InputError("compare needs OLD and NEW: two run folders, or a baseline and a run")
    code = judge_and_print(
        sides(old, new, run=run, restorers=(old_restorer or restorer, new_restorer or restorer)),
        margins=margins_from(margins),
        strict=strict,
        common=common,
        outputs=Outputs(junit=junit, markdown=markdown, csv=csv, page=page),
        detail=verbose,
        as_json="compare" if as_json else "",
    )
    if code:
        raise typer.Exit(code)


@guarded()
def baseline(
    folder: Annotated[Path, typer.Argument(help="Run folder.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Baseline file (JSON) to write.")],
    restorer: Annotated[
        str | None, typer.Option(help="Restorer to keep. The only one beside raw by default.")
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Save the statistics of a run's restorer as a baseline file for `compare`.

    Example: `stembench baseline out/quick --restorer cgrdn -o baseline.json`
    """
    from bench.cli.regression import pack

    typer.echo(pack(folder, out, restorer=restorer))


@guarded(CONTINUES)
def regression(
    model: Annotated[str, typer.Argument(help="Restorer, model file, or module:callable.")],
    baseline: Annotated[
        Path | None, typer.Option(help="Baseline file. That of the published CGRDN by default.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; named after the model.")] = None,
    margins: Annotated[
        Path | None, typer.Option(help="TOML file of margins: changes within them do not matter.")
    ] = None,
    strict: Annotated[bool, typer.Option(help="Exit with 3 if anything is undecided.")] = False,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write a Markdown summary here.")] = None,
    page: Annotated[
        Path | None, typer.Option(help="Write a page with both sides' images here (HTML).")
    ] = None,
    jobs: Jobs = None,
    dask: Dask = False,
    scheduler: Scheduler = "",
    cluster: Cluster = None,
    model_timeout: ModelTimeout = None,
    model_memory: ModelMemory = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Check a model, run it on the noise of a baseline and compare; exit codes as of `compare`.

    Example: `stembench regression my_model.keras --junit gate.xml`
    """
    from bench.cli.comparison import Outputs, margins_from
    from bench.cli.regression import regress
    from bench.executor.placement import Placement

    code = regress(
        model,
        baseline=baseline,
        out=out,
        margins=margins_from(margins),
        strict=strict,
        outputs=Outputs(junit=junit, markdown=markdown, page=page),
        placement=Placement(jobs=jobs, dask=dask, scheduler=scheduler, cluster=cluster),
        detail=verbose,
        as_json=as_json,
    )
    if code:
        raise typer.Exit(code)


@guarded()
def power(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    old: Annotated[str, typer.Argument(help="Restorer of the run.")],
    new: Annotated[str, typer.Argument(help="Another restorer of the run.")],
    cells: Annotated[int, typer.Option(help="Cells that a pooled row has.")] = 12,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Print how small a change the gate finds between two restorers of a run.

    A cell is one image of a case at one dose. The scatter of the paired errors of each cell comes
    first, then the chance of each verdict against the change and the number of realizations.

    Example: `stembench power out/quick raw cgrdn`
    """
    from bench.cli.comparison import sides
    from reports import power_of, power_text

    ((first, second),) = sides(old, new, run=run, restorers=(None, None))
    power = power_of(first, second, cells=cells)
    if not as_json:
        typer.echo(power_text(power))
        return
    from bench.output.gate_tables import power_tables
    from bench.output.tables import print_json

    tables, facts = power_tables(power)
    print_json(tables, command="power", facts={"run": run, "old": old, "new": new, **facts})
