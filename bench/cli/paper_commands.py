"""Commands about the paper and its noise model: figures, noise-figures, noise-ranges."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.exits import FAILED, ModelMemory, ModelTimeout, Verbose, guarded


@guarded("the figures drawn so far are kept")
def figures(
    number: Annotated[
        list[str] | None,
        typer.Argument(help="1 to 13, table-1, s2, or the name of a table. All by default."),
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Run folder or packs, of Figs. 2 to 4 and of the verdicts.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = Path(
        "out/figures/paper"
    ),
    restorer: Annotated[
        list[str] | None,
        typer.Option("--restorer", "-r", help="Further restorer of Fig. 7; repeatable."),
    ] = None,
    wheels: Annotated[
        Path, typer.Option(help="Folder of wheels that hold experimental images.")
    ] = Path("out/wheels"),
    model_timeout: ModelTimeout = None,
    model_memory: ModelMemory = None,
    verbose: Verbose = False,
) -> None:
    """Draw counterparts of the paper's figures and tables, with the claims they stand for.

    What a figure lacks is said in the index; the exit code is 1 if one was asked for by number.

    Example: `stembench figures 2 3 --run out/quick -o out/figures/paper`
    """
    from bench.paper.drawing import draw_figures

    entries = draw_figures(
        out,
        numbers=number or (),
        run=run,
        rivals=restorer or (),
        wheels=wheels,
        note=lambda line: typer.echo(line, err=True),
    )
    for entry in entries:
        told = f": {entry.sentence}" if entry.sentence else ""
        typer.echo(f"{entry.number} {entry.state}{told}")
    typer.echo(f"Index: {out / 'figures.md'}")
    if number and any(entry.state != "drawn" for entry in entries):
        raise typer.Exit(FAILED)


@guarded()
def noise_figures(
    name: Annotated[
        list[str] | None,
        typer.Argument(help="whitening, tem, jitter, scan or pairs. All by default."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = Path(
        "out/figures/noise"
    ),
    verbose: Verbose = False,
) -> None:
    """Draw the noise model: each distortion alone, whitening, and random chains against data.

    Example: `stembench noise-figures jitter scan -o out/figures/noise`
    """
    from reports import write_noise_figures

    for path in write_noise_figures(out, name or ()):
        typer.echo(path)


@guarded()
def noise_ranges(verbose: Verbose = False) -> None:
    """Print the ranges and probabilities that random noise chains are drawn from, as Markdown.

    Example: `stembench noise-ranges`
    """
    from noise import range_table

    typer.echo(range_table())
