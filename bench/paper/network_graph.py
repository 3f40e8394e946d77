"""A network's graph as its own code connects it, and the blocks that repeat in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from restore import connect_cgrdn

#: Letters that stand for operations, so that repeated blocks are found by regular expressions.
_LETTERS: Final = {
    "conv 3x3 relu": "a", "concatenate": "b", "conv 1x1": "c", "add": "d", "conv 3x3": "e",
    "conv 4x4 stride 2": "f", "deconv 4x4 stride 2": "g", "image": "i",
}  # fmt: skip
#: A residual dense block, and a group of these.
DENSE_BLOCK: Final = "RDB"
GROUP: Final = "GRDB"
_BLOCKS: Final = ((DENSE_BLOCK, "R", r"(?:ab)+cd"), (GROUP, "G", r"R+bcd"))


@dataclass(frozen=True, kw_only=True)
class Node:
    """An operation of a graph, or a block of them.

    Attributes
    ----------
    kind : str
        'conv 3x3 relu', 'concatenate', ..., or the name of a block.
    channels : int
        Of its output.
    parameters : int
        Trained numbers.
    layers : int
        Layers with trained numbers.
    inputs : tuple of int
        Places, in the list of nodes, of what it takes.
    inner : tuple of Node
        Nodes of a block, whose inputs count from the block's own first node; -1 is its input.
    """

    kind: str
    channels: int
    parameters: int = 0
    layers: int = 0
    inputs: tuple[int, ...] = ()
    inner: tuple["Node", ...] = ()


class _Recorder:
    """The graph's operations on places in a list of nodes, which they lengthen."""

    def __init__(self) -> None:
        self.nodes = [Node(kind="image", channels=1)]

    def _added(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _weighted(self, kind: str, x: int, channels: int, size: int) -> int:
        parameters = self.nodes[x].channels * channels * size**2 + channels
        return self._added(
            Node(kind=kind, channels=channels, parameters=parameters, layers=1, inputs=(x,))
        )

    def conv(
        self, x: int, /, channels: int, size: int, *, stride: int = 1, relu: bool = False
    ) -> int:
        moved = f" stride {stride}" if stride > 1 else ""
        kind = f"conv {size}x{size}{moved}{' relu' if relu else ''}"
        return self._weighted(kind, x, channels, size)

    def deconv(self, x: int, /, channels: int, size: int, *, stride: int) -> int:
        return self._weighted(f"deconv {size}x{size} stride {stride}", x, channels, size)

    def concatenate(self, parts: Sequence[int], /) -> int:
        channels = sum(self.nodes[part].channels for part in parts)
        return self._added(Node(kind="concatenate", channels=channels, inputs=tuple(parts)))

    def add(self, a: int, b: int, /) -> int:
        channels = max(self.nodes[a].channels, self.nodes[b].channels)
        return self._added(Node(kind="add", channels=channels, inputs=(a, b)))


def generator_nodes() -> tuple[Node, ...]:
    """Every operation of CGRDN in the order of the data flow, the image first."""
    recorder = _Recorder()
    connect_cgrdn(recorder, 0)
    return tuple(recorder.nodes)


def with_blocks(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Draw the repeated blocks of a graph together, the small ones first.

    Raises
    ------
    ValueError
        If a block takes more than one input from outside, or anything but its last node is taken
        by what follows: it would be no block.
    """
    found = tuple(nodes)
    for name, _, pattern in _BLOCKS:
        text = "".join(_letter(node) for node in found)
        for match in reversed(list(re.finditer(pattern, text))):
            found = _joined(found, match.start(), match.end(), name=name)
    return found


def _letter(node: Node) -> str:
    names = {name: letter for name, letter, _ in _BLOCKS}
    return names.get(node.kind) or _LETTERS[node.kind]


def _joined(nodes: tuple[Node, ...], start: int, stop: int, *, name: str) -> tuple[Node, ...]:
    """Replace nodes [start, stop) by one block."""
    inside = range(start, stop)
    outer = {k for node in nodes[start:stop] for k in node.inputs if k not in inside}
    leaving = {k for node in nodes[stop:] for k in node.inputs if k in inside}
    if len(outer) != 1 or leaving - {stop - 1}:
        raise ValueError(f"nodes {start} to {stop} are no block of one input and one output")
    inner = tuple(
        _moved(node, {k: k - start if k in inside else -1 for k in node.inputs})
        for node in nodes[start:stop]
    )
    block = Node(
        kind=name,
        channels=nodes[stop - 1].channels,
        parameters=sum(node.parameters for node in inner),
        layers=sum(node.layers for node in inner),
        inputs=tuple(outer),
        inner=inner,
    )
    less = stop - start - 1
    after = [
        _moved(node, {k: k if k < start else start if k in inside else k - less
                      for k in node.inputs})
        for node in nodes[stop:]
    ]  # fmt: skip
    return (*nodes[:start], block, *after)


def _moved(node: Node, places: dict[int, int]) -> Node:
    return Node(
        kind=node.kind, channels=node.channels, parameters=node.parameters, layers=node.layers,
        inputs=tuple(places[k] for k in node.inputs), inner=node.inner,
    )  # fmt: skip
