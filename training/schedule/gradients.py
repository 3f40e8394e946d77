"""One step of gradient descent on each backend: the only file that knows which one runs.

Keras has no gradients that all its backends share. TensorFlow records them on a tape, PyTorch on
its tensors; JAX derives a function of the weights, which are therefore handed in and given back.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import numpy as np

from restore import quiet_tensorflow, require_keras
from stembench.errors import InputError

#: Backends that can train.
BACKENDS: Final = ("tensorflow", "jax", "torch")

Call = Callable[[Any], Any]
"""A network applied to its inputs."""


class Loss(Protocol):
    """What a step descends: a function of the trained network, of others, and of arrays."""

    def __call__(
        self, trained: Call, held: Sequence[Call], /, *arrays: Any
    ) -> tuple[Any, Mapping[str, Any]]:
        """Return the loss, a scalar tensor, and what it is made of."""
        ...


Step = Callable[..., dict[str, float]]
"""Takes the learning rate and arrays, changes the trained network; returns 'loss' and its parts,
before that change."""


def require_backend() -> str:
    """Import Keras and return its backend.

    Raises
    ------
    InputError
        If that cannot train, or is not installed.
    """
    require_keras("training")
    quiet_tensorflow()
    import keras

    backend = str(keras.backend.backend())
    if backend not in BACKENDS:
        raise InputError(
            f"training runs on {', '.join(BACKENDS)}, and Keras is set to '{backend}'; set "
            f"KERAS_BACKEND={BACKENDS[0]}"
        )
    return backend


def make_reproducible() -> None:
    """Have every operation give the same bits each time, in all of this process from here on."""
    backend = require_backend()
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    elif backend == "torch":
        import torch

        torch.use_deterministic_algorithms(True)


def several_devices() -> int:
    """Spread batches over all accelerators of this machine; return how many there are.

    To be called before a network is built. JAX alone does so, by Keras' data parallelism; the
    others use one.
    """
    if require_backend() != "jax":
        return 1
    import jax
    import keras

    devices = len(jax.local_devices())
    if devices > 1:
        keras.distribution.set_distribution(keras.distribution.DataParallel())
    return devices


def gradient_step(
    model: Any, optimizer: Any, loss: Loss, /, *, held: Sequence[Any] = (), devices: int = 1
) -> Step:
    """Compile a step of gradient descent.

    Parameters
    ----------
    model : keras.Model
        Its trainable weights are changed.
    optimizer : keras.optimizers.Optimizer
        Built for these weights.
    loss : callable
        See `Loss`.
    held : sequence of keras.Model
        Networks that the loss needs and that are not changed.
    devices : int
        Over which batches are spread, see `several_devices`.

    Returns
    -------
    callable
        See `Step`.
    """
    make = _STEPS[require_backend()]
    run = make(model, optimizer, loss, tuple(held), devices)

    def step(rate: float, /, *arrays: np.ndarray[Any, Any]) -> dict[str, float]:
        optimizer.learning_rate.assign(rate)
        return {name: float(value) for name, value in run(arrays).items()}

    return step


def _tensorflow_step(
    model: Any, optimizer: Any, loss: Loss, held: tuple[Any, ...], devices: int
) -> Callable[[Sequence[Any]], Mapping[str, Any]]:
    del devices  # TensorFlow uses one
    import tensorflow as tf

    # A GPU would multiply float32 convolutions in TF32.
    tf.config.experimental.enable_tensor_float_32_execution(False)

    def trained(inputs: Any) -> Any:
        return model(inputs, training=True)

    calls = [_inference(network) for network in held]

    @tf.function(autograph=False, jit_compile=False)  # type: ignore[untyped-decorator]
    def run(arrays: Sequence[Any]) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            value, parts = loss(trained, calls, *arrays)
        gradients = tape.gradient(value, [each.value for each in model.trainable_variables])
        optimizer.apply(gradients, model.trainable_variables)
        return {"loss": value, **parts}

    def call(arrays: Sequence[Any]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = run([tf.constant(array) for array in arrays])
        return found

    return call


def _torch_step(
    model: Any, optimizer: Any, loss: Loss, held: tuple[Any, ...], devices: int
) -> Callable[[Sequence[Any]], Mapping[str, Any]]:
    del devices  # PyTorch uses one
    import torch
    from keras import ops

    _without_tf32()

    def trained(inputs: Any) -> Any:
        return model(inputs, training=True)

    calls = [_inference(network) for network in held]

    def call(arrays: Sequence[Any]) -> Mapping[str, Any]:
        value, parts = loss(trained, calls, *(ops.convert_to_tensor(array) for array in arrays))
        # Of these weights alone: `backward` would add to the gradients of held networks too.
        gradients = torch.autograd.grad(value, _values(model.trainable_variables))
        with torch.no_grad():
            optimizer.apply(gradients, model.trainable_variables)
        return {name: part.detach() if torch.is_tensor(part) else part
                for name, part in {"loss": value, **parts}.items()}  # fmt: skip

    return call


def _without_tf32() -> None:
    """Have a GPU multiply float32 convolutions of PyTorch in float32."""
    import torch

    torch.backends.cudnn.allow_tf32 = False


def _inference(network: Any) -> Call:
    return lambda inputs: network(inputs, training=False)


def _jax_step(
    model: Any, optimizer: Any, loss: Loss, held: tuple[Any, ...], devices: int
) -> Callable[[Sequence[Any]], Mapping[str, Any]]:
    import jax

    def evaluated(
        weights: Any, others: Any, held_weights: Any, arrays: Any
    ) -> tuple[Any, tuple[Mapping[str, Any], Any]]:
        state = [others]

        def trained(inputs: Any) -> Any:
            outputs, state[0] = model.stateless_call(weights, state[0], inputs, training=True)
            return outputs

        def stateless(number: int) -> Call:
            return lambda inputs: held[number].stateless_call(
                *held_weights[number], inputs, training=False
            )[0]

        calls = [stateless(number) for number in range(len(held))]
        value, parts = loss(trained, calls, *arrays)
        return value, (parts, state[0])

    @jax.jit
    def run(weights: Any, others: Any, moments: Any, held_weights: Any, arrays: Any) -> Any:
        with_gradient = jax.value_and_grad(evaluated, has_aux=True)
        (value, (parts, others)), gradients = with_gradient(weights, others, held_weights, arrays)
        weights, moments = optimizer.stateless_apply(moments, gradients, weights)
        return {"loss": value, **parts}, weights, others, moments

    def call(arrays: Sequence[Any]) -> Mapping[str, Any]:
        found, *changed = run(
            _values(model.trainable_variables),
            _values(model.non_trainable_variables),
            _values(optimizer.variables),
            [(_values(n.trainable_variables), _values(n.non_trainable_variables)) for n in held],
            [_spread(array, devices) for array in arrays],
        )
        variables = (
            model.trainable_variables, model.non_trainable_variables, optimizer.variables,
        )  # fmt: skip
        for kinds, values in zip(variables, changed, strict=True):
            for variable, value in zip(kinds, values, strict=True):
                variable.assign(value)
        parts: Mapping[str, Any] = found
        return parts

    return call


_STEPS: Final = {"tensorflow": _tensorflow_step, "jax": _jax_step, "torch": _torch_step}


def _values(variables: Sequence[Any]) -> list[Any]:
    return [variable.value for variable in variables]


def _spread(array: Any, devices: int) -> Any:
    """Place a batch on all devices, each with its part of the images; whole if it cannot be cut."""
    import jax
    import keras

    if devices == 1 or array.shape[0] % devices:
        return jax.numpy.asarray(array)
    layout = keras.distribution.distribution().get_data_layout(array.shape)
    return keras.distribution.distribute_tensor(array, layout)


def forward_pass(model: Any, /) -> Callable[[np.ndarray[Any, Any]], Any]:
    """Compile a network's forward pass with the weights that it has at each call.

    Parameters
    ----------
    model : keras.Model
        Of one input.

    Returns
    -------
    callable
        Takes images (n, h, w, 1), float32; returns what the network does, a tensor or a list.
    """
    backend = require_backend()
    if backend == "tensorflow":
        import tensorflow as tf

        signature = [tf.TensorSpec((None, None, None, 1), tf.float32)]
        graph = tf.function(
            lambda images: model(images, training=False), input_signature=signature, autograph=False
        )
        return lambda images: graph(tf.constant(images))
    if backend == "torch":
        return _torch_forward(model)

    import jax

    run = jax.jit(
        lambda weights, others, images: model.stateless_call(
            weights, others, images, training=False
        )[0]
    )
    return lambda images: run(
        _values(model.trainable_variables), _values(model.non_trainable_variables), images
    )


def _torch_forward(model: Any) -> Callable[[np.ndarray[Any, Any]], Any]:
    import torch
    from keras import ops

    _without_tf32()

    def forward(images: np.ndarray[Any, Any]) -> Any:
        with torch.no_grad():
            return model(ops.convert_to_tensor(images), training=False)

    return forward
