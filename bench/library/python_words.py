"""Messages that name options of the command line, told in the arguments of Python."""

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from bench.own_images.opened_image import Listener
from stembench.errors import InputError

#: Options that are called otherwise in Python: those of own images, and those of a run.
OF_IMAGES: Final = {"image": "which", "residual": ".residual"}
OF_RUNS: Final = {"image": "images", "case": "cases", "restorer": "restorers"}
#: Options without a value, as what they mean.
_FLAGS: Final = {
    "dark": "dark=True",
    "bright": "dark=False",
    "sum": "summed=True",
    "fraction": "fraction=True",
    "counts": "counts=True",
}
_OPTION: Final = re.compile(
    r"(?<![\w-])--(?P<name>[a-z][a-z-]*)"
    r"(?: (?P<number>\d[\d.]*(?:e-?\d+)?(?![\w:,]))"
    r"| (?P<text>off|auto|weak|none|constant|plane|poisson|lmfit|joint|vertical|horizontal"
    r"|[\d:]+,[\d:.]+)(?![\w])"
    r"| (?P<placeholder>[A-Z]{2,}))?"
)


def in_python(sentence: str, named: Mapping[str, str] = OF_IMAGES) -> str:
    """Return a sentence with options such as ``--sampling 0.1`` as ``sampling=0.1``.

    Parameters
    ----------
    sentence : str
    named : mapping of str to str
        Arguments by the options that have another name.
    """

    def argument(found: re.Match[str]) -> str:
        option = found["name"]
        if option in _FLAGS:
            return _FLAGS[option] + (found[0].removeprefix(f"--{option}"))
        name = named.get(option, option.replace("-", "_"))
        if found["number"]:
            return f"{name}={found['number']}"
        return f"{name}={found['text']!r}" if found["text"] else name

    return _OPTION.sub(argument, sentence)


@contextmanager
def told_in_python(named: Mapping[str, str] = OF_IMAGES) -> Iterator[None]:
    """Turn the message of an `InputError` of the context into words of Python."""
    try:
        yield
    except InputError as error:
        error.args = (in_python(str(error), named),)
        raise


@dataclass(frozen=True)
class Heard:
    """What was said while an image was worked on.

    Attributes
    ----------
    facts : list of str
        What was done.
    notes : list of str
        What should be known before the numbers are trusted.
    """

    facts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def listener(self) -> Listener:
        """Listener that keeps what it is told."""
        return Listener(
            fact=lambda sentence: self.facts.append(in_python(sentence)),
            note=lambda sentence: self.notes.append(in_python(sentence)),
            progress=lambda _: None,  # bars tell it
        )

    def warn(self) -> None:
        """Warn of each note, at the line that called the function of the library."""
        for note in dict.fromkeys(self.notes):
            warnings.warn(note, stacklevel=3)
