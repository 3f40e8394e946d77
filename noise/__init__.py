"""The noise model of Lobato, Friedrich and Van Aert (npj Comput. Mater. 10, 2024).

`distort` applies the S(T)EM chain `ScanNoise` or the TEM chain `TemNoise`, `post_process` what
users do to a pair afterwards, and `distort_array` any of the chains to a user's own image.
docs/noise.md explains them.
"""

import lazy_loader

# The names are listed in __init__.pyi, which type checkers read too.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
