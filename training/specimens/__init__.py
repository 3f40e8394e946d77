"""Specimens: crystals, amorphous matter and points, cut, disordered and put on a support."""
