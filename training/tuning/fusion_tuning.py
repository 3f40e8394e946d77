"""Tuning of a published CGRDN's 1 x 1 fusions, everything else held."""

import csv
import hashlib
import json
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from restore import (
    Precision,
    WeightDifference,
    Weights,
    averaged_weights,
    quiet_tensorflow,
    read_published_weights,
)
from stembench.atomic_files import replacing
from stembench.errors import InputError
from stembench.limits import require
from training.networks.dense_networks import Cgrdn, cgrdn_weights
from training.tuning.tuned_forward import tuned_forward
from training.tuning.tuning_batches import TuningBatches
from training.tuning.tuning_loss import tuning_loss

#: Seconds between two checkpoints.
_BETWEEN: Final = 600.0
CHECKPOINT: Final = "checkpoint.npz"
HISTORY: Final = "history.csv"


@dataclass(frozen=True, kw_only=True)
class FusionTuning:
    """Settings of a tuning: Adam with a warm-up and a cosine decay to zero.

    Attributes
    ----------
    batches : TuningBatches
    steps : int
        Batches that are learned from, >= 1.
    learning_rate : float
        At the end of the warm-up.
    warm_up : int
        Steps.
    precision : {'float32', 'mixed_bfloat16'}
        Of the dense convolutions, which are held.
    """

    batches: TuningBatches = field(default_factory=TuningBatches)
    steps: int = 500
    learning_rate: float = 2e-4
    warm_up: int = 20
    precision: Precision = "mixed_bfloat16"

    def __post_init__(self) -> None:
        require(self.steps, "steps of a tuning", low=1)
        require(self.learning_rate, "learning rate", low=0, open_low=True)
        require(self.warm_up, "steps of the warm-up", low=0)

    def rate(self, step: int) -> float:
        """Learning rate of a step, the first being 0."""
        if step < self.warm_up:
            return self.learning_rate * (step + 1) / (self.warm_up + 1)
        done = (step - self.warm_up) / max(1, self.steps - self.warm_up)
        return float(self.learning_rate * 0.5 * (1 + np.cos(np.pi * done)))


