"""Frozen descriptions to and from plain types, as JSON and TOML hold them; checked by cattrs."""

import functools
import math
import reprlib
import typing
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from stembench.errors import InputError

if TYPE_CHECKING:
    from cattrs import Converter

T = TypeVar("T")

#: Faults of a description that its message tells.
_MOST_TOLD: Final = 3
_BRIEF: Final = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = 80

__all__ = ["as_plain", "from_dict"]


def from_dict(kind: type[T], values: Mapping[str, Any], *, source: str = "") -> T:
    """Build a frozen description from nested plain types, as read from JSON.

    Parameters
    ----------
    kind : type
        A dataclass whose fields are numbers, strings, dataclasses, unions of dataclasses that a
        literal field tells apart, tuples and mappings of these, or None.
    values : mapping
        What `as_plain` of such a description returned. Fields that have a default may be absent;
        dataclasses that are built already are kept.
    source : str
        What is read, for the message of an error; the name of `kind` by default.

    Returns
    -------
    object of type `kind`

    Raises
    ------
    InputError
        If a field is unknown or absent, or a value is of the wrong type or refused by `kind`.
    """
    from cattrs import BaseValidationError, transform_error

    name = source or kind.__name__
    if not isinstance(values, Mapping):
        raise InputError(f"{name} must be a table of parameters, not {values!r}")
    try:
        return _converter().structure(values, kind)
    except BaseValidationError as error:
        places = (line.rpartition(" @ ") for line in transform_error(error, name, _complaint))
        told = [f"{place} {text}" for text, _, place in places]
        more = f"; and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
        raise InputError("; ".join(told[:_MOST_TOLD]) + more) from error
    except RecursionError as error:
        raise InputError(f"{name} is nested too deeply") from error


def as_plain(value: Any) -> Any:
    """Return a description as nested plain types, ready for JSON; the inverse of `from_dict`.

    A part with an ``as_dict`` of its own, which may leave defaults out, is described by that.
    """
    if hasattr(value, "as_dict"):
        return value.as_dict()
    if is_dataclass(value) and not isinstance(value, type):
        return {name: as_plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {name: as_plain(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [as_plain(part) for part in value]
    return value


@functools.cache
def _converter() -> "Converter":
    """Make a converter that never guesses: no number is read from a text, no list from one."""
    from cattrs import Converter
    from cattrs.errors import IterableValidationError, IterableValidationNote
    from cattrs.gen import make_dict_structure_fn

    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    for kind in (float, int, str, bool):
        converter.register_structure_hook(kind, _plain)
    converter.register_structure_hook_func(lambda hint: _origin(hint) is Literal, _one_of_literals)

    def keep_or_build(kind: type) -> Any:
        build: Any = make_dict_structure_fn(
            kind, converter, _cattrs_forbid_extra_keys=True, _cattrs_detailed_validation=True
        )
        return lambda value, hint: value if isinstance(value, kind) else build(value, hint)

    converter.register_structure_hook_factory(is_dataclass, keep_or_build)
    converter.register_structure_hook_func(_is_a_protocol, _built_already)

    def structure_tuple(value: Any, hint: Any) -> Any:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise ValueError(f"must be a list, not {_BRIEF.repr(value)}")
        parts = typing.get_args(hint)
        if parts[-1] is Ellipsis:
            parts = (parts[0],) * len(value)
        if len(parts) != len(value):
            raise ValueError(f"must hold {len(parts)} values, not {len(value)}")
        items, errors = [], []
        for index, (item, part) in enumerate(zip(value, parts, strict=True)):
            try:
                items.append(converter.structure(item, part))
            except Exception as error:  # what it is, is said for all items at once
                error.add_note(IterableValidationNote(f"item {index}", index, part))
                errors.append(error)
        if errors:
            raise IterableValidationError("items of a list", errors, hint)
        return tuple(items)

    converter.register_structure_hook_func(lambda hint: _origin(hint) is tuple, structure_tuple)
    return converter


def _plain(value: Any, kind: type) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is float and number and _is_finite(value):
        return float(value)
    if kind is int and number and (isinstance(value, int) or value.is_integer()):
        return int(value)
    if kind in (str, bool) and isinstance(value, kind):
        return value
    wanted = "a finite number" if kind is float and number else f"of type {kind.__name__}"
    raise ValueError(f"must be {wanted}, not {_BRIEF.repr(value)}")


def _is_finite(value: float) -> bool:
    """Whether a number is one, and not too large for a float."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _origin(hint: Any) -> Any:
    return typing.get_origin(hint)


def _is_a_protocol(hint: Any) -> bool:
    """Whether a type is a protocol, whose members are built before a description is read."""
    return bool(getattr(hint, "_is_protocol", False))


def _built_already(value: Any, hint: Any) -> Any:
    if not is_dataclass(value) or isinstance(value, type):
        raise ValueError(f"must be a {hint.__name__}, not {_BRIEF.repr(value)}")
    return value


def _one_of_literals(value: Any, hint: Any) -> Any:
    if value not in typing.get_args(hint):
        raise ValueError(f"must be one of {typing.get_args(hint)}, not {_BRIEF.repr(value)}")
    return value


def _complaint(error: BaseException, kind: type | None) -> str:
    """Say in words what is wrong with a value; its place is put before this."""
    from cattrs.errors import ForbiddenExtraKeysError

    if isinstance(error, KeyError):
        return "is needed"
    if isinstance(error, ForbiddenExtraKeysError):
        unknown = ", ".join(sorted(map(repr, error.extra_fields)))
        known = ", ".join(name for name in getattr(error.cl, "__dataclass_fields__", {}))
        return f"has no parameter {unknown}; it knows {known}"
    if isinstance(error, AttributeError | TypeError) and not isinstance(error, InputError):
        name = getattr(kind, "__name__", "")
        return f"must be a table of parameters{f' of {name}' if name else ''}"
    return str(error)
