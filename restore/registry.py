"""All built-in restorers, listed without loading any, and any restorer by its spec."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from restore.built_in import BuiltIn
from restore.classical import references
from restore.contract import ContractRestorer
from restore.isolation.isolated_restorer import isolated, isolated_metadata
from restore.isolation.process import Source
from restore.networks.runtimes import keras_backend
from restore.restorer import ImageRestorer, Restorer, RestorerMetadata
from restore.settings import read_free_settings, read_settings
from restore.user_models.network_settings import split_model_spec
from restore.user_models.plugins import find_factory, find_plugins
from stembench.errors import InputError

#: Files of this package that declare a restorer as `RESTORER`, or several as `RESTORERS`, in the
#: order in which they are listed. A new restorer adds its line here.
_DECLARED: Final = (
    "classical.raw",
    "classical.gaussian",
    "classical.wiener",
    "classical.bragg",
    "classical.non_local_means",
    "classical.wavelet",
    "classical.total_variation",
    "classical.patch_pca",
    "classical.block_matching",
    "classical.references",
    "model_based.unwarp",
    "networks.noise2void",
    "cgrdn.cgrdn_restorer",
    "cgrdn.faithful_restorer",
    "cgrdn.small.small_restorer",
)


def _declared(file: str) -> tuple[BuiltIn, ...]:
    module = import_module(f"{__package__}.{file}")
    several: tuple[BuiltIn, ...] | None = getattr(module, "RESTORERS", None)
    return several if several is not None else (module.RESTORER,)


def unique_names(restorers: tuple[BuiltIn, ...], /) -> tuple[BuiltIn, ...]:
    """Return the restorers unchanged.

    Raises
    ------
    ValueError
        If two of them share a name or an alias.
    """
    names = [name for entry in restorers for name in entry.names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"restorer names must be unique, found twice: {', '.join(twice)}")
    return restorers


RESTORERS: Final[tuple[BuiltIn, ...]] = unique_names(
    tuple(entry for file in _DECLARED for entry in _declared(file))
)
"""The built-in restorers, in the order in which they are listed."""

_REFERENCES = frozenset(entry.name for entry in references.RESTORERS)
#: Stands for the fastest engine of float32 on this machine; never recorded.
_AUTO: Final = "auto"
_LONGEST_NAME: Final = 120
_CALLABLE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_REFUSED = {
    ".h5": "save it as .keras with Keras 3",
    ".hdf5": "save it as .keras with Keras 3",
    ".pt": "export it to ONNX, since a pickle can run code",
    ".pth": "export it to ONNX, since a pickle can run code",
    ".ckpt": "export it to ONNX, since a pickle can run code",
    ".pkl": "export it to ONNX, since a pickle can run code",
}


@dataclass(frozen=True)
class _Source:
    """Where a restorer comes from: how to load it and how to read its metadata."""

    load: Callable[[], ImageRestorer]
    read_metadata: Callable[[], RestorerMetadata]


def built_in_names() -> frozenset[str]:
    """Return the names and aliases of the built-in restorers."""
    return frozenset(name for entry in RESTORERS for name in entry.names)


def is_built_in(spec: str, /) -> bool:
    """Return whether a spec names a built-in restorer, with or without settings or engine."""
    return _name(spec) in built_in_names()


def is_raw(spec: str, /) -> bool:
    """Return whether a spec names the built-in that leaves the image as it is, or its alias."""
    return is_built_in(spec) and _entry(_name(spec)).name == "raw"


def is_reference(spec: str, /) -> bool:
    """Return whether a spec names a built-in image without the information that is asked for."""
    return is_built_in(spec) and _entry(_name(spec)).name in _REFERENCES


def _name(spec: str) -> str:
    return spec.partition(":")[0].partition("@")[0]


def _entry(name: str) -> BuiltIn:
    return next(entry for entry in RESTORERS if name in entry.names)


def resolved_spec(spec: str, /) -> str:
    """Return a spec with the engine that ``auto`` stands for on this machine in its place.

    Parameters
    ----------
    spec : str
        As of `load_restorer`; one without ``@auto`` is returned as it is.

    Raises
    ------
    stembench.errors.InputError
        When the engines cannot be timed, or none is installed.
    """
    full, colon, text = spec.partition(":")
    name, at, engine = full.partition("@")
    if not (at and engine == _AUTO and is_built_in(spec)):
        return spec
    fastest = _entry(name).fastest_engine
    return spec if fastest is None else f"{name}@{fastest()}{colon}{text}"


def with_engine(spec: str, engine: str, /) -> str:
    """Return a spec with an engine, where it names a built-in that has several and no engine.

    Parameters
    ----------
    spec : str
        As of `load_restorer`.
    engine : str
        An engine's name, 'auto', or 'tensorflow' for Keras on it.

    Raises
    ------
    stembench.errors.InputError
        When TensorFlow is asked for and Keras is set to another backend.
    """
    full, colon, text = spec.partition(":")
    if not is_built_in(spec) or "@" in full or not _entry(full).engines:
        return spec
    if engine == "tensorflow":
        backend = keras_backend()
        if backend != engine:
            raise InputError(
                f"Keras is set to the backend '{backend}', not to TensorFlow; set "
                "KERAS_BACKEND=tensorflow, or name the engine keras"
            )
        engine = "keras"
    return f"{full}@{engine}{colon}{text}"


def _built_in(spec: str) -> _Source:
    """Return a built-in restorer with the engine and the settings of a spec."""
    full, colon, text = resolved_spec(spec).partition(":")
    name, at, engine = full.partition("@")
    entry = _entry(name)
    # Raises where a package takes the same name: neither may pass for the other.
    find_factory(name, built_in=built_in_names())
    choices: dict[str, Any] = {}
    if at:
        if engine not in entry.engines:
            known = (*entry.engines, *([_AUTO] if entry.fastest_engine else []))
            engines = f"known are {', '.join(known)}" if known else ""
            raise InputError(
                f"unknown engine '{engine}' of restorer '{name}'; "
                f"{engines or 'it has none to choose'}"
            )
        choices["engine"] = engine
    if colon:
        choices.update(read_settings(text, entry.settings, restorer=name))
    return _Source(partial(entry.load, **choices), partial(entry.metadata, **choices))


def _loaded_for_metadata(load: Callable[[], ImageRestorer]) -> _Source:
    """Return a source whose metadata is known once it is loaded."""
    return _Source(load, lambda: load().metadata)


def _plugin(spec: str) -> _Source | None:
    """Return a restorer that an installed package registers, None if none does."""
    name, colon, text = spec.partition(":")
    if colon and "=" not in text:
        return None  # module:callable
    factory = find_factory(name, built_in=built_in_names())
    if factory is None:
        return None
    settings = dict(read_free_settings(text, restorer=name)) if colon else {}
    built_in = tuple(sorted(built_in_names()))
    return _loaded_for_metadata(partial(isolated, Source("plugin", name, settings, built_in)))


def _model_file(kind: str, path: Path, settings: dict[str, Any]) -> _Source:
    source = Source(kind, str(path.absolute()), settings)
    return _Source(partial(isolated, source), partial(isolated_metadata, source))


def _user_model(spec: str) -> _Source | None:
    """Return a user's model file or folder, None if `spec` is neither that nor named like one."""
    path, settings = Path(spec), dict[str, Any]()
    if not path.exists():
        text, settings = split_model_spec(spec)
        path = Path(text)
    ending = path.suffix.lower()
    if ending in _REFUSED:
        raise InputError(f"a model file '{ending}' is not read ({path}); {_REFUSED[ending]}")
    if path.is_dir():
        return _model_file("saved_model", path, settings)
    if ending not in (".keras", ".onnx"):
        if path.exists():
            raise InputError(
                f"{path} is not a model that can be read; name a .keras or .onnx file, a "
                "SavedModel folder, or module:callable"
            )
        return None
    if not path.is_file():
        raise InputError(f"the model file {path} does not exist")
    return _model_file(ending.removeprefix("."), path, settings)


