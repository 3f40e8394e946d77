"""The built-in restorers, listed without loading any, and loading one by what the user wrote."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from noise.errors import InputError
from restore.cgrdn_restorer import ENGINES, load_cgrdn
from restore.classical import GaussianFilter, NonLocalMeans, Raw
from restore.contract import ContractRestorer
from restore.restorer import ImageRestorer, Restorer
from restore.user_callable import load_callable
from restore.user_keras import load_keras_file
from restore.user_onnx import load_onnx_file
from restore.user_saved_model import load_saved_model


@dataclass(frozen=True)
class BuiltIn:
    """One built-in restorer: how it is named, what it does, and how it is loaded."""

    name: str
    """Name in records, on the command line and in figures."""
    summary: str
    """What it does, in one line."""
    load: Callable[[], ImageRestorer]
    """Loads it; imports what it needs."""
    aliases: tuple[str, ...] = ()
    """Other names on the command line."""
    engines: dict[str, Callable[[], ImageRestorer]] | None = None
    """Loaders by engine, chosen as ``name@engine``; None where there is no choice."""


def _cgrdn(network: str, name: str, summary: str, *aliases: str) -> BuiltIn:
    return BuiltIn(
        name,
        summary,
        partial(load_cgrdn, network, name=name),
        aliases,
        {
            engine: partial(load_cgrdn, network, name=f"{name}@{engine}", engine=engine)
            for engine in ENGINES
        },
    )


RESTORERS: tuple[BuiltIn, ...] = (
    BuiltIn("raw", "the distorted image as it is", Raw, ("identity",)),
    BuiltIn("gaussian", "Gaussian filter of 0.3 Å", GaussianFilter),
    BuiltIn("nlm", "non-local means on variance-stabilised counts", NonLocalMeans),
    _cgrdn("hrstem", "cgrdn", "published CGRDN for high-resolution STEM", "cgrdn-hrstem"),
    _cgrdn("lrstem", "cgrdn-lrstem", "published CGRDN for low-resolution STEM"),
    _cgrdn("hrsem", "cgrdn-hrsem", "published CGRDN for high-resolution SEM"),
    _cgrdn("lrsem", "cgrdn-lrsem", "published CGRDN for low-resolution SEM"),
    _cgrdn("hrtem", "cgrdn-hrtem", "published CGRDN for high-resolution TEM"),
    _cgrdn("lrtem", "cgrdn-lrtem", "published CGRDN for low-resolution TEM"),
)
"""The built-in restorers, in the order in which they are listed."""

_CALLABLE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_REFUSED = {
    ".h5": "save it as .keras with Keras 3",
    ".hdf5": "save it as .keras with Keras 3",
    ".pt": "export it to ONNX, since a pickle can run code",
    ".pth": "export it to ONNX, since a pickle can run code",
    ".ckpt": "export it to ONNX, since a pickle can run code",
    ".pkl": "export it to ONNX, since a pickle can run code",
}


def _built_in(spec: str) -> Callable[[], ImageRestorer] | None:
    """Return the loader of a built-in restorer, None if `spec` does not name one."""
    name, at, engine = spec.partition("@")
    for entry in RESTORERS:
        if name not in (entry.name, *entry.aliases):
            continue
        if not at:
            return entry.load
        engines = entry.engines or {}
        if engine not in engines:
            known = f"known are {', '.join(engines)}" if engines else "it has none to choose"
            raise InputError(f"unknown engine '{engine}' of restorer '{name}'; {known}")
        return engines[engine]
    return None


def _user_model(path: Path) -> ImageRestorer | None:
    """Load a user's model file or folder, None if `path` is neither that nor named like one."""
    ending = path.suffix.lower()
    if ending in _REFUSED:
        raise InputError(f"a model file '{ending}' is not read ({path}); {_REFUSED[ending]}")
    if path.is_dir():
        return load_saved_model(path)
    if ending not in (".keras", ".onnx"):
        if path.exists():
            raise InputError(
                f"{path} is not a model that can be read; name a .keras or .onnx file, a "
                "SavedModel folder, or module:callable"
            )
        return None
    if not path.is_file():
        raise InputError(f"the model file {path} does not exist")
    return load_keras_file(path) if ending == ".keras" else load_onnx_file(path)


def load_restorer(spec: str, /) -> Restorer:
    """Load a restorer by name, by file or by function. Load it once and use it for many images.

    Parameters
    ----------
    spec : str
        A built-in name of `RESTORERS` (``raw``, ``gaussian``, ``nlm``, ``cgrdn``, ...), for CGRDN
        also with its engine (``cgrdn@keras``); the path of a ``.keras`` or ``.onnx`` file or of a
        SavedModel folder; or ``module:callable``, called as ``callable(images, sampling=...)``.

    Returns
    -------
    Restorer
        Has `.metadata` and `.restore(images, *, sampling)`; counts in, counts out. A user's model
        is given counts as they are: (1, h, w, 1) or (1, 1, h, w) float32 for a network, (1, h, w)
        float64 for a callable.

    Raises
    ------
    noise.errors.InputError
        When nothing is known by that name, or it cannot be loaded; the message says why.
    """
    load = _built_in(spec)
    if load is not None:
        return ContractRestorer(load())
    model = _user_model(Path(spec)) if spec else None  # Path("") is the current folder
    if model is None and _CALLABLE.fullmatch(spec):
        model = load_callable(spec)
    if model is None:
        known = ", ".join(entry.name for entry in RESTORERS)
        raise InputError(
            f"unknown restorer '{spec}'; known are {known}, or name a .keras or .onnx file, a "
            "SavedModel folder, or module:callable"
        )
    return ContractRestorer(model)
