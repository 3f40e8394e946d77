"""The colours of the command line: one scheme, and whether colours are shown at all.

A colour never stands alone: what is good or bad has its word, and a sign before it.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console


class Tone(StrEnum):
    """What a colour says."""

    GOOD = "good"
    BAD = "bad"
    DOUBTFUL = "doubtful"
    QUIET = "quiet"
    TOLD = "told"


class Wish(StrEnum):
    """Whether colours are wanted: where the output is a terminal, in any case, or never."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


#: Colours by what they say, in the terminal's own sixteen, which its owner has chosen.
SCHEME: Final = {
    Tone.GOOD: "green",
    Tone.BAD: "bold red",
    Tone.DOUBTFUL: "yellow",
    Tone.QUIET: "dim",
    Tone.TOLD: "cyan",
}
#: Signs before a word, and those of terminals that know ASCII alone.
SIGNS: Final = {
    Tone.GOOD: ("✓", "+"),
    Tone.BAD: ("✗", "x"),
    Tone.DOUBTFUL: ("!", "!"),
    Tone.QUIET: ("·", "-"),
    Tone.TOLD: ("·", "-"),
}
#: Variables that Rich and others read: no colours at all, and colours in pipes too.
_NONE, _FORCED = "NO_COLOR", "FORCE_COLOR"


@contextmanager
def wished(wish: Wish) -> Iterator[None]:
    """Hold a wish for colours while the context lasts.

    It is set where Rich, Typer's help and child processes look for it: a wish overrides what these
    variables said before, and 'auto' leaves them.
    """
    before = {name: os.environ.get(name) for name in (_NONE, _FORCED)}
    told = {Wish.ALWAYS: _FORCED, Wish.NEVER: _NONE}.get(wish)
    if told is not None:
        for name in before:
            os.environ.pop(name, None)
        os.environ[told] = "1"
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def console(*, stderr: bool = False) -> "Console":
    """Console in these colours on standard output or error; colours as the surroundings ask for."""
    from rich.console import Console
    from rich.theme import Theme

    return Console(stderr=stderr, theme=Theme({str(tone): SCHEME[tone] for tone in Tone}))


def sign(tone: Tone, encoding: str | None) -> str:
    """Sign of a tone in letters that an encoding has; None is taken for ASCII."""
    fine, plain = SIGNS[tone]
    try:
        fine.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return plain
    return fine


def told(tone: Tone, word: str, *, encoding: str | None = None) -> str:
    """Word with the sign of its tone before it.

    Parameters
    ----------
    tone : Tone
    word : str
    encoding : str or None
        Of the stream that it is written to; that of standard output by default.
    """
    known = encoding or getattr(sys.stdout, "encoding", None)
    return f"{sign(tone, known)} {word}"
