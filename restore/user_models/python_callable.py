"""A user's Python function as a restorer, named as ``module:callable``.

Naming it is the user's consent to run it. Apart from plug-ins, nothing else here imports foreign
code.
"""

import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.restorer import RestorerMetadata
from restore.user_models.user_network import user_metadata
from stembench.arrays import Floats
from stembench.errors import InputError
from stembench.surroundings.own_source import PACKAGES


@dataclass(frozen=True)
class UserCallable:
    """Restorer by a function, called with one image: ``function(images, sampling=...)``."""

    metadata: RestorerMetadata
    """The function's attribute `metadata`, a dict, where it has one, else its name and module."""
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
        lines = str(error).strip().splitlines() or ["no message"]
        raise InputError(
            f"the module '{module_name}' of restorer '{spec}' cannot be imported "
            f"({type(error).__name__}: {lines[0]}); {_remedy(error)}"
        ) from error
    version = str(getattr(member, "__version__", "unknown"))
    for part in name.split("."):
        member = getattr(member, part, None)
    if not callable(member):
        raise InputError(f"module '{module_name}' has no callable '{name}'")
    declared: Any = getattr(member, "metadata", None)
    if isinstance(declared, Mapping):
        return UserCallable(_declared(declared, spec), member)
    unknown = user_metadata(spec, engine=f"{module_name} {version}", weights_sha256=None)
    return UserCallable(unknown, member)


def _remedy(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and str(error.name).partition(".")[0] in PACKAGES:
        return "stembench's own packages are not there for a model, whose metadata may be a dict"
    return "install it or start in its folder"


def _declared(metadata: Mapping[str, Any], spec: str) -> RestorerMetadata:
    """Return the metadata that a function states, with what is unknown for the rest."""
    unknown = asdict(user_metadata(spec, engine="unknown", weights_sha256=None))
    strange = [str(key) for key in metadata if key not in unknown]
    if strange:
        raise InputError(
            f"the metadata of restorer '{spec}' has no entry '{strange[0]}'; it has "
            f"{', '.join(unknown)}"
        )
    label = {"label": ""} if "name" in metadata else {}
    return RestorerMetadata(**{**unknown, **label, **metadata})
