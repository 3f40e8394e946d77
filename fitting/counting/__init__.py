"""Counting the atoms of columns: by a library of cross-sections, by a mixture."""
