"""Restorers that are not trained."""
