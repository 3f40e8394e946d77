"""Commands about the paper: its figures, noise model, training pairs, networks and training."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.exits import (
    CONTINUES,
    FAILED,
    AsJson,
    Jobs,
    ModelMemory,
    ModelTimeout,
    Verbose,
    guarded,
)


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
    jobs: Jobs = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Draw counterparts of the paper's figures and tables, with the claims they stand for.

    Several are drawn at a time, by as many processes. What a figure lacks is said in the index; the
    exit code is 1 if one was asked for by number.

    Example: `stembench figures 2 3 --run out/quick -o out/figures/paper`
    """
    from bench.executor.placement import Placement
    from bench.paper.drawing import draw_figures

    placement = Placement(jobs=jobs)
    entries = draw_figures(
        out,
        numbers=number or (),
        run=run,
        rivals=restorer or (),
        wheels=wheels,
        note=lambda line: typer.echo(line, err=True),
        start=partial(placement.executor, announce=_note) if placement.several else None,
    )
    if as_json:
        from bench.output.tables import print_json, table_of

        columns = ("number", "state", "sentence", "files")
        table = table_of("figures", entries, columns={key: key for key in columns})
        print_json([table], command="figures", facts={"index": str(out / "figures.md")})
    else:
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
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Draw the noise model: each distortion alone, whitening, and random chains against data.

    Example: `stembench noise-figures jitter scan -o out/figures/noise`
    """
    from reports import write_noise_figures

    paths = write_noise_figures(out, name or ())
    if as_json:
        from bench.output.tables import print_json, table_of

        table = table_of("figures", paths, columns={"figure": "stem", "file": "name"})
        print_json([table], command="noise-figures", facts={"folder": str(out)})
        return
    for path in paths:
        typer.echo(path)


@guarded()
def noise_ranges(as_json: AsJson = False, verbose: Verbose = False) -> None:
    """Print the ranges and probabilities that random noise chains are drawn from, as Markdown.

    Example: `stembench noise-ranges`
    """
    from noise import drawn_declarations, range_table

    if not as_json:
        typer.echo(range_table())
        return
    from bench.output.tables import print_json, table_of

    ranges, chances = drawn_declarations()
    told = ("parameter", "images", "low", "high", "unit", "drawn", "reason")
    tables = (
        table_of("ranges", ranges, columns={key: key for key in told}),
        table_of(
            "probabilities",
            chances,
            columns={key: key for key in ("step", "images", "probability", "reason")},
        ),
    )
    print_json(tables, command="noise-ranges")


@guarded("the files finished so far are kept, and the same call continues")
def pairs(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")],
    modality: Annotated[
        str, typer.Option(help="hrstem, lrstem, hrtem, lrtem, hrsem or lrsem.")
    ] = "hrstem",
    count: Annotated[int, typer.Option(help="Number of pairs.")] = 1024,
    first: Annotated[int, typer.Option(help="Index of the first pair.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of all pairs.")] = 0,
    size: Annotated[int, typer.Option(help="Side of the images in px.")] = 256,
    per_file: Annotated[int, typer.Option(help="Pairs of a file.")] = 64,
    figure: Annotated[
        bool, typer.Option("--figure", help="Draw the first 32 pairs to pairs.png too.")
    ] = False,
    jobs: Jobs = None,
    verbose: Verbose = False,
) -> None:
    """Write training pairs of distorted and undistorted images to .npz files.

    Example: `stembench pairs --modality hrstem --count 10000 --jobs 2 -o out/pairs`
    """
    from bench.executor.placement import Placement
    from bench.output.bars import progress_bar
    from training import (
        PairSequence,
        Shards,
        exclusion_of_tuning,
        write_pair_figure,
        write_pairs,
    )

    sequence = PairSequence(
        modality, count, seed=seed, first=first, shape=(size, size), exclude=exclusion_of_tuning()
    )
    shards = Shards(out, sequence, size=per_file)
    placement = Placement(jobs=jobs)
    executor = partial(placement.executor, announce=_note) if placement.several else None
    with progress_bar("Making pairs") as bar:
        write_pairs(shards, start=executor, announce=bar.announce, progress=bar.advance)
    typer.echo(out)
    if figure:
        typer.echo(write_pair_figure(sequence, out / "pairs.png"))


@guarded(CONTINUES)
def train(
    recipe: Annotated[
        str, typer.Argument(help="TOML file, or hrstem, lrstem, hrtem, lrtem, hrsem, lrsem.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")],
    pairs: Annotated[
        Path | None,
        typer.Option(help="Folder of `stembench pairs`. Pairs are made meanwhile by default."),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="Steps in all after which to stop. The recipe's by default."),
    ] = None,
    measures: Annotated[
        bool,
        typer.Option(help="Judge each validation by responses, vacancies and bounds too."),
    ] = True,
    tensorboard: Annotated[bool, typer.Option(help="Write events for TensorBoard too.")] = True,
    jobs: Jobs = None,
    verbose: Verbose = False,
) -> None:
    """Train a network by a recipe, and export it as .keras and .onnx. A stopped training continues.

    Example: `stembench train recipe.toml --pairs out/pairs -o out/trained`
    """
    from bench.executor.placement import Placement
    from bench.images.faithfulness.judged_network import Faithfulness
    from bench.output.bars import progress_bar
    from bench.run.run_lock import one_at_a_time
    from training import (
        MadePairs,
        Told,
        WrittenPairs,
        make_reproducible,
        read_recipe,
        train as train_network,
        write_network,
    )

    chosen = read_recipe(recipe)
    placement = Placement(jobs=jobs)
    executor = partial(placement.executor, announce=_note) if placement.several else None
    sequence = chosen.pairs.sequence
    source = (
        MadePairs(sequence, executor) if pairs is None else WrittenPairs.opened(pairs, sequence)
    )
    make_reproducible()
    with one_at_a_time(out), progress_bar(f"Training {chosen.name}") as bar:
        model = train_network(
            chosen,
            out,
            source=source,
            steps=steps,
            validate=Faithfulness() if measures else None,
            board=tensorboard,
            told=Told(announce=bar.announce, progress=bar.advance, note=bar.note),
        )
        written = write_network(model, chosen, out)
    typer.echo(f"{out}: {', '.join(path.name for path in written)}")


@guarded("the networks drawn so far are kept")
def networks(
    name: Annotated[
        list[str] | None,
        typer.Argument(help="cgrdn, grdn, mr-unet or discriminator. All by default."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = Path(
        "out/figures/networks"
    ),
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Draw the networks of training from their own graphs, with a table of their layers.

    Example: `stembench networks discriminator -o out/figures/networks`
    """
    from bench.paper.networks.network_files import draw_networks

    finished = []
    for drawn in draw_networks(out, name or ()):
        finished.append(drawn)
        if not as_json:
            typer.echo(f"{drawn.name}: {drawn.layers} layers, {drawn.parameters} parameters")
            for path in drawn.paths:
                typer.echo(path)
    if as_json:
        from bench.output.tables import print_json, table_of

        columns = {"network": "name", "layers": "layers", "parameters": "parameters",
                   "files": "paths"}  # fmt: skip
        print_json([table_of("networks", finished, columns=columns)], command="networks")


def _note(sentence: str) -> None:
    typer.echo(f"stembench: {sentence}", err=True)
