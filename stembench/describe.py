"""Frozen descriptions from plain types: the inverse of `dataclasses.asdict`, checked."""

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar

from stembench.errors import InputError

T = TypeVar("T")


def from_dict(kind: type[T], values: Mapping[str, Any]) -> T:
    """Build a frozen description from nested plain types, as read from JSON.

    Parameters
    ----------
    kind : type
        A dataclass whose fields are numbers, strings, dataclasses, tuples of these, or None.
    values : mapping
        What ``as_dict`` of such a description returned. Fields that have a default may be absent;
        dataclasses that are built already are kept.

    Returns
    -------
    object of type `kind`

    Raises
    ------
    InputError
        If a field is unknown or absent, or a value is of the wrong type or refused by `kind`.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"{kind.__name__} must be a table of parameters, not {values!r}")
    known = {field.name: field for field in fields(kind) if field.init}  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise InputError(
            f"{kind.__name__} has no parameter {', '.join(map(repr, unknown))}; it knows"
            f" {', '.join(known)}"
        )
    absent = [
        name
        for name, field in known.items()
        if name not in values and field.default is MISSING and field.default_factory is MISSING
    ]
    if absent:
        raise InputError(f"{kind.__name__} needs {', '.join(absent)}")
    hints = typing.get_type_hints(kind)
    return kind(
        **{
            name: _rebuilt(hints[name], value, name=f"{kind.__name__}.{name}")
            for name, value in values.items()
        }
    )


def _rebuilt(hint: Any, value: Any, *, name: str) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return value
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        options = [option for option in typing.get_args(hint) if option is not type(None)]
        if value is None and len(options) < len(typing.get_args(hint)):
            return None
        return _rebuilt(_option(options, value), value, name=name)
    if origin is typing.Literal:
        if value not in typing.get_args(hint):
            raise InputError(f"{name} must be one of {typing.get_args(hint)}, not {value!r}")
        return value
    if origin is tuple:
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise InputError(f"{name} must be a list, not {value!r}")
        parts = typing.get_args(hint)
        if parts[-1] is Ellipsis:
            parts = (parts[0],) * len(value)
        if len(parts) != len(value):
            raise InputError(f"{name} must hold {len(parts)} values, not {len(value)}")
        return tuple(
            _rebuilt(part, item, name=name) for part, item in zip(parts, value, strict=True)
        )
    if isinstance(hint, type) and is_dataclass(hint):
        return from_dict(hint, value)
    return _plain(hint, value, name=name)


def _option(options: list[Any], value: Any) -> Any:
    """The member of a union that a value describes: dataclasses are told apart by `kind`."""
    if isinstance(value, Mapping):
        for option in options:
            if value.get("kind") == getattr(option, "kind", None):
                return option
    return options[0]


def _plain(hint: type, value: Any, *, name: str) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint is float and number:
        return float(value)
    if hint is int and number and float(value).is_integer():
        return int(value)
    if hint in (str, bool) and isinstance(value, hint):
        return value
    raise InputError(f"{name} must be of type {hint.__name__}, not {value!r}")
