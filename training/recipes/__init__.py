"""Recipes of training: every number of it, in one file each."""
