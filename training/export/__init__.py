"""Trained networks as files that restorers are loaded from."""
