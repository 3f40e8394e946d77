"""Commands about the noise model: noise-figures, noise-ranges."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.exits import Verbose, guarded


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
