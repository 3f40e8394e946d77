"""The built-in restorers, listed without loading any, and loading one by what the user wrote."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from restore.cgrdn.cgrdn_restorer import ENGINES, load_cgrdn
from restore.classical.fourier import BraggFilter, WienerFilter
from restore.classical.non_local_means import NonLocalMeans
from restore.classical.raw_and_gaussian import GaussianFilter, Raw
from restore.classical.stabilised import PatchPCA, TotalVariation, Wavelet, load_block_matching
from restore.contract import ContractRestorer
from restore.networks.noise2void import BlindSpotSettings, load_blind_spot
from restore.plugins import find_factory, find_plugins
from restore.restorer import ImageRestorer, Restorer
from restore.settings import Setting, defaults, read_free_settings, read_settings
from restore.user_models.keras_file import load_keras_file
from restore.user_models.onnx_file import load_onnx_file
from restore.user_models.python_callable import load_callable
from restore.user_models.saved_model import load_saved_model
from stembench.errors import InputError


@dataclass(frozen=True)
class BuiltIn:
    """One built-in restorer: how it is named, what it does, and how it is loaded."""

    name: str
    """Name in records, on the command line and in figures."""
    summary: str
    """What it does, in one line."""
    load: Callable[..., ImageRestorer]
    """Loads it with its settings as keywords; imports what it needs."""
    aliases: tuple[str, ...] = ()
    """Other names on the command line."""
    engines: dict[str, Callable[[], ImageRestorer]] | None = None
    """Loaders by engine, chosen as ``name@engine``; None where there is no choice."""
    settings_type: type[Any] | None = None
    """Dataclass whose fields are the settings; None where nothing can be set."""
    extra: str = ""
    """Extra of this package that it needs; empty for none."""

    @property
    def settings(self) -> dict[str, Setting]:
        """Its settings by name, with their default values."""
        return defaults(self.settings_type) if self.settings_type else {}


def _classical(name: str, summary: str, kind: Any) -> BuiltIn:
    return BuiltIn(name, summary, kind, settings_type=kind)


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
    _classical("gaussian", "Gaussian filter of 0.3 Å", GaussianFilter),
    _classical("wiener", "Wiener filter in Fourier space, noise known", WienerFilter),
    _classical("bragg", "what lies round the Bragg peaks in Fourier space", BraggFilter),
    _classical("nlm", "non-local means on variance-stabilised counts", NonLocalMeans),
    _classical("wavelet", "shrunken wavelets on variance-stabilised counts", Wavelet),
    _classical("tv", "total variation on variance-stabilised counts", TotalVariation),
    _classical("patch-pca", "patch-PCA on variance-stabilised counts", PatchPCA),
    BuiltIn(
        "bm3d",
        "BM3D on variance-stabilised counts (extra bm3d, non-commercial licence)",
        load_block_matching,
        extra="bm3d",
    ),
    BuiltIn(
        "n2v",
        "Noise2Void: a blind-spot network trained on the image itself",
        load_blind_spot,
        settings_type=BlindSpotSettings,
    ),
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


def built_in_names() -> frozenset[str]:
    """Return the names and aliases of the built-in restorers."""
    return frozenset(name for entry in RESTORERS for name in (entry.name, *entry.aliases))


def _built_in(spec: str) -> Callable[[], ImageRestorer] | None:
    """Return the loader of a built-in restorer, None if `spec` does not name one."""
    full, colon, text = spec.partition(":")
    name, at, engine = full.partition("@")
    for entry in RESTORERS:
        if name not in (entry.name, *entry.aliases):
            continue
        # Raises where a package takes the same name: neither may pass for the other.
        find_factory(name, built_in=built_in_names())
        load = entry.load
        if at:
            engines = entry.engines or {}
            if engine not in engines:
                known = f"known are {', '.join(engines)}" if engines else "it has none to choose"
                raise InputError(f"unknown engine '{engine}' of restorer '{name}'; {known}")
            load = engines[engine]
        if not colon:
            return load
        settings = read_settings(text, entry.settings_type or Raw, restorer=name)
        return partial(load, **settings)
    return None


def _plugin(spec: str) -> Callable[[], ImageRestorer] | None:
    """Return the loader of a package's restorer, None if no package registers it."""
    name, colon, text = spec.partition(":")
    if colon and "=" not in text:
        return None  # module:callable
    factory = find_factory(name, built_in=built_in_names())
    if factory is None or not colon:
        return factory
    return partial(factory, **read_free_settings(text, restorer=name))


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
        A built-in name of `RESTORERS` (``raw``, ``gaussian``, ``nlm``, ``cgrdn``, ...) or one that
        an installed package registers, with settings where it has some (``gaussian:sigma=0.4``),
        for CGRDN also with its engine (``cgrdn@keras``); the path of a ``.keras`` or ``.onnx``
        file or of a SavedModel folder; or ``module:callable``, called as
        ``callable(images, sampling=...)``.

    Returns
    -------
    Restorer
        Has `.metadata` and `.restore(images, *, sampling)`; counts in, counts out. A user's model
        is given counts as they are: (1, h, w, 1) or (1, 1, h, w) float32 for a network, (1, h, w)
        float64 for a callable.

    Raises
    ------
    stembench.errors.InputError
        When nothing is known by that name, or it cannot be loaded; the message says why.
    """
    load = _built_in(spec) or _plugin(spec)
    if load is not None:
        return ContractRestorer(load())
    model = _user_model(Path(spec)) if spec else None  # Path("") is the current folder
    if model is None and _CALLABLE.fullmatch(spec):
        model = load_callable(spec)
    if model is None:
        known = ", ".join(
            [*(entry.name for entry in RESTORERS), *(plugin.name for plugin in find_plugins())]
        )
        raise InputError(
            f"unknown restorer '{spec}'; known are {known}, or name a .keras or .onnx file, a "
            "SavedModel folder, or module:callable"
        )
    if model.metadata.name in built_in_names():
        raise InputError(
            f"'{spec}' calls itself '{model.metadata.name}', which is a built-in restorer's name; "
            "give its metadata another"
        )
    return ContractRestorer(model)