def hold_all_but_fusions(model: Any, /) -> int:
    """Hold every layer of a CGRDN but its 1 x 1 convolutions; return how many numbers are free."""
    for layer in model.layers:
        kernel = getattr(layer, "kernel", None)
        layer.trainable = kernel is not None and tuple(kernel.shape[:2]) == (1, 1)
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def tune_fusions(
    tuning: FusionTuning,
    folder: Path,
    /,
    *,
    start: WeightDifference | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> Weights:
    """Tune a published network; a stopped call continues from its last checkpoint.

    Parameters
    ----------
    tuning : FusionTuning
    folder : pathlib.Path
        Gets a checkpoint every ten minutes and at the end, and the loss of every step.
    start : WeightDifference, optional
        What earlier tunings changed, to go on from; the published weights by default. Distilled
        pairs are the published network's in either case.
    progress : callable, optional
        Called with the number of finished steps and the loss of the last one.

    Returns
    -------
    mapping of int to (kernel, bias)
        Weights of all convolutions; see `restore.Weights`.

    Raises
    ------
    InputError
        If the folder holds another tuning or a damaged checkpoint, the loss is no number, or the
        start is one of other weights or changes more than fusions.
    """
    quiet_tensorflow()
    import keras

    published = read_published_weights(tuning.batches.network)
    size = Cgrdn()
    begun = published.convolutions
    if start is not None:
        _require_fusions(start)
        begun = averaged_weights(published, start)
    model = size.build_with(begun, precision=tuning.precision)
    teacher = size.build_with(published.convolutions, precision=tuning.precision)
    hold_all_but_fusions(model)
    optimizer = keras.optimizers.Adam(learning_rate=tuning.learning_rate)
    optimizer.build(model.trainable_weights)
    step = _step_function(model, optimizer, tuned_forward(model, size, precision=tuning.precision))
    teach = _forward(teacher)
    folder.mkdir(parents=True, exist_ok=True)
    kept = [*model.trainable_weights, *optimizer.variables]
    identity = _identity(tuning, start)
    done, losses = _resumed(folder / CHECKPOINT, identity, kept)
    saved = time.monotonic()
    for number in range(done, tuning.steps):
        optimizer.learning_rate.assign(tuning.rate(number))
        x, y, w = tuning.batches.batch(number, teach)
        losses.append(float(step(x, y, w)))
        if not np.isfinite(losses[-1]):
            raise InputError(
                f"the loss of step {number} is no number: the tuning diverged; lower its learning "
                "rate"
            )
        if progress is not None:
            progress(number + 1, losses[-1])
        if time.monotonic() - saved > _BETWEEN or number + 1 == tuning.steps:
            _save(folder, tuning, identity, kept, losses)
            saved = time.monotonic()
    return cgrdn_weights(model)


@dataclass(frozen=True, kw_only=True)
class TunedFusions:
    """What a tuning has come to, finished or not.

    Attributes
    ----------
    weights : mapping of int to (kernel, bias)
        Of all convolutions; see `restore.Weights`.
    steps : int
        Batches that were learned from.
    settings : mapping
        Of the tuning, as JSON tells them.
    """

    weights: Weights
    steps: int
    settings: Mapping[str, Any]


def read_tuned_fusions(folder: Path, /) -> TunedFusions:
    """Read the last checkpoint of a tuning without going on with it.

    Raises
    ------
    InputError
        If the folder holds no checkpoint, or a damaged one.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        raise InputError(f"{folder} holds no checkpoint of a tuning; tune first")
    text = _read_checkpoint(path, 0)[0]
    settings = json.loads(text)
    published = read_published_weights(settings["batches"]["network"])
    weights = dict(published.convolutions)
    # The optimizer's order: the free convolutions as data flow through them, kernel before bias.
    free = [number for number, pair in sorted(weights.items()) if pair[0].shape[:2] == (1, 1)]
    _, losses, values = _read_checkpoint(path, 2 * len(free))
    for place, number in enumerate(free):
        kernel, bias = values[2 * place : 2 * place + 2]
        if (kernel.shape, bias.shape) != tuple(part.shape for part in weights[number]):
            raise InputError(f"{path} is of a network of another size; name another folder")
        weights[number] = kernel, bias
    return TunedFusions(weights=weights, steps=len(losses), settings=settings)


def _step_function(model: Any, optimizer: Any, forward: Callable[[Any], Any]) -> Callable[..., Any]:
    """One step of the optimizer as a compiled function of images, truths and weights."""
    import tensorflow as tf

    def step(x: Any, y: Any, w: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tuning_loss(y, forward(x), weights=w)
        optimizer.apply(tape.gradient(loss, model.trainable_weights), model.trainable_weights)
        return loss

    compiled: Any = tf.function(step, reduce_retracing=True)
    return lambda *arrays: compiled(*(tf.constant(each) for each in arrays))


def _forward(model: Any) -> Callable[..., Any]:
    import tensorflow as tf

    graph = tf.function(lambda x: model(x, training=False))
    return lambda x: graph(tf.constant(x)).numpy()


def _require_fusions(start: WeightDifference) -> None:
    """Refuse a start that changes what a tuning holds, and would not keep."""
    for number, (kernel, _) in sorted(start.changes.items()):
        if kernel.shape[:2] != (1, 1):
            raise InputError(
                f"the difference to go on from changes convolution {number}, which is no 1 x 1 "
                "fusion; name one of `tune_fusions`"
            )


def _identity(tuning: FusionTuning, start: WeightDifference | None) -> str:
    """Settings as JSON, with the hash of what a tuning goes on from."""
    told = asdict(tuning)
    if start is not None:
        digest = hashlib.sha256()
        for _, change in sorted(start.changes.items()):
            for values in change:
                digest.update(values.tobytes())
        told["start_sha256"] = digest.hexdigest()
    return json.dumps(told, sort_keys=True)


def _save(
    folder: Path, tuning: FusionTuning, identity: str, kept: list[Any], losses: list[float]
) -> None:
    arrays: dict[str, Any] = {f"v{k:03d}": np.asarray(each) for k, each in enumerate(kept)}
    with replacing(folder / CHECKPOINT) as temporary:
        np.savez(
            temporary, allow_pickle=False, tuning=identity, losses=np.array(losses),
            **arrays,
        )  # fmt: skip
    with (
        replacing(folder / HISTORY) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as stream,
    ):
        writer = csv.writer(stream)
        writer.writerow(["step", "learning_rate", "loss"])
        writer.writerows((k, tuning.rate(k), loss) for k, loss in enumerate(losses))


def _resumed(path: Path, identity: str, kept: list[Any]) -> tuple[int, list[float]]:
    """Load what a checkpoint holds into the variables; steps that are done and their losses."""
    if not path.exists():
        return 0, []
    found, losses, values = _read_checkpoint(path, len(kept))
    if found != identity:
        raise InputError(f"{path} is of another tuning; name another folder")
    for variable, value in zip(kept, values, strict=True):
        variable.assign(value)
    return len(losses), losses


def _read_checkpoint(path: Path, count: int) -> tuple[str, list[float], list[Any]]:
    """Settings, losses and the first `count` variables of a checkpoint."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            losses = [float(each) for each in file["losses"]]
            values = [file[f"v{k:03d}"] for k in range(count)]
            return str(file["tuning"]), losses, values
    except (EOFError, OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is damaged; remove it or name another folder") from error
