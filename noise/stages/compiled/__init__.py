"""Compiled inner loops of stages. Import them where they are used: they load numba."""
