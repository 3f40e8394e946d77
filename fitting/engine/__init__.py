"""Engines that solve one column fit, loaded on first use: their kernels wait for numba."""

import lazy_loader

# The modules are listed in __init__.pyi, which type checkers read too.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
