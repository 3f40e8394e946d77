"""Compiled kernels of the fit; importing one of its files loads numba."""
