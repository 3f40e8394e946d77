"""What `import stembench` offers: runs, reports, assessments and fits from Python."""

import lazy_loader

# The names are listed in __init__.pyi, which type checkers read too.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
