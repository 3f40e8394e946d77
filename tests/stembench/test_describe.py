"""Descriptions from plain types: round trips, unions, and what is refused with which words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from stembench.describe import as_plain, from_dict
from stembench.errors import InputError


@dataclass(frozen=True)
class Sphere:
    radius: float
    kind: Literal["sphere"] = "sphere"

    def __post_init__(self) -> None:
        if self.radius <= 0:
            raise ValueError(f"radius must be positive, not {self.radius}")


@dataclass(frozen=True)
class Slab:
    size: tuple[int, int]
    kind: Literal["slab"] = "slab"


@dataclass(frozen=True)
class Holder:
    shape: Sphere | Slab
    more: tuple[Sphere, ...] = ()
    notes: Mapping[str, Any] | None = None


@pytest.mark.parametrize(
    "holder",
    [
        Holder(Sphere(1.5)),
        Holder(Slab((2, 3)), more=(Sphere(1.0), Sphere(2.0)), notes={"a": [1, {"b": None}]}),
    ],
)
def test_round_trip(holder: Holder) -> None:
    assert from_dict(Holder, as_plain(holder)) == holder


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"shape": {"radius": "1", "kind": "sphere"}}, r"Holder\.shape\.radius must be of type"),
        ({"shape": {"radius": True, "kind": "sphere"}}, r"Holder\.shape\.radius must be of type"),
        ({"shape": {"radius": -1, "kind": "sphere"}}, "radius must be positive"),
        ({"shape": {"size": [1], "kind": "slab"}}, r"Holder\.shape\.size must hold 2 values"),
        ({"shape": {"size": "12", "kind": "slab"}}, r"Holder\.shape\.size must be a list"),
        (
            {"shape": {"size": [1, 2.5], "kind": "slab"}},
            r"Holder\.shape\.size\[1\] must be of type",
        ),
        ({"shape": {"kind": "cone"}}, "shape"),
        ({}, r"Holder\.shape is needed"),
        ({"shape": {"radius": 1, "kind": "sphere"}, "colour": 1}, "no parameter 'colour'"),
        ({"shape": 3}, r"Holder\.shape"),
        ({"shape": {"radius": 1, "kind": "sphere"}, "more": [{"radius": 1}, 7]}, r"more\[1\]"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(values: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_dict(Holder, values)


def test_whole_floats_are_whole_numbers() -> None:
    assert from_dict(Slab, {"size": [1.0, 2]}) == Slab((1, 2))
