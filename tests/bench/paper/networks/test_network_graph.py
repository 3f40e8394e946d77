"""The generator's graph as its code connects it, and its repeated blocks."""

import numpy as np
import pytest

from bench.paper.declared.architectures import FIGURES
from bench.paper.networks.network_drawing import grouped
from bench.paper.networks.network_graph import (
    DENSE_BLOCK,
    GROUP,
    Node,
    drawn_together,
    generator_nodes,
    with_blocks,
)
from reports import Material
from restore.cgrdn.graph import BLOCKS, CONVOLUTIONS, DENSE_LAYERS, GROUPS, count_parameters
from training import Cgrdn, LayerNode, layer_nodes


def flattened(nodes: tuple[Node, ...]) -> list[Node]:
    """Nodes of all depths, blocks replaced by what is in them."""
    out = []
    for node in nodes:
        out += flattened(node.inner) if node.inner else [node]
    return out


def test_blocks_hold_the_whole_graph() -> None:
    nodes = generator_nodes()
    network = with_blocks(nodes)
    assert sum(node.parameters for node in network) == count_parameters() == 7_035_521
    assert sum(node.layers for node in network) == CONVOLUTIONS == 153
    assert [node.kind for node in flattened(network)] == [node.kind for node in nodes]
    groups = [node for node in network if node.kind == GROUP]
    assert len(groups) == GROUPS
    for group in groups:
        blocks = [node for node in group.inner if node.kind == DENSE_BLOCK]
        assert len(blocks) == BLOCKS
        assert {block.layers for block in blocks} == {DENSE_LAYERS + 1}
        # networks.md states 426 304 for a block, from the published table.
        assert {block.parameters for block in blocks} == {426_304}


def test_inputs_of_the_drawn_network_are_those_of_the_paper() -> None:
    """Global residual, residual about the groups, and the concatenation of all groups."""
    network = with_blocks(generator_nodes())
    kinds = [node.kind for node in network]
    joined = network[kinds.index("concatenate")]
    assert [network[k].kind for k in joined.inputs] == [GROUP] * GROUPS
    inner, outer = (node for node in network if node.kind == "add")
    assert {network[k].kind for k in inner.inputs} == {"conv 1x1", "conv 4x4 stride 2"}
    assert {network[k].kind for k in outer.inputs} == {"conv 3x3", "image"}


def test_what_leaks_out_of_a_block_is_no_block() -> None:
    """A node inside that a later one takes would be lost in the drawing."""
    leak = (
        Node(kind="image", channels=1),
        Node(kind="conv 3x3 relu", channels=1, inputs=(0,)),
        Node(kind="concatenate", channels=2, inputs=(0, 1)),
        Node(kind="conv 1x1", channels=1, inputs=(2,)),
        Node(kind="add", channels=1, inputs=(3, 0)),
        Node(kind="add", channels=1, inputs=(4, 1)),
    )
    with pytest.raises(ValueError, match="no block of one input and one output"):
        with_blocks(leak)


def test_the_figures_state_the_counts() -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    figures = {figure.number: figure for figure in FIGURES}
    drawn = figures["8"].draw(Material(restored=refuse, found=refuse))
    assert f"153 layers with weights and {grouped(7_035_521)} trained numbers" in drawn.caption
    table = drawn.tables["layers"]
    assert table[table["depth"] == 0]["parameters"].sum() == 7_035_521
    drawn = figures["9"].draw(Material(restored=refuse, found=refuse))
    assert f"In all {grouped(2_762_753)} trained numbers" in drawn.caption
    assert drawn.tables["layers"]["parameters"].sum() == 2_762_753


def test_norms_and_activations_are_in_the_box_of_their_convolution() -> None:
    """Unless something else takes what is between them."""
    layers = (
        LayerNode(kind="image", channels=1),
        LayerNode(kind="upsample 2", channels=1, inputs=(0,)),
        LayerNode(kind="conv 4x4", channels=2, parameters=34, layers=1, inputs=(1,)),
        LayerNode(kind="batch norm", channels=2, parameters=8, layers=1, inputs=(2,)),
        LayerNode(kind="leaky relu", channels=2, inputs=(3,)),
        LayerNode(kind="concatenate", channels=4, inputs=(3, 4)),
    )
    boxes = drawn_together(layers)
    assert [box.kind for box in boxes] == [
        "image", "upsample 2 + conv 4x4 + batch norm", "leaky relu", "concatenate"
    ]  # fmt: skip
    assert boxes[1] == Node(kind=boxes[1].kind, channels=2, parameters=42, layers=2, inputs=(0,))
    assert boxes[3].inputs == (1, 2)


def test_a_generators_own_graph_and_its_keras_model_have_the_same_blocks() -> None:
    model = Cgrdn(groups=2, blocks=2, dense_layers=2).build(np.random.default_rng(1))
    network = with_blocks(drawn_together(layer_nodes(model)))
    assert [node.kind for node in network] == [
        "image", "conv 3x3", "conv 4x4 stride 2", GROUP, GROUP, "concatenate", "conv 1x1", "add",
        "deconv 4x4 stride 2", "conv 3x3", "add",
    ]  # fmt: skip
    assert sum(node.parameters for node in network) == model.count_params()
