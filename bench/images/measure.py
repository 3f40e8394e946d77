"""Image metrics of restorers over pairs of distorted and true images, written to a folder."""

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from bench.executor import environment
from bench.images.pairs import ImagePair, number_of_pairs, pairs, sources
from bench.plan.blocks import MOST_SEED
from bench.run.run_lock import LOCK_FILE, check_held, is_in_use, one_at_a_time
from noise import MODALITIES
from reports import (
    IMAGE_FILES,
    IMAGES_VERSION,
    NETWORK,
    RAW,
    SETTINGS,
    RestoredImage,
    RestorerInfo,
    metrics_of,
    write_images,
)
from restore import (
    RESTORERS,
    Restorer,
    is_built_in,
    is_raw,
    load_restorer,
    metadata_of,
)
from stembench.arrays import Floats
from stembench.errors import InputError

#: Published pairs whose images are kept for the figure, as two are shown in the paper's Fig. 1.
_KEPT: Final = (("hrstem", 6), ("hrstem", 7))
#: More would take years; all measurements are held in memory.
_MOST_REALIZATIONS: Final = 100_000


def default_restorers() -> tuple[str, ...]:
    """Built-in restorers that are run unless the user names others; CGRDN as one of them.

    Slow ones are left out, and those that need an extra which is not installed.
    """
    return tuple(
        entry.name
        for entry in RESTORERS
        if not entry.slow
        and not entry.name.startswith(f"{NETWORK}-")
        and (not entry.extra or find_spec(entry.extra) is not None)
    )


def network_of(spec: str, source: str) -> str:
    """Spec of the restorer that stands for `spec` on one source.

    'cgrdn' stands for the network trained on the modality of the published pairs.
    """
    name, at, engine = spec.partition("@")
    if name != NETWORK or source not in MODALITIES or source == "hrstem":
        return spec
    return f"{NETWORK}-{source}{at}{engine}"


def measure_images(
    folder: Path,
    *,
    restorers: Sequence[str],
    chosen: Sequence[str] = (),
    seed: int,
    realizations: int,
    announce: Callable[[int], None] | None = None,
    progress: Callable[[str], None] | None = None,
) -> tuple[str, ...]:
    """Restore pairs, measure them and write rows, curves, examples and settings to a folder.

    The files are written anew after each source, so that an interruption leaves those finished.

    Parameters
    ----------
    folder : Path
        Made if absent. What an earlier call wrote there is replaced.
    restorers : sequence of str
        Specs; 'raw' is always run.
    chosen : sequence of str
        Names from `bench.images.pairs.sources`; all of them by default.
    seed : int
        Seed of the noise of cases and empty fields.
    realizations : int
        Noise realizations of each of those images.
    announce : callable, optional
        Called once with the number of restorations to come.
    progress : callable, optional
        Called after each restoration with what was restored.

    Returns
    -------
    tuple of str
        One sentence per restorer and source that failed.

    Raises
    ------
    InputError
        If a choice is impossible or the folder holds something else.
    """
    chosen = tuple(chosen) or sources()
    specs = tuple(restorers) if any(map(is_raw, restorers)) else (RAW, *restorers)
    _check(folder, chosen=chosen, specs=specs, seed=seed, realizations=realizations)
    described = {RAW if is_raw(spec) else spec: _described(spec) for spec in specs}
    with one_at_a_time(folder):
        failed = _measure(
            folder,
            described,
            specs=specs,
            chosen=chosen,
            seed=seed,
            realizations=realizations,
            announce=announce,
            progress=progress,
        )
    sentences = [f"{row['restorer']} on {row['source']}: {row['failure']}" for row in failed]
    return tuple(dict.fromkeys(sentences))


def _measure(
    folder: Path,
    described: Mapping[str, RestorerInfo],
    *,
    specs: Sequence[str],
    chosen: Sequence[str],
    seed: int,
    realizations: int,
    announce: Callable[[int], None] | None,
    progress: Callable[[str], None] | None,
) -> list[dict[str, Any]]:
    """Measure all sources, write after each, and return the rows of what failed."""
    if announce is not None:
        announce(sum(number_of_pairs(s, realizations=realizations) for s in chosen) * len(specs))
    begun = time.perf_counter()
    done = _Measured()
    for source in chosen:
        _measure_source(
            done, source, specs=specs, seed=seed, realizations=realizations, progress=progress
        )
        settings = {
            "images_version": IMAGES_VERSION,
            "created": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "commit": environment.commit(),
            "seed": seed,
            "realizations": realizations,
            "sources": done.sources,
            "restorers": {name: asdict(info) for name, info in described.items()},
            "networks": done.metadata,
            "versions": environment.versions(),
            "hardware": environment.hardware(),
            "seconds": time.perf_counter() - begun,
        }
        check_held(folder)
        write_images(
            folder,
            rows=pd.DataFrame(done.rows),
            rings=pd.concat(done.rings) if done.rings else pd.DataFrame(),
            examples=done.examples,
            settings=settings,
        )
    return [row for row in done.rows if row["failure"]]


