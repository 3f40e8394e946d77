"""Turn user errors and interrupts into a one-line message and an exit code."""

import inspect
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bench.output.colours import Wish, wished
from stembench.errors import InputError
from stembench.surroundings.refusals import what_failed

FAILED: Final = 1
BAD_INPUT: Final = 2
#: Fewer columns can be trusted than were asked for.
UNTRUSTED: Final = 3
INTERRUPTED: Final = 130

#: Message after an interrupt of a command that continues where it stopped.
CONTINUES: Final = "what is finished is kept, and the same command continues from there"

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show detail and tracebacks.")]

AsJson = Annotated[
    bool, typer.Option("--json", help="Write the table as JSON; notes go to standard error.")
]

Colour = Annotated[
    Wish,
    typer.Option(
        "--color", help="Colours: auto (on a terminal, unless NO_COLOR is set), always or never."
    ),
]

Jobs = Annotated[int | None, typer.Option(help="Worker processes; the number of cores by default.")]
Scheduler = Annotated[
    str, typer.Option(help="Address of a Dask scheduler whose workers do the work.")
]
Dask = Annotated[
    bool, typer.Option("--dask", help="Run --jobs as a Dask cluster, which has a dashboard.")
]
Cluster = Annotated[
    Path | None, typer.Option(help="TOML file of a cluster to start: SLURM, PBS, GPUs, ...")
]

NetworkEngine = Annotated[
    str,
    typer.Option(
        "--engine",
        help="What the published network runs on: tensorflow, onnx, auto for the faster of the "
        "two here, or bf16: half the time or less, in coarser numbers.",
    ),
]

ModelTimeout = Annotated[
    float | None,
    typer.Option(help="Seconds that a model may take to load, and per image; 600 by default."),
]
ModelMemory = Annotated[
    float | None,
    typer.Option(help="GB that a model may take; three quarters of the machine's by default."),
]

WhichImage = Annotated[
    str | None,
    typer.Option(
        "--image", help="Name or number of the image in a file with several; the first by default."
    ),
]

_Command = Callable[..., None]


def guarded(kept: str = "") -> Callable[[_Command], _Command]:
    """Decorate a command so that its errors end in one sentence and an exit code.

    Every command gets the option ``--color`` by it. Limits on models, ``model_timeout`` and
    ``model_memory``, are set first. An `InputError` exits with 2, after its traceback if the
    command has ``verbose`` set, and so do want of memory, of files, and other refusals of the
    system; an interrupt exits with 130.

    Parameters
    ----------
    kept : str
        What an interrupt leaves behind, for its message; empty for nothing.
    """

    def guard(command: _Command) -> _Command:
        @wraps(command)
        def run(*args: Any, color: Wish = Wish.AUTO, **kwargs: Any) -> None:
            try:
                with wished(color):
                    _limit(kwargs.get("model_timeout"), kwargs.get("model_memory"))
                    command(*args, **kwargs)
            except (InputError, OSError, MemoryError, ImportError) as error:
                sentence = str(error) if isinstance(error, InputError) else what_failed(error)
                if not sentence:
                    raise
                if kwargs.get("verbose"):
                    traceback.print_exc()
                typer.echo(f"stembench: {one_line(sentence)}", err=True)
                raise typer.Exit(BAD_INPUT) from error
            except KeyboardInterrupt as error:
                typer.echo(f"stembench: interrupted{f'; {kept}' if kept else ''}", err=True)
                raise typer.Exit(INTERRUPTED) from error

        _add_colour(run, command)
        return run

    return guard


def _add_colour(run: _Command, command: _Command) -> None:
    """Give a guarded command the option ``--color``, where Typer looks for options."""
    signature = inspect.signature(command)
    colour = inspect.Parameter(
        "color", inspect.Parameter.KEYWORD_ONLY, default=Wish.AUTO, annotation=Colour
    )
    parameters = [*signature.parameters.values(), colour]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {**command.__annotations__, "color": Colour}


def one_line(sentence: str) -> str:
    """Return a sentence on one line, without what steers a terminal, which quotes may hold."""
    words = " ".join(sentence.split())
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in words)


def _limit(timeout: float | None, memory: float | None) -> None:
    if timeout is not None or memory is not None:
        from restore import limit_models

        limit_models(timeout=timeout, memory=memory)


def read_doses(given: list[str] | None) -> tuple[float, ...]:
    """Read what follows --doses: numbers in e/Å², separated by commas.

    Raises
    ------
    InputError
    """
    if not given:
        return ()
    text = ",".join(given)
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(
            f"--doses takes numbers separated by commas, such as 500,5000; not {text!r}"
        ) from error
