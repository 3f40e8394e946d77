"""How commands end: what a user can mend is one sentence and an exit code."""

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Final

import typer

from stembench.errors import InputError

BAD_INPUT: Final = 2
INTERRUPTED: Final = 130

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show detail and tracebacks.")]


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Print one sentence for what a user can mend and exit with its code."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
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

    return run
