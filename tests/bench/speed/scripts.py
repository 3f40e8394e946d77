"""Scripts of bench/speed, which are no modules of a package."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

SPEED = Path(__file__).parents[3] / "bench" / "speed"


def loaded(name: str) -> ModuleType:
    """Load a script by its name."""
    spec = importlib.util.spec_from_file_location(name, SPEED / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
