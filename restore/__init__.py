"""Restoration of STEM images: the published CGRDN, classical filters, and a user's own network."""

from restore.plugins import PlugIn, find_plugins, plugin_problems
from restore.registry import RESTORERS, BuiltIn, built_in_names, load_restorer
from restore.restorer import RestorationError, RestorationWarning, Restorer, RestorerMetadata
from restore.threads import limit_threads

__all__ = [
    "RESTORERS",
    "BuiltIn",
    "PlugIn",
    "RestorationError",
    "RestorationWarning",
    "Restorer",
    "RestorerMetadata",
    "built_in_names",
    "find_plugins",
    "limit_threads",
    "load_restorer",
    "plugin_problems",
]