@dataclass
class _Measured:
    """What was measured so far."""

    sources: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    rings: list[pd.DataFrame] = field(default_factory=list)
    examples: dict[str, Floats] = field(default_factory=dict)
    metadata: dict[str, dict[str, Any]] = field(default_factory=dict)


def _measure_source(
    done: _Measured,
    source: str,
    *,
    specs: Sequence[str],
    seed: int,
    realizations: int,
    progress: Callable[[str], None] | None,
) -> None:
    """Restore and measure all pairs of one source."""
    loaded = {RAW if is_raw(spec) else spec: _loaded(network_of(spec, source)) for spec in specs}
    networks = {}
    for name, restorer in loaded.items():
        if isinstance(restorer, str):
            networks[name] = ""
        else:
            networks[name] = restorer.metadata.name
            done.metadata[restorer.metadata.name] = asdict(restorer.metadata)
    for pair in pairs(source, seed=seed, realizations=realizations):
        key = f"{pair.source}/{pair.number}"
        kept = (pair.source, pair.number) in _KEPT
        if kept:
            done.examples[f"{key}/truth"] = pair.truth
        for name, restorer in loaded.items():
            row, image = _measured(pair, restorer)
            done.rows.append(
                {**_identity(pair), "restorer": name, "network": networks[name], **row}
            )
            if image is not None and not image.empty:
                done.rings.append(_rings(pair, image).assign(restorer=name))
            if image is not None and kept:
                done.examples[f"{key}/{name}"] = image.restored
            if progress is not None:
                progress(f"{source} {pair.number}: {name}")
    done.sources.append(source)


def _check(
    folder: Path, *, chosen: Sequence[str], specs: Sequence[str], seed: int, realizations: int
) -> None:
    for what, named in (("source", chosen), ("restorer", specs)):
        if len(set(named)) != len(named):
            raise InputError(f"a {what} is named twice: {', '.join(named)}")
    unknown = [name for name in chosen if name not in sources()]
    if unknown:
        raise InputError(f"unknown source {unknown[0]!r}; known are {', '.join(sources())}")
    if not 0 <= seed <= MOST_SEED:
        raise InputError(f"the seed must be between 0 and {MOST_SEED}, not {seed}")
    if not 1 <= realizations <= _MOST_REALIZATIONS:
        raise InputError(
            f"realizations must be between 1 and {_MOST_REALIZATIONS}, not {realizations}"
        )
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; name a folder with --out")
    there = {path.name for path in folder.iterdir()} if folder.exists() else set()
    # A call that was killed before it wrote the settings leaves its lock and other files of ours.
    left = {LOCK_FILE, *IMAGE_FILES} if LOCK_FILE in there else set()
    ours = SETTINGS in there or all(name in left or is_in_use(folder / name) for name in there)
    if not ours:
        raise InputError(
            f"{folder} is not empty and holds no image metrics; name another folder with --out"
        )


def _loaded(spec: str) -> Restorer | str:
    """The restorer, or why it cannot be loaded."""
    try:
        return load_restorer(spec)
    except InputError as error:
        return str(error)


def _described(spec: str) -> RestorerInfo:
    """What reports need of a restorer.

    Raises
    ------
    InputError
        If there is no such restorer.
    """
    return RestorerInfo(**asdict(metadata_of(spec)), built_in=is_built_in(spec))


def _identity(pair: ImagePair) -> dict[str, Any]:
    return {
        "source": pair.source,
        "kind": pair.kind,
        "image": pair.image,
        "number": pair.number,
        "dose": pair.dose,
        "level": pair.level,
        "sampling": pair.sampling,
        "maximum": pair.maximum,
        "undistorted": bool(np.array_equal(pair.distorted, pair.truth)),
    }


def _measured(
    pair: ImagePair, restorer: Restorer | str
) -> tuple[dict[str, Any], RestoredImage | None]:
    """Metrics of one restored image, or the failure; and the image in grey values."""
    begun = time.perf_counter()
    if isinstance(restorer, str):
        return {"seconds": 0.0, "failure": restorer}, None
    counts = pair.grey.to_counts(pair.distorted)
    try:
        output = restorer.restore(counts[None], sampling=pair.sampling)[0]
    except InputError as error:
        return {"seconds": time.perf_counter() - begun, "failure": str(error)}, None
    seconds = time.perf_counter() - begun
    # Not through counts where nothing was done: round-off is no restoration.
    restored = pair.distorted if restorer.metadata.family == "raw" else pair.grey.to_grey(output)
    image = RestoredImage(
        restored=restored,
        distorted=pair.distorted,
        truth=pair.truth,
        maximum=pair.maximum,
        empty=pair.kind == "empty",
    )
    values = {metric.name: metric.of(image) for metric in metrics_of("images")}
    present = {name: value for name, value in values.items() if value is not None}
    return {**present, "seconds": seconds, "failure": ""}, image


def _rings(pair: ImagePair, image: RestoredImage) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source": pair.source,
            "image": pair.image,
            "dose": pair.dose,
            "number": pair.number,
            "frequency": image.rings.frequency,
            "correlation": image.rings.correlation,
            "independent": image.rings.independent,
        }
    )
