"""A network as boxes in a row, with arcs for what is taken from farther back."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import pandas as pd

from bench.paper.networks.network_graph import DENSE_BLOCK, GROUP, Node

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS: Final = {
    "conv": "#CFE3F2", "deconv": "#F6D9C4", "concatenate": "#E3E3E3", "add": "#FFFFFF",
    "image": "#FFFFFF", "input": "#FFFFFF", GROUP: "#BBD9C4", DENSE_BLOCK: "#D5E8C8",
}  # fmt: skip
_SIZE: Final = re.compile(r"(\d)x(\d)")
#: Nodes side by side from which on letters are smaller.
_MANY: Final = 15


def grouped(number: int) -> str:
    """Write a number with narrow blanks between its thousands."""
    return f"{number:,}".replace(",", "\u202f")


def draw_chain(axes: "Axes", nodes: Sequence[Node], *, fed: int = 0) -> None:
    """Draw nodes as boxes in a row, with arcs for inputs from farther back than the last one.

    A block begins with its input, of `fed` channels.
    """
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, PathPatch
    from matplotlib.path import Path

    shown = [Node(kind="input", channels=fed), *nodes] if fed else list(nodes)
    offset = 1 if fed else 0
    wide, tall, most = 0.72, 7.4, 4.0
    for k, node in enumerate(shown):
        colour = _COLOURS.get(node.kind) or _COLOURS.get(node.kind.split()[0], "#F3EFC4")
        colour = colour if node.inputs else _COLOURS["image"]
        axes.add_patch(
            FancyBboxPatch(
                (k - wide / 2, 0), wide, tall, boxstyle="round,pad=0,rounding_size=0.12",
                facecolor=colour, edgecolor="#333333", linewidth=0.6,
            )
        )  # fmt: skip
        size = 5.6 if len(shown) < _MANY else 5.0
        axes.text(
            k, tall / 2, _words(node), rotation=90, ha="center", va="center", fontsize=size,
            linespacing=1.1,
        )  # fmt: skip
        for place in node.inputs:
            source = place + offset
            if k - source == 1:
                arrow = FancyArrowPatch(
                    (source + wide / 2, tall / 2), (k - wide / 2, tall / 2), arrowstyle="-|>",
                    mutation_scale=4, linewidth=0.6, color="#333333", shrinkA=0, shrinkB=0,
                )  # fmt: skip
                axes.add_patch(arrow)
                continue
            # A parabola whose crest is the higher the farther it reaches.
            crest = tall + 2 * most * (0.25 + 0.75 * (k - source) / len(shown))
            ends = [(source, tall), ((source + k) / 2, crest), (k, tall)]
            path = Path(ends, [Path.MOVETO, Path.CURVE3, Path.CURVE3])
            axes.add_patch(PathPatch(path, facecolor="none", edgecolor="#0072B2", linewidth=0.7))
            axes.plot(k, tall + 0.18, marker="v", markersize=2.4, color="#0072B2")
    axes.set_xlim(-0.6, len(shown) - 0.4)
    axes.set_ylim(-0.2, tall + most + 0.4)
    axes.set_axis_off()


def lines_of(node: Node) -> int:
    """Return the number of lines of text in a node's box."""
    return _words(node).count("\n") + 1


def _words(node: Node) -> str:
    """Operation, channels of its output and trained numbers, on a line each."""
    kind = (
        _SIZE.sub(r"\1 × \2", node.kind)
        .replace("deconv", "transposed")
        .replace(" stride", ", /")
        .replace(" + ", "\n+ ")
    )
    lines = [kind, f"{node.channels} channel{'s' if node.channels > 1 else ''}"]
    return "\n".join([*lines, *([grouped(node.parameters)] if node.parameters else [])])


def layer_table(network: Sequence[Node]) -> pd.DataFrame:
    """Every node of the network, those of blocks after these, with the depth of each."""

    def told(nodes: Sequence[Node], depth: int, within: str) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = []
        for k, node in enumerate(nodes):
            name = f"{within}{k}"
            rows.append(
                {
                    "node": name, "depth": depth, "kind": node.kind, "channels": node.channels,
                    "layers": node.layers, "parameters": node.parameters,
                }
            )  # fmt: skip
            rows += told(node.inner, depth + 1, f"{name}.")
        return rows

    return pd.DataFrame(told(network, 0, ""))
