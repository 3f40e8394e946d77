"""Crystals: random unit cells, their orientation, and the atoms that fill a box."""
