"""Checks of every run for restorers that know more than their images."""
