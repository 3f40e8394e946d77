"""Declaration of a built-in restorer, and the metadata that restorers without weights share."""

import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from restore.restorer import Family, ImageRestorer, RestorerMetadata
from restore.settings import Setting, defaults, label_with_settings, name_with_settings


@dataclass(frozen=True, kw_only=True)
class BuiltIn:
    """Declaration of one built-in restorer, readable without loading it."""

    name: str
    """Name in records, on the command line and in figures."""
    summary: str
    """What it does, in one line of `stembench list`."""
    load: Callable[..., ImageRestorer]
    """Loads it; takes its settings as keywords, and `engine` where it has engines."""
    read_metadata: Callable[..., RestorerMetadata] | None = None
    """Returns its metadata without loading it, for the same keywords as `load`.

    None where loading costs nothing; the loaded restorer's metadata is then read.
    """
    label: str = ""
    """Its label in figures with default settings, where reading the metadata takes long."""
    family: Family = "network"
    """Its family, where `label` is stated."""
    aliases: tuple[str, ...] = ()
    """Other names on the command line."""
    engines: tuple[str, ...] = ()
    """Libraries that can do the arithmetic, chosen as ``name@engine``; empty for no choice."""
    fastest_engine: Callable[[], str] | None = None
    """Returns the engine that ``name@auto`` stands for on this machine; None for no such name."""
    settings_type: type[Any] | None = None
    """Dataclass whose fields are the settings; None where nothing can be set."""
    extra: str = ""
    """Extra of this package that it needs; empty for none."""
    slow: bool = False
    """Whether one image takes so long that it is run only where it is named."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its name and its aliases."""
        return (self.name, *self.aliases)

    @property
    def settings(self) -> dict[str, Setting]:
        """Its settings by name, with their default values."""
        return defaults(self.settings_type) if self.settings_type else {}

    @property
    def label_and_family(self) -> tuple[str, Family]:
        """Its label and its family, for a list: no weights are read for them.

        Raises
        ------
        stembench.errors.InputError
            When a package is missing that states them.
        """
        if self.label:
            return self.label, self.family
        metadata = self.metadata()
        return metadata.label, metadata.family

    def metadata(self, **choices: Any) -> RestorerMetadata:
        """Return the metadata of the restorer that `load` returns for the same keywords.

        Raises
        ------
        stembench.errors.InputError
            When a choice is impossible, or a package or weights are missing.
        """
        if self.read_metadata is not None:
            return self.read_metadata(**choices)
        return self.load(**choices).metadata


@lru_cache(maxsize=32)
def _version(library: str) -> str:
    # Several restorers share a library, and its whole description is read for one line.
    return importlib.metadata.version(library)


def untrained_metadata(
    name: str,
    settings: Any,
    /,
    *,
    label: str,
    library: str,
    scales_with_counts: bool,
    input_scale: str = "unchanged",
    family: Family = "classical",
    licence: str = "GPL-3.0-or-later",
) -> RestorerMetadata:
    """Return the metadata of a restorer without weights.

    Parameters
    ----------
    name, label : str
        Name in records and in figures, each with default settings.
    settings : dataclass instance
        Its settings.
    library : str
        Installed distribution that does the arithmetic.
    scales_with_counts : bool
        Whether k times the counts restore to k times the image.
    input_scale : str
        How the values are scaled first.
    family : {'raw', 'classical', 'model', 'reference'}
    licence : str
        SPDX name of the licence of the code that does the restoring.
    """
    return RestorerMetadata(
        name=name_with_settings(name, settings),
        label=label_with_settings(label, settings),
        family=family,
        version="1",
        licence=licence,
        training_data="none",
        input_scale=input_scale,
        engine=f"{library} {_version(library)}",
        scales_with_counts=scales_with_counts,
    )
