"""Pictures and layer tables of the networks of training, written to files."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bench.paper.networks.network_drawing import draw_chain, grouped, layer_table, lines_of
from bench.paper.networks.network_graph import Node, drawn_together, with_blocks
from restore import quiet_tensorflow, require_keras
from stembench.atomic_files import replacing
from stembench.errors import InputError
from training import Cgrdn, Grdn, MrUnet, PatchDiscriminator, layer_nodes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BUILD: Final[dict[str, Callable[[np.random.Generator], Any]]] = {
    "cgrdn": Cgrdn().build,
    "grdn": Grdn(attention=True).build,
    "mr-unet": MrUnet().build,
    "discriminator": PatchDiscriminator().build,
}
_INCH: Final = 25.4
#: Sizes in mm: a line of a box's text with the gap between boxes, a row of boxes, and the least
#: width of a picture.
_LINE: Final = 3.3
_ROW: Final = 52.0
_LEAST: Final = 120.0


@dataclass(frozen=True, kw_only=True)
class DrawnNetwork:
    """A network that has been drawn."""

    name: str
    layers: int
    """Layers that hold numbers."""
    parameters: int
    """Numbers that they hold, the statistics of batch norms among them."""
    paths: tuple[Path, ...]
    """PNG, SVG and CSV."""


def draw_networks(folder: Path, names: Sequence[str] = ()) -> Iterator[DrawnNetwork]:
    """Draw networks one by one, as PNG and SVG with a CSV table of their layers.

    Parameters
    ----------
    folder : pathlib.Path
        Made if absent.
    names : sequence of str
        'cgrdn', 'grdn' (with attention), 'mr-unet', 'discriminator'; all by default.

    Raises
    ------
    stembench.errors.InputError
        If a name is unknown, or Keras is not installed.
    """
    unknown = next((name for name in names if name not in _BUILD), None)
    if unknown is not None:
        raise InputError(f"there is no network '{unknown}'; known are {', '.join(_BUILD)}")
    require_keras("the graph of a network")
    quiet_tensorflow()
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or _BUILD:
        # Weights do not show; any generator will do.
        layers = layer_nodes(_BUILD[name](np.random.default_rng(0)))
        nodes = with_blocks(drawn_together(layers))
        figure = network_figure(name, nodes)
        paths = tuple(folder / f"{name}.{ending}" for ending in ("png", "svg", "csv"))
        for path in paths[:2]:
            with replacing(path) as temporary:
                figure.savefig(temporary, format=path.suffix[1:], dpi=200)
        with replacing(paths[2]) as temporary:
            layer_table(nodes).to_csv(temporary, index=False)
        yield DrawnNetwork(
            name=name,
            layers=sum(node.layers for node in nodes),
            parameters=sum(node.parameters for node in nodes),
            paths=paths,
        )


def network_figure(name: str, nodes: Sequence[Node]) -> "Figure":
    """Draw a network in one row, and below it each kind of block that it holds."""
    from matplotlib.figure import Figure

    rows: list[tuple[str, Sequence[Node], int]] = []
    waiting: list[tuple[str, Sequence[Node], int]] = [(name, nodes, 0)]
    while waiting:
        title, shown, fed = waiting.pop(0)
        rows.append((title, shown, fed))
        block = next((node for node in shown if node.inner), None)
        if block is not None:
            times = sum(node.kind == block.kind for node in shown)
            entering = shown[block.inputs[0]].channels if block.inputs[0] >= 0 else fed
            waiting.append((f"{block.kind}, one of {times}", block.inner, entering))
    box = _LINE * max(lines_of(node) for _, shown, _ in rows for node in shown)
    width = max(_LEAST, *(box * (len(shown) + 2) for _, shown, _ in rows))
    height = _ROW * len(rows) + 8
    figure = Figure(figsize=(width / _INCH, height / _INCH))
    for number, (title, shown, fed) in enumerate(rows):
        bottom = height - 4 - _ROW * (number + 1)
        span = box * (len(shown) + (1 if fed else 0))
        axes = figure.add_axes((3 / width, bottom / height, span / width, (_ROW - 5) / height))
        draw_chain(axes, shown, fed=fed)
        figure.text(3 / width, (bottom + _ROW - 3) / height, title, fontsize=8, weight="bold")
    held = grouped(sum(node.parameters for node in nodes))
    layers = sum(node.layers for node in nodes)
    figure.text(3 / width, 2 / height, f"{layers} layers hold {held} numbers", fontsize=7)
    return figure
