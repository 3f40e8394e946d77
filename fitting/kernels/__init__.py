"""Compiled kernels of the fit."""
