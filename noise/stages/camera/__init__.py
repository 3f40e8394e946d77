"""Stages of a TEM camera alone, one file each."""
