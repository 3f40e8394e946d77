"""A user's Python function as a restorer, named as ``module:callable``.

Naming it is the user's consent to run it. Apart from plug-ins, nothing else here imports foreign
code.
"""

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.restorer import RestorerMetadata
from restore.user_models.user_network import user_metadata
from stembench.arrays import Floats
from stembench.errors import InputError


@dataclass(frozen=True)
class UserCallable:
    """Restorer by a function, called with one image: ``function(images, sampling=...)``."""

    metadata: RestorerMetadata
    """The function's own attribute `metadata` where it has one, else its name and module."""
    function: Callable[..., Any]
    """Takes counts (1, h, w), float64, and ``sampling`` in Å/px; returns the same shape."""

    def restore_image(self, image: Floats, /, *, sampling: float) -> NDArray[np.floating]:
        """Apply the function to one image (h, w); the caller checks the result's shape."""
        output = np.asarray(self.function(image[None], sampling=sampling))
        return output[0] if output.ndim == 3 and len(output) == 1 else output


def load_callable(spec: str, /) -> UserCallable:
    """Import a function by its name.

    Parameters
    ----------
    spec : str
        ``module:callable``, for instance ``mynet.restore:denoise``. Modules in the current folder
        are found first.

    Raises
    ------
    stembench.errors.InputError
        When the module cannot be imported or has no such callable.
    """
    module_name, _, name = spec.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        # A console script's path does not hold the current folder, where a user's module lies.
        sys.path.insert(0, here)
    importlib.invalidate_caches()
    try:
        member: Any = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        # The module is the user's and may fail in any way while it is imported.
        raise InputError(
            f"the module '{module_name}' of restorer '{spec}' cannot be imported "
            f"({type(error).__name__}: {error}); install it or start in its folder"
        ) from error
    version = str(getattr(member, "__version__", "unknown"))
    for part in name.split("."):
        member = getattr(member, part, None)
    if not callable(member):
        raise InputError(f"module '{module_name}' has no callable '{name}'")
    declared: Any = getattr(member, "metadata", None)
    # By name: a module imports the class anew in a process where ours are hidden.
    if "RestorerMetadata" in {kind.__name__ for kind in type(declared).__mro__}:
        return UserCallable(declared, member)
    unknown = user_metadata(spec, engine=f"{module_name} {version}", weights_sha256=None)
    return UserCallable(unknown, member)
