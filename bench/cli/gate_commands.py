"""The commands of the regression gate: compare, baseline, regression."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.exits import Verbose
from stembench.errors import InputError


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
        Path | None, typer.Option(help="TOML file: which changes do not matter.")
    ] = None,
    write_margins: Annotated[
        Path | None, typer.Option(help="Write the margins that ship to this file, and stop.")
    ] = None,
    strict: Annotated[bool, typer.Option(help="Exit with 3 if anything is undecided.")] = False,
    common: Annotated[
        bool, typer.Option(help="Leave out images and doses that NEW did not run.")
    ] = False,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write a Markdown summary here.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write all verdicts as JSON here.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write all verdicts as CSV here.")] = None,
    verbose: Verbose = False,
) -> None:
    """Judge a new version against an old one on the same noise: better, worse, equivalent?

    Exit code: 0 no regression, 1 regressed, 2 not comparable (or bad input), 3 undecided (with
    --strict alone).

    Example: `stembench compare out/old out/new --junit gate.xml --markdown gate.md`
    """
    from bench.cli.regression import Outputs, judge, margins_from, sides
    from reports import default_text, write_text

    if write_margins is not None:
        write_text(default_text(), write_margins)
        typer.echo(f"Margins: {write_margins}")
        return
    if old is None or new is None:
        raise InputError("compare needs OLD and NEW: two run folders, or a baseline and a run")
    code = judge(
        sides(old, new, run=run, restorers=(old_restorer or restorer, new_restorer or restorer)),
        margins=margins_from(margins),
        strict=strict,
        common=common,
        outputs=Outputs(junit=junit, markdown=markdown, json=json, csv=csv),
        detail=verbose,
    )
    if code:
        raise typer.Exit(code)


def baseline(
    folder: Annotated[Path, typer.Argument(help="Run folder.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Baseline file (JSON) to write.")],
    restorer: Annotated[
        str | None, typer.Option(help="Restorer to keep. The only one beside raw by default.")
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Pack what `compare` needs of a run's restorer into one small file.

    Example: `stembench baseline out/quick --restorer cgrdn -o baseline.json`
    """
    from bench.cli.regression import pack

    typer.echo(pack(folder, out, restorer=restorer))


def regression(
    model: Annotated[str, typer.Argument(help="Restorer, model file, or module:callable.")],
    baseline: Annotated[
        Path | None, typer.Option(help="Baseline file. That of the published CGRDN by default.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; named after the model.")] = None,
    margins: Annotated[
        Path | None, typer.Option(help="TOML file: which changes do not matter.")
    ] = None,
    strict: Annotated[bool, typer.Option(help="Exit with 3 if anything is undecided.")] = False,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write a Markdown summary here.")] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Worker processes; the number of cores by default.")
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Run a model on the noise of a baseline and judge it against that; exit codes as `compare`.

    Example: `stembench regression my_model.keras --junit gate.xml`
    """
    from bench.cli.regression import Outputs, margins_from, regress

    code = regress(
        model,
        baseline=baseline,
        out=out,
        margins=margins_from(margins),
        strict=strict,
        outputs=Outputs(junit=junit, markdown=markdown),
        jobs=jobs,
        detail=verbose,
    )
    if code:
        raise typer.Exit(code)
