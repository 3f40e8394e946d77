"""A Keras network's graph: what each layer is, what it takes, and its trained numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

#: Layers of one word, by the names of their classes.
_WORDS: Final = {
    "Add": "add",
    "AveragePooling2D": "average 2x2",
    "BatchNormalization": "batch norm",
    "Concatenate": "concatenate",
    "GlobalAveragePooling2D": "mean of pixels",
    "GlobalMaxPooling2D": "maximum of pixels",
    "GroupNormalization": "instance norm",
    "LeakyReLU": "leaky relu",
    "Max": "maximum of channels",
    "Mean": "mean of channels",
    "Multiply": "multiply",
    "UpSampling2D": "upsample 2",
}


#: A layer's name and which of its uses it is.
_Use = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class LayerNode:
    """One use of a layer.

    Attributes
    ----------
    kind : str
        'conv 3x3 relu', 'concatenate', ...; of an input its name.
    channels : int
        Of its output.
    parameters : int
        Numbers that the layer holds, statistics of batch norms included; 0 where a layer is used
        once more.
    layers : int
        1 if it holds any here, else 0.
    inputs : tuple of int
        Places, in the list of nodes, of what it takes.
    """

    kind: str
    channels: int
    parameters: int = 0
    layers: int = 0
    inputs: tuple[int, ...] = ()


def layer_nodes(model: Any, /) -> tuple[LayerNode, ...]:
    """Read the graph of a functional Keras model, in the order of the data flow.

    Parameters
    ----------
    model : keras.Model
        Inputs and outputs of the last axis's channels.

    Returns
    -------
    tuple of LayerNode
        Inputs of every node stand before it.
    """
    described = model.get_config()
    taken: dict[tuple[str, int], list[tuple[str, int]]] = {}
    channels: dict[tuple[str, int], int] = {}
    settings = {each["name"]: each for each in described["layers"]}
    for each in described["layers"]:
        for use, call in enumerate(each["inbound_nodes"] or [{}]):
            tensors = list(_tensors(call))
            taken[each["name"], use] = [_source(tensor) for tensor in tensors]
            channels |= {_source(tensor): tensor["shape"][-1] for tensor in tensors}
    for tensor, (name, use, _) in zip(
        model.outputs, _as_list(described["output_layers"]), strict=True
    ):
        channels[name, use] = int(tensor.shape[-1])
    sizes = {layer.name: layer.count_params() for layer in model.layers}
    order = {use: place for place, use in enumerate(_in_order(taken))}
    found = []
    held: set[str] = set()
    for name, use in order:
        parameters = 0 if name in held else sizes.get(name, 0)
        held.add(name)
        found.append(
            LayerNode(
                kind=_kind(settings[name]),
                channels=channels[name, use],
                parameters=parameters,
                layers=int(parameters > 0),
                inputs=tuple(order[source] for source in taken[name, use]),
            )
        )
    return tuple(found)


def calls_of(
    model: Any, /
) -> tuple[dict[_Use, tuple[str, Mapping[str, Any], tuple[_Use, ...]]], tuple[_Use, ...]]:
    """Read which layers a functional Keras model calls on what.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    calls : dict of (name, use) to (class, settings, inputs)
        In an order in which inputs stand before what takes them; uses of a layer count from 0.
    outputs : tuple of (name, use)
        The model's.
    """
    described = model.get_config()
    calls = {}
    for each in described["layers"]:
        for use, call in enumerate(each["inbound_nodes"] or [{}]):
            sources = tuple(_source(tensor) for tensor in _tensors(call))
            calls[each["name"], use] = (str(each["class_name"]), each["config"], sources)
    order = _in_order({use: sources for use, (_, _, sources) in calls.items()})
    outputs = tuple((name, use) for name, use, _ in _as_list(described["output_layers"]))
    return {use: calls[use] for use in order}, outputs


def _in_order(taken: Mapping[_Use, Sequence[_Use]]) -> list[_Use]:
    """Order uses of layers as a reader follows them: of two branches the short one first."""
    takers: dict[_Use, list[_Use]] = {use: [] for use in taken}
    for use, sources in taken.items():
        for source in dict.fromkeys(sources):
            takers[source].append(use)
    following: dict[_Use, set[_Use]] = {}
    waiting = list(taken)
    while waiting:
        use = next(each for each in waiting if all(t in following for t in takers[each]))
        following[use] = set(takers[use]).union(*(following[each] for each in takers[use]))
        waiting.remove(use)
    order = {use: None for use in taken if not taken[use]}
    while len(order) < len(taken):
        order[
            next(
                each
                for placed in reversed(order)
                for each in sorted(takers[placed], key=lambda use: len(following[use]))
                if each not in order and all(source in order for source in taken[each])
            )
        ] = None
    return list(order)


def _as_list(outputs: list[Any]) -> list[list[Any]]:
    """Keras writes one output without a list around it."""
    return outputs if isinstance(outputs[0], list | tuple) else [outputs]


def _tensors(call: Any) -> Iterator[Mapping[str, Any]]:
    """Tensors in the arguments of a described call, in their order."""
    if isinstance(call, Mapping):
        if call.get("class_name") == "__keras_tensor__":
            yield call["config"]
            return
        call = list(call.values())
    if isinstance(call, list | tuple):
        for each in call:
            yield from _tensors(each)


def _source(tensor: Mapping[str, Any]) -> tuple[str, int]:
    name, use, _ = tensor["keras_history"]
    return str(name), int(use)


def _kind(layer: Mapping[str, Any]) -> str:
    """What a described layer does, in words."""
    name, config = layer["class_name"], layer["config"]
    if name == "InputLayer":
        return str(layer["name"])
    if name == "Activation":
        return str(config["activation"])
    activation = config.get("activation", "linear")
    ending = "" if activation == "linear" else f" {activation}"
    if name == "Dense":
        return f"dense{ending}"
    if name in ("Conv2D", "Conv2DTranspose"):
        rows, columns = config["kernel_size"]
        stride = config["strides"][0]
        moved = f" stride {stride}" if stride > 1 else ""
        word = "conv" if name == "Conv2D" else "deconv"
        return f"{word} {rows}x{columns}{moved}{ending}"
    return str(_WORDS.get(name, name))
