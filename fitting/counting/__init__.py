"""Atom counts of columns: by a library of cross-sections, by a Gaussian mixture."""
