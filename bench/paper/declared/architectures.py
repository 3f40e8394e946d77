"""Counterparts of Figs. 8 and 9 and of Table 1: the networks, from the code's own graphs."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from bench.paper.networks.network_drawing import draw_chain, grouped, layer_table
from bench.paper.networks.network_graph import (
    DENSE_BLOCK,
    GROUP,
    Node,
    drawn_together,
    generator_nodes,
    with_blocks,
)
from bench.paper.verdicts import judged
from reports import Drawn, Finding, Material, Number, PaperFigure, letter, new_page, rule, within
from restore import quiet_tensorflow, require_keras
from training import PatchDiscriminator, layer_nodes

_HEIGHT: Final = 158.0
_ROW: Final = 50.0
#: Side of the images that the paper trains on, px.
_IMAGE: Final = 256


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
        draw_chain(axes, shown, fed=fed)
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
        tables={"layers": layer_table(network)},
    )


def _draw_discriminator(material: Material) -> Drawn:
    del material
    require_keras("the discriminator's graph")
    quiet_tensorflow()
    # Weights do not show; any generator will do.
    model = PatchDiscriminator().build(np.random.default_rng(0))
    nodes = drawn_together(layer_nodes(model))
    padded, bare, patch = discriminator_sizes(model, side=_IMAGE)
    page = new_page(_ROW)
    axes = page.add_axes((3 / 180, 2 / _ROW, 174 / 180, 42 / _ROW))
    draw_chain(axes, nodes)
    letter(axes, "a", "discriminator")
    total = sum(node.parameters for node in nodes)
    return Drawn(
        drawing=page,
        caption=(
            "The patch discriminator as training/networks/patch_discriminator.py connects it. "
            "Boxes hold the operations, the channels of their output, and their trained numbers. "
            f"The condition is the distorted image. Of {_IMAGE} x {_IMAGE} px it gives {padded} x "
            f"{padded} scores, which are not transformed; each sees {patch} x {patch} px. Without "
            f"the zeros that convolutions add at the edge there would be {bare} x {bare}: the "
            "paper removes 'zero-padding layers' and names 32 x 32, which do not go together. In "
            f"all {grouped(total)} trained numbers."
        ),
        tables={"layers": layer_table(nodes)},
        findings=(_sizes_judged(padded, bare, patch),),
    )


def discriminator_sizes(model: Any, /, *, side: int) -> tuple[int, int, int]:
    """Sides in px of a discriminator's scores, of these without any padding, and of its patch.

    Parameters
    ----------
    model : keras.Model
        A chain of convolutions whose kernels are square.
    side : int
        Of its images, px.

    Returns
    -------
    padded, bare, patch : int
        Scores as the model gives them; scores if no convolution padded; what one score sees.
    """
    import keras

    shape = (1, side, side, 1)
    padded = model.compute_output_shape([shape for _ in model.inputs])[1]
    bare, patch, step = side, 1, 1
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, stride = layer.kernel_size[0], layer.strides[0]
            bare = (bare - kernel) // stride + 1
            patch += (kernel - 1) * step
            step *= stride
    return int(padded), bare, patch


def _sizes_judged(padded: int, bare: int, patch: int) -> Finding:
    sizes = {
        "scores with padding": (padded, 32), "scores without padding": (bare, 32),
        "patch": (patch, 70),
    }  # fmt: skip
    numbers = [
        Number(value=size, low=size, high=size, unit="px", condition=name)
        for name, (size, _) in sizes.items()
    ]
    conditions = (within(said - 0.5, said + 0.5, name=name) for name, (_, said) in sizes.items())
    return judged(37, rule(*conditions), numbers)


def _number(nodes: Sequence[Node], kind: str) -> int:
    return sum(node.kind == kind for node in nodes)


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
        needs="the extra tensorflow",
        draw=_draw_discriminator,
    ),
)
