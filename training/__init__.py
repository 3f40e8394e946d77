"""Training: specimens, undistorted images and pairs as the paper generates them.

The section 'Data generation' of Lobato, Friedrich and Van Aert (npj Comput. Mater. 10, 2024) is
followed as its text states it; what the text leaves open is marked "ours" where it is declared.
"""

import lazy_loader

# The names are listed in __init__.pyi, which type checkers read too.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
