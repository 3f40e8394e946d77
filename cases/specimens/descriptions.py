"""Specimens from their stored descriptions: the registry of the kinds."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from cases.specimens.sites import PERFECT
from cases.specimens.specimen import Specimen
from stembench.describe import from_dict
from stembench.errors import InputError

#: Files of `cases.specimens.kinds`, each with one kind. A new kind adds its line here.
_KINDS: Final = (
    "bulk_crystal",
    "edge_dislocation",
    "nanoparticle",
    "defect_ladder",
    "particle_adatoms",
    "bulk_112",
    "column_edits",
    "edited_crystal",
)


def specimen_kinds() -> dict[str, type[Specimen]]:
    """Classes of the specimens by the kind that a description names."""
    classes: list[type[Specimen]] = [
        value
        for name in _KINDS
        for value in vars(import_module(f"{__package__}.kinds.{name}")).values()
        if isinstance(value, type) and Specimen in value.__bases__
    ]
    return {specimen.kind: specimen for specimen in classes}


def specimen_from_dict(values: Mapping[str, Any]) -> Specimen:
    """Build a specimen from its description, as read from JSON.

    Raises
    ------
    InputError
        If its kind is not known, or a value is absent or of the wrong type.
    """
    kinds = specimen_kinds()
    kind = values.get("kind")
    if kind not in kinds:
        raise InputError(f"no kind of specimen is named {kind!r}; known are {', '.join(kinds)}")
    return from_dict(kinds[kind], values)


def site_labels() -> dict[str, str]:
    """Names for readers of every kind of site that a specimen may hold, in the order of tables."""
    labels: dict[str, str] = {}
    for specimen in specimen_kinds().values():
        labels |= getattr(specimen, "site_labels", {})
    return {kind: label for kind, label in labels.items() if kind != PERFECT} | {
        PERFECT: "perfect columns"
    }