def _source(spec: str) -> _Source:
    """Find what a spec names.

    Raises
    ------
    stembench.errors.InputError
        When nothing is known by that name.
    """
    if is_built_in(spec):
        return _built_in(spec)
    source = _plugin(spec)
    if source is None and spec:  # Path("") is the current folder
        source = _user_model(spec)
    if source is None and _CALLABLE.fullmatch(spec):
        source = _loaded_for_metadata(partial(isolated, Source("callable", spec)))
    if source is None:
        known = ", ".join(
            [*(entry.name for entry in RESTORERS), *(plugin.name for plugin in find_plugins())]
        )
        raise InputError(
            f"unknown restorer '{spec}'; known are {known}, or name a .keras or .onnx file, a "
            "SavedModel folder, or module:callable"
        )
    return source


def _refuse_posing(spec: str, metadata: RestorerMetadata) -> None:
    """Refuse what is not built in but claims a built-in's name or a family of the benchmark's own.

    So is a name that records and files cannot bear: '/' parts it from a variant of the fit.

    Records of `raw` are read as the distorted counts themselves, and reports exempt it, references
    and other acquisitions from verdicts.
    """
    name = metadata.name
    if not name.strip() or not name.isprintable() or "/" in name or len(name) > _LONGEST_NAME:
        raise InputError(
            f"'{spec}' calls itself {name[:80]!r}; the name of a restorer is 1 to {_LONGEST_NAME} "
            "printable characters without '/'"
        )
    if metadata.name in built_in_names():
        raise InputError(
            f"'{spec}' calls itself '{metadata.name}', which is a built-in restorer's name; "
            "give its metadata another"
        )
    if metadata.family in ("raw", "reference"):
        raise InputError(
            f"'{spec}' declares the family '{metadata.family}', which built-in restorers alone "
            "have; declare 'classical' or 'network' in its metadata"
        )
    if metadata.family == "acquisition":
        raise InputError(
            f"'{spec}' declares the family 'acquisition', which is the benchmark's own; declare "
            "'classical' or 'network' in its metadata"
        )


