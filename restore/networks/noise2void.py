"""Noise2Void: a blind-spot network trained on the one image that it then restores.

A. Krull, T.-O. Buchholz and F. Jug (2019), doi:10.1109/CVPR.2019.00223. Some pixels are replaced
by a neighbour, and the network learns to predict their noisy values from their surroundings. It
cannot learn noise that is independent from pixel to pixel; correlated noise it keeps. The loss is
the mean square, whose minimum is the expected count itself, so that nothing is stabilised.

Written with Keras alone, for any of its backends: a U-Net of two levels, which looks 12 px far,
where the published one has three.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from restore.built_in import BuiltIn
from restore.networks.held_out_pixels import Patience, held_out_pixels
from restore.networks.normalisation import Standardised, pad_to_multiple
from restore.networks.runtimes import (
    keras_engine,
    keras_forward,
    quiet_tensorflow,
    require_keras,
)
from restore.networks.standardised import StandardisedNetwork
from restore.restorer import Progress, RestorerMetadata, Tiling
from restore.settings import label_with_settings, name_with_settings, require_positive
from stembench.errors import InputError

STRIDE = 2
"""Between the two levels, so that height and width must be even."""
TILING = Tiling(whole=1024, tile=1024, margin=16, blend=16, multiple=STRIDE)
"""Windows of a large image once the network is trained; the margin covers its receptive field."""

_MASKED = 0.02  # share of pixels that are hidden; Krull et al. hide 0.2 to 1.6 %
_NEIGHBOURHOOD = 2  # a hidden pixel gets the value of another in the 5 x 5 px around it
_RATE = 1e-3


@dataclass(frozen=True)
class BlindSpotSettings:
    """Size of the network and its training."""

    steps: int = 400
    """Training steps."""
    batch: int = 4
    """Pieces of the image in each step."""
    patch: int = 64
    """Side of a piece, px."""
    features: int = 24
    """Channels at full resolution; twice as many at half."""
    seed: int = 0
    """Seed of the weights, of the pieces and of the hidden pixels."""
    patience: int = 0
    """Epochs without a lower loss at held-out pixels after which training ends, the best weights
    kept; an epoch has as many pieces as cover the image once. 0: `steps` are done, none more."""
    minutes: float = 0.0
    """Wall time after which training with patience ends in any case; 0 for none."""

    def __post_init__(self) -> None:
        require_positive(
            "n2v", steps=self.steps, batch=self.batch, patch=self.patch, features=self.features
        )
        if self.patience < 0 or not self.minutes >= 0:
            raise InputError("'n2v' takes a patience and minutes of at least 0")
        if self.seed < 0 or self.patch < 16 or self.patch % STRIDE:
            raise InputError("'n2v' takes a seed of at least 0 and an even patch of at least 16 px")


def _build(settings: BlindSpotSettings) -> Any:
    """Return the untrained network, (n, h, w, 1) to (n, h, w, 1), float32."""
    import keras

    seeds = iter(range(settings.seed, settings.seed + 100))

    def conv(x: Any, channels: int, size: int, *, strides: int = 1) -> Any:
        return keras.layers.Conv2D(
            channels,
            size,
            strides=strides,
            padding="same",
            activation="relu",
            data_format="channels_last",
            dtype="float32",
            kernel_initializer=keras.initializers.HeNormal(seed=next(seeds)),
        )(x)

    image = keras.Input((None, None, 1), dtype="float32")
    fine = conv(image, settings.features, 3)
    coarse = conv(fine, 2 * settings.features, 4, strides=STRIDE)
    for _ in range(3):
        coarse = conv(coarse, 2 * settings.features, 3)
    wide = keras.layers.UpSampling2D(STRIDE, data_format="channels_last", dtype="float32")(coarse)
    joined = keras.layers.Concatenate(axis=-1, dtype="float32")([wide, fine])
    y = conv(conv(joined, settings.features, 1), settings.features, 3)
    # Starts at zero: the mean of a standardised image.
    output = keras.layers.Conv2D(
        1, 1, data_format="channels_last", dtype="float32", kernel_initializer="zeros"
    )(y)
    return keras.Model(image, output)


def _masked_mean_square(truth: Any, predicted: Any) -> Any:
    """Mean square error over the hidden pixels, which the second channel of `truth` marks."""
    from keras import ops

    hidden = truth[..., 1:]
    return ops.sum(hidden * ops.square(truth[..., :1] - predicted)) / ops.sum(hidden)


def draw_batch(
    image: NDArray[np.float32],
    settings: BlindSpotSettings,
    rng: np.random.Generator,
    /,
    *,
    held: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw pieces of an image with some of their pixels hidden.

    Parameters
    ----------
    image : ndarray
        (h, w), both at least `settings.patch`.
    settings : BlindSpotSettings
    rng : numpy.random.Generator
    held : ndarray of bool, optional
        (h, w), pixels that are never hidden.

    Returns
    -------
    pieces : ndarray
        (batch, patch, patch, 1), float32, with the hidden pixels replaced.
    truth : ndarray
        (batch, patch, patch, 2), float32: the original pieces, and 1 where a pixel is hidden.
    """
    n, side = settings.batch, settings.patch
    top = rng.integers(0, image.shape[0] - side + 1, n)
    left = rng.integers(0, image.shape[1] - side + 1, n)
    pieces = np.stack([image[i : i + side, j : j + side] for i, j in zip(top, left, strict=True)])
    kept = np.zeros(pieces.shape, dtype=np.bool_)
    if held is not None:
        kept = np.stack([held[i : i + side, j : j + side] for i, j in zip(top, left, strict=True)])
    # Mirrored and turned, as the published method does it.
    for number in range(n):
        turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
        for stack in (pieces, kept):
            turned = np.rot90(stack[number], turns)
            stack[number] = turned[:, ::-1] if mirrored else turned
    hidden = (rng.random(pieces.shape) < _MASKED) & ~kept
    hidden[:, side // 2, side // 2] |= ~hidden.any(axis=(1, 2))
    which, y, x = np.nonzero(hidden)
    width = 2 * _NEIGHBOURHOOD + 1
    # Any of the neighbourhood but its centre, mirrored at the piece's edge.
    other = rng.integers(1, width * width, which.size)
    other = (other + width * width // 2) % (width * width)
    moved_y = _mirrored(y + other // width - _NEIGHBOURHOOD, side)
    moved_x = _mirrored(x + other % width - _NEIGHBOURHOOD, side)
    given = pieces.copy()
    given[which, y, x] = pieces[which, moved_y, moved_x]
    truth = np.stack([pieces, hidden.astype(np.float32)], axis=-1)
    return given[..., None], truth


def _mirrored(place: NDArray[np.int_], size: int) -> NDArray[np.int_]:
    """Return places beyond an edge mirrored at it, the edge pixel not repeated."""
    folded: NDArray[np.int_] = size - 1 - np.abs(size - 1 - np.abs(place))
    return folded


@dataclass(frozen=True, kw_only=True)
class BlindSpot(StandardisedNetwork):
    """Noise2Void restorer: trained anew on each image, tiled once it is trained."""

    settings: BlindSpotSettings
    train_step: Callable[[NDArray[np.float32], NDArray[np.float32]], None]
    """One step of training."""
    reset: Callable[[], None]
    """Brings network and optimiser back to their start."""
    remember: Callable[[], Callable[[], None]]
    """Takes note of the weights, and returns what brings them back."""
    tiling: Tiling = TILING

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties of the restorer."""
        return _metadata(self.settings)

    def prepare(self, standard: Standardised, progress: Progress | None) -> Progress | None:
        """Train on the image, calling `progress` after each step; windows are not reported."""
        self.reset()
        rng = np.random.default_rng(self.settings.seed)
        missing = [(0, max(0, self.settings.patch - size)) for size in standard.image.shape]
        large_enough = np.pad(standard.image, missing, mode="symmetric")
        if self.settings.patience:
            self._train_patiently(pad_to_multiple(large_enough, STRIDE), rng)
            return None
        for step in range(self.settings.steps):
            if progress is not None:
                progress(step, self.settings.steps)
            self.train_step(*draw_batch(large_enough, self.settings, rng))
        if progress is not None:
            progress(self.settings.steps, self.settings.steps)
        return None

    def _train_patiently(self, image: NDArray[np.float32], rng: np.random.Generator) -> None:
        """Train until the loss at held-out pixels has not fallen for long, or time is over."""
        chosen = self.settings
        out = held_out_pixels(image, rng)
        epoch = max(1, round(image.size / (chosen.batch * chosen.patch**2)))
        waiting = Patience(chosen.patience)
        waiting.improved(out.loss(self.forward))
        bring_back = self.remember()
        end = time.monotonic() + 60 * chosen.minutes if chosen.minutes else float("inf")
        while not waiting.over and time.monotonic() < end:
            for _ in range(epoch):
                self.train_step(*draw_batch(image, chosen, rng, held=out.held))
            if waiting.improved(out.loss(self.forward)):
                bring_back = self.remember()
        bring_back()


def _metadata(settings: BlindSpotSettings) -> RestorerMetadata:
    return RestorerMetadata(
        name=name_with_settings("n2v", settings),
        label=label_with_settings("Noise2Void", settings),
        family="network",
        version="1",
        licence="GPL-3.0-or-later",
        training_data="the image itself, which is all that it sees",
        input_scale="standardised by each image's own mean and standard deviation",
        engine=keras_engine("the restorer 'n2v'"),
        precision="float32",
        scales_with_counts=True,
    )


def load_blind_spot(**settings: Any) -> BlindSpot:
    """Build the network; training happens for each image.

    Parameters
    ----------
    **settings
        Fields of `BlindSpotSettings`.

    Raises
    ------
    stembench.errors.InputError
        When a setting is impossible, or Keras is not installed.
    """
    chosen = BlindSpotSettings(**settings)
    require_keras("the restorer 'n2v'")
    quiet_tensorflow()
    import keras

    model = _build(chosen)
    # How many steps there will be is not known with patience.
    falling = keras.optimizers.schedules.CosineDecay(_RATE, chosen.steps)
    optimizer = keras.optimizers.Adam(_RATE if chosen.patience else falling)
    model.compile(optimizer=optimizer, loss=_masked_mean_square, jit_compile=False)
    optimizer.build(model.trainable_variables)
    state = [*model.variables, *optimizer.variables]
    start = [keras.ops.copy(variable.value) for variable in state]
    network = keras_forward(model)

    def reset() -> None:
        for variable, value in zip(state, start, strict=True):
            variable.assign(value)

    def remember() -> Callable[[], None]:
        values = [keras.ops.copy(variable.value) for variable in model.variables]

        def bring_back() -> None:
            for variable, value in zip(model.variables, values, strict=True):
                variable.assign(value)

        return bring_back

    def train_step(pieces: NDArray[np.float32], truth: NDArray[np.float32]) -> None:
        model.train_on_batch(pieces, truth)

    def forward(image: NDArray[np.float32]) -> NDArray[np.floating]:
        return np.asarray(network(image[None, :, :, None]))[0, :, :, 0]

    return BlindSpot(
        forward=forward,
        settings=chosen,
        train_step=train_step,
        reset=reset,
        remember=remember,
    )


RESTORER: Final = BuiltIn(
    name="n2v",
    summary="Noise2Void: a blind-spot network trained on the image itself",
    load=load_blind_spot,
    read_metadata=lambda **settings: _metadata(BlindSpotSettings(**settings)),
    settings_type=BlindSpotSettings,
    extra="tensorflow",
    slow=True,
)
