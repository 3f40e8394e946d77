"""Counterparts of Figs. 8 and 9 and of Table 1: the networks, from the code's own graphs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import pandas as pd

from bench.paper.network_graph import (
    DENSE_BLOCK,
    GROUP,
    Node,
    generator_nodes,
    with_blocks,
)
from reports import Drawn, Material, PaperFigure, letter, new_page

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS: Final = {
    "conv": "#CFE3F2", "deconv": "#F6D9C4", "concatenate": "#E3E3E3", "add": "#FFFFFF",
    "image": "#FFFFFF", "input": "#FFFFFF", GROUP: "#BBD9C4", DENSE_BLOCK: "#D5E8C8",
}  # fmt: skip
_HEIGHT: Final = 158.0
#: Nodes side by side from which on letters are smaller.
_MANY: Final = 15


def _draw(material: Material) -> Drawn:
    del material
    nodes = generator_nodes()
    network = with_blocks(nodes)
    group = next(node for node in network if node.kind == GROUP)
    block = next(node for node in group.inner if node.kind == DENSE_BLOCK)
    entering = network[group.inputs[0]].channels
    page = new_page(_HEIGHT)
    rows = (
        ("a", "generator", network, 7.0, 0),
        ("b", f"{GROUP}, one of {_number(network, GROUP)}", group.inner, 58.0, entering),
        (
            "c",
            f"{DENSE_BLOCK}, one of {_number(group.inner, DENSE_BLOCK)}",
            block.inner,
            106.0,
            entering,
        ),
    )
    for mark, title, shown, top, fed in rows:
        axes = page.add_axes((3 / 180, 1 - (top + 44) / _HEIGHT, 174 / 180, 42 / _HEIGHT))
        _chain(axes, shown, fed=fed)
        letter(axes, mark, title)
    total = sum(node.parameters for node in nodes)
    layers = sum(node.layers for node in nodes)
    return Drawn(
        drawing=page,
        caption=(
            "CGRDN as restore/cgrdn/graph.py connects it; blocks are found in the recorded graph "
            "as what repeats there. Boxes hold the operation, the channels of its output, and its "
            "trained numbers; arcs are inputs from farther back. The dense convolutions alone "
            f"have a ReLU. In all {layers} layers with weights and {grouped(total)} trained "
            "numbers."
        ),
        tables={"layers": _layers(network)},
    )


def grouped(number: int) -> str:
    """Write a number with narrow blanks between its thousands."""
    return f"{number:,}".replace(",", "\u202f")


def _number(nodes: Sequence[Node], kind: str) -> int:
    return sum(node.kind == kind for node in nodes)


def _chain(axes: "Axes", nodes: Sequence[Node], *, fed: int = 0) -> None:
    """Draw nodes as boxes in a row, with arcs for inputs from farther back than the last one.

    A block begins with its input, of `fed` channels.
    """
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, PathPatch
    from matplotlib.path import Path

    shown = [Node(kind="input", channels=fed), *nodes] if fed else list(nodes)
    offset = 1 if fed else 0
    wide, tall, most = 0.72, 7.4, 4.0
    for k, node in enumerate(shown):
        colour = _COLOURS.get(node.kind) or _COLOURS[node.kind.split()[0]]
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


def _words(node: Node) -> str:
    """Operation, channels of its output and trained numbers, on a line each."""
    kind = node.kind.replace("x", " × ").replace("deconv", "transposed").replace(" stride", ", /")
    lines = [kind, f"{node.channels} channel{'s' if node.channels > 1 else ''}"]
    return "\n".join([*lines, *([grouped(node.parameters)] if node.parameters else [])])


def _layers(network: Sequence[Node]) -> pd.DataFrame:
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


FIGURES: Final = (
    PaperFigure(
        number="8",
        title="Generator: layers and trained numbers",
        theirs="The architecture of the generator, its groups and its residual dense blocks.",
        claims=(1, 2, 37),
        needs="nothing but this program",
        draw=_draw,
    ),
    PaperFigure(
        number="9",
        title="Patch discriminator",
        theirs="The architecture of the discriminator, which judges patches.",
        claims=(37,),
        needs="the training package",
        not_yet="the discriminator is part of the training package, which this version lacks; its "
        "graph is drawn once it is there",
    ),
    PaperFigure(
        number="table-1",
        title="PSNR and size of network architectures",
        theirs="Trained numbers and PSNR of MR-UNET, GRDN and CGRDN, trained alike.",
        claims=(3,),
        needs="the training package",
        not_yet="GRDN and MR-UNET must be trained beside CGRDN on the same images; their weights "
        "are not published, and no others stand in for them",
    ),
)