def load_restorer(spec: str, /) -> Restorer:
    """Load a restorer by name, by file or by function. Load it once and use it for many images.

    Parameters
    ----------
    spec : str
        A built-in name of `RESTORERS` (``raw``, ``gaussian``, ``nlm``, ``cgrdn``, ...) or one that
        an installed package registers, with settings where it has some (``gaussian:sigma=0.4``),
        for CGRDN also with its engine (``cgrdn@keras``, ``cgrdn@auto`` for the fastest of
        float32, whose own name it then bears); the path of a ``.keras`` or ``.onnx``
        file or of a SavedModel folder, with what its sizes need (``net.onnx:multiple=16``, see
        `restore.user_models.network_settings`); or ``module:callable``, called as
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
    restorer = _source(spec).load()
    if not is_built_in(spec):
        _refuse_posing(spec, restorer.metadata)
    return ContractRestorer(restorer)


def metadata_of(spec: str, /) -> RestorerMetadata:
    """Return the metadata that `load_restorer` would give, without loading where that is possible.

    No network is built and neither TensorFlow nor Keras is imported for a built-in restorer or a
    model file. Plug-ins and callables are loaded, since their code states the metadata.

    Parameters
    ----------
    spec : str
        As of `load_restorer`.

    Raises
    ------
    stembench.errors.InputError
        When nothing is known by that name, its settings are impossible, or a package, weights or
        a file are missing or damaged. A model file that Keras, TensorFlow or ONNX Runtime would
        refuse is found by `load_restorer` alone.
    """
    metadata = _source(spec).read_metadata()
    if not is_built_in(spec):
        _refuse_posing(spec, metadata)
    return metadata
