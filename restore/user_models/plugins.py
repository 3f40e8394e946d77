"""Restorers of other installed packages, by the entry-point group ``stembench.restorers``.

Listing reads the packages' metadata alone and imports nothing; a plug-in's code runs when the user
names its restorer.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from restore.restorer import ImageRestorer, RestorerMetadata
from stembench.errors import InputError

GROUP = "stembench.restorers"
"""The entry-point group: each entry names a factory that returns an `ImageRestorer`."""


@dataclass(frozen=True)
class PlugIn:
    """One restorer that an installed package registers."""

    name: str
    """Name on the command line."""
    package: str
    """Distribution that registers it, with its version."""
    factory: str
    """Its factory, as ``module:callable``."""
    entry: EntryPoint


def find_plugins() -> tuple[PlugIn, ...]:
    """List the restorers that installed packages register, by name, without importing any."""
    plugins = [
        PlugIn(
            entry.name,
            f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package",
            entry.value,
            entry,
        )
        for entry in entry_points(group=GROUP)
    ]
    return tuple(sorted(plugins, key=lambda plugin: (plugin.name, plugin.package)))


def plugin_problems(
    built_in: Collection[str], /, *, plugins: Sequence[PlugIn] | None = None
) -> dict[str, str]:
    """Return one sentence of explanation for each registered name that cannot be used.

    Parameters
    ----------
    built_in : collection of str
        Names and aliases of the built-in restorers.
    plugins : sequence of PlugIn, optional
        Of `find_plugins`, where they are known.
    """
    problems = {}
    plugins = find_plugins() if plugins is None else plugins
    for plugin in plugins:
        packages = sorted({other.package for other in plugins if other.name == plugin.name})
        twice = sum(other.name == plugin.name for other in plugins) > 1
        if plugin.name in built_in:
            problems[plugin.name] = (
                f"restorer '{plugin.name}' is built in and registered by {' and '.join(packages)} "
                "too; rename it there or uninstall that package"
            )
        elif twice:
            problems[plugin.name] = (
                f"restorer '{plugin.name}' is registered more than once, by "
                f"{' and '.join(packages)}; rename one or uninstall that package"
            )
    return problems


def find_factory(name: str, /, *, built_in: Collection[str]) -> Callable[..., ImageRestorer] | None:
    """Return a function that loads a registered restorer, None if no package registers the name.

    Parameters
    ----------
    name : str
    built_in : collection of str
        Names and aliases of the built-in restorers, which no package may take.

    Raises
    ------
    stembench.errors.InputError
        When the name is taken more than once.
    """
    matching = [plugin for plugin in find_plugins() if plugin.name == name]
    if not matching:
        return None
    problem = plugin_problems(built_in).get(name)
    if problem:
        raise InputError(problem)
    plugin = matching[0]

    def load(**settings: Any) -> ImageRestorer:
        return _load(plugin, settings)

    return load


def _load(plugin: PlugIn, settings: dict[str, Any]) -> ImageRestorer:
    origin = f"restorer '{plugin.name}' of {plugin.package} ({plugin.factory})"
    try:
        restorer = plugin.entry.load()(**settings)
    except InputError:
        raise
    except Exception as error:
        # The code is another's and may fail in any way.
        reason = (str(error).strip().splitlines() or ["no message"])[0]
        raise InputError(f"{origin} cannot be loaded ({type(error).__name__}: {reason})") from error
    metadata = getattr(restorer, "metadata", None)
    if not isinstance(metadata, RestorerMetadata):
        raise InputError(f"{origin} has no attribute 'metadata' of type RestorerMetadata")
    if metadata.name.partition(":")[0] != plugin.name:
        # Records go by this name: another's would be read as that one's.
        raise InputError(
            f"{origin} calls itself '{metadata.name}'; its metadata's name must be "
            f"'{plugin.name}', or '{plugin.name}:' and its settings"
        )
    if not callable(getattr(restorer, "restore_image", None)):
        raise InputError(f"{origin} has no method restore_image(image, *, sampling)")
    loaded: ImageRestorer = restorer
    return loaded
