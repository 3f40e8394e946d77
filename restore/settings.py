"""Settings of a restorer, written as ``name:key=value,key=value``.

The settings of a restorer are the fields of one frozen dataclass, each with a default whose type
decides how its text is read. Values that differ from their defaults become part of the restorer's
name, so that two settings never share a name in the records.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from stembench.errors import InputError

Setting = bool | int | float | str


def defaults(kind: type[Any], /) -> dict[str, Setting]:
    """Return the settings of a dataclass by name, with their default values."""
    values: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(kind)}
    return values


def _converted(text: str, like: Setting, *, where: str) -> Setting:
    """Return a text as a value of the type of `like`."""
    if isinstance(like, bool):
        if text in ("yes", "no"):
            return text == "yes"
        raise InputError(f"{where} is yes or no, not '{text}'")
    if isinstance(like, str):
        return text
    try:
        value = int(text) if isinstance(like, int) else float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        what = "a whole number" if isinstance(like, int) else "a number"
        raise InputError(f"{where} is {what}, not '{text}'")
    return value


def read_settings(
    text: str, known: Mapping[str, Setting], /, *, restorer: str
) -> dict[str, Setting]:
    """Read declared settings: the part of a spec that follows the colon.

    Parameters
    ----------
    text : str
        ``key=value,key=value``.
    known : mapping of str to bool, int, float or str
        Default of each declared setting.
    restorer : str
        Name for messages.

    Returns
    -------
    dict
        The settings in `text` alone, of the types of their defaults.

    Raises
    ------
    stembench.errors.InputError
        When a setting is unknown, named twice, or not of its type.
    """
    read: dict[str, Setting] = {}
    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if key not in known or not equals:
            declared = ", ".join(f"{name}={default}" for name, default in known.items())
            raise InputError(
                f"restorer '{restorer}' has no setting '{part.strip()}'; "
                + (f"it has {declared}" if declared else "it has none")
            )
        if key in read:
            raise InputError(f"setting '{key}' of restorer '{restorer}' is given twice")
        read[key] = _converted(value, known[key], where=f"setting '{key}' of '{restorer}'")
    return read


def read_free_settings(text: str, /, *, restorer: str) -> dict[str, Setting]:
    """Read undeclared settings: yes and no as bool, numbers as such, all else as text.

    Parameters
    ----------
    text : str
        ``key=value,key=value``.
    restorer : str
        Name for messages.

    Raises
    ------
    stembench.errors.InputError
        When a part is no ``key=value`` or a key is given twice.
    """
    read: dict[str, Setting] = {}
    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not key.isidentifier():
            raise InputError(f"setting '{part.strip()}' of '{restorer}' is not key=value")
        if key in read:
            raise InputError(f"setting '{key}' of restorer '{restorer}' is given twice")
        read[key] = _guessed(value)
    return read


def _guessed(text: str) -> Setting:
    if text in ("yes", "no"):
        return text == "yes"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def name_with_settings(name: str, settings: Any, /) -> str:
    """Return a restorer's name in records: ``name:key=value`` where settings are not the defaults.

    Parameters
    ----------
    name : str
        Name of the restorer with its default settings.
    settings : dataclass instance
        Its settings.
    """
    changed = _changed(settings)
    return f"{name}:{','.join(changed)}" if changed else name


def label_with_settings(label: str, settings: Any, /) -> str:
    """Return a restorer's label: ``label (key=value)`` where settings are not the defaults.

    Parameters
    ----------
    label : str
        Label of the restorer with its default settings.
    settings : dataclass instance
        Its settings.
    """
    changed = _changed(settings)
    return f"{label} ({', '.join(changed)})" if changed else label


def _changed(settings: Any) -> list[str]:
    """Return the settings that differ from their defaults, as ``key=value``."""
    return [
        f"{key}={_written(getattr(settings, key))}"
        for key, default in defaults(type(settings)).items()
        if getattr(settings, key) != default
    ]


def _written(value: Setting) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def require_positive(restorer: str, /, **settings: float) -> None:
    """Check that settings are positive numbers.

    Raises
    ------
    stembench.errors.InputError
        Naming the first one that is not.
    """
    for key, value in settings.items():
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"setting '{key}' of '{restorer}' must be positive, not {value}")
