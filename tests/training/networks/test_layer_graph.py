"""Graphs of the networks, read from the Keras models that are trained."""

from typing import Any

import numpy as np
import pytest

from restore import quiet_tensorflow
from training import Cgrdn, Grdn, LayerNode, MrUnet, PatchDiscriminator, layer_nodes

quiet_tensorflow()

SMALL = {"features": 16, "growth": 8, "groups": 2, "blocks": 1, "dense_layers": 1}
NETWORKS = {
    "cgrdn": Cgrdn(**SMALL),
    "grdn": Grdn(**SMALL, attention=True),
    "mr_unet": MrUnet(channels=(4, 6, 8)),
    "discriminator": PatchDiscriminator(features=2),
}


def taken(nodes: tuple[LayerNode, ...], node: LayerNode) -> list[str]:
    return [nodes[place].kind for place in node.inputs]


@pytest.mark.parametrize("name", NETWORKS)
def test_nodes_hold_all_parameters_and_stand_after_what_they_take(name: str) -> None:
    network: Any = NETWORKS[name]
    model = network.build(np.random.default_rng(1))
    nodes = layer_nodes(model)
    assert sum(node.parameters for node in nodes) == model.count_params()
    assert all(place < k for k, node in enumerate(nodes) for place in node.inputs)
    assert len([node for node in nodes if not node.inputs]) == len(model.inputs)
    reached = {place for node in nodes for place in node.inputs}
    assert len(nodes) - len(reached) == len(model.outputs)
    for node in nodes:
        joined = sum(nodes[place].channels for place in node.inputs)
        assert node.kind != "concatenate" or node.channels == joined


def test_the_graph_of_cgrdn() -> None:
    """Two groups of one block of one dense convolution; a group joins one block's output alone."""
    nodes = layer_nodes(NETWORKS["cgrdn"].build(np.random.default_rng(1)))
    block = ["conv 3x3 relu", "concatenate", "conv 1x1", "add"]
    group = [*block, "concatenate", "conv 1x1", "add"]
    assert [node.kind for node in nodes] == [
        "image", "conv 3x3", "conv 4x4 stride 2", *group, *group,
        "concatenate", "conv 1x1", "add", "deconv 4x4 stride 2", "conv 3x3", "add",
    ]  # fmt: skip
    assert taken(nodes, nodes[-1]) == ["conv 3x3", "image"]
    assert taken(nodes, nodes[-4]) == ["conv 1x1", "conv 4x4 stride 2"]
    assert [nodes[place].kind for place in nodes[-6].inputs] == ["add", "add"]
    assert nodes[3].channels == 8
    assert nodes[3].parameters == 9 * 16 * 8 + 8


def test_a_layer_used_twice_holds_its_numbers_once() -> None:
    nodes = layer_nodes(NETWORKS["grdn"].build(np.random.default_rng(1)))
    dense = [node for node in nodes if node.kind == "dense relu"]
    assert [node.parameters for node in dense] == [16 * 1 + 1, 0]
    assert {taken(nodes, node)[0] for node in dense} == {"mean of pixels", "maximum of pixels"}


def test_the_graph_of_the_discriminator() -> None:
    """The paper's Fig. 9 with the condition as the other half of its input."""
    nodes = layer_nodes(NETWORKS["discriminator"].build(np.random.default_rng(1)))
    normed = ["instance norm", "leaky relu"]
    assert [node.kind for node in nodes[2:]] == [
        "concatenate", "conv 4x4 stride 2", "leaky relu", "conv 4x4 stride 2", *normed,
        "conv 4x4 stride 2", *normed, "conv 4x4", *normed, "conv 4x4",
    ]  # fmt: skip
    assert taken(nodes, nodes[2]) == ["condition", "image"]
    assert [node.channels for node in nodes if node.kind.startswith("conv")] == [2, 4, 8, 16, 1]


def test_a_head_follows_its_level() -> None:
    """Short branches come first: a drawing's lines would cross otherwise."""
    nodes = layer_nodes(NETWORKS["mr_unet"].build(np.random.default_rng(1)))
    kinds = [node.kind for node in nodes]
    assert kinds[:3] == ["image", "average 2x2", "average 2x2"]
    decoder = ["upsample 2", "conv 4x4 relu", "batch norm", "concatenate", "conv 4x4", "add"]
    assert kinds[9:] == [*decoder, *decoder, "upsample 2", "conv 4x4", "add"]
    assert taken(nodes, nodes[-1]) == ["conv 4x4", "image"]
