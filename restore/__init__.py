"""Restoration of STEM images: the published CGRDN, classical filters, and a user's own network."""

from restore.registry import RESTORERS, BuiltIn, load_restorer
from restore.restorer import RestorationError, Restorer, RestorerMetadata
from restore.threads import limit_threads

__all__ = [
    "RESTORERS",
    "BuiltIn",
    "RestorationError",
    "Restorer",
    "RestorerMetadata",
    "limit_threads",
    "load_restorer",
]
