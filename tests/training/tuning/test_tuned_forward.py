"""The network of a tuning: values and gradients are those of automatic differentiation."""

import numpy as np

from training.networks.dense_networks import Cgrdn
from training.tuning.fusion_tuning import hold_all_but_fusions
from training.tuning.tuned_forward import tuned_forward

TINY = Cgrdn(features=6, growth=3, groups=2, blocks=2, dense_layers=3)
#: (n, h, w, 1), no two sides alike.
X = np.random.default_rng(0).standard_normal((2, 20, 14, 1)).astype(np.float32)


def both(precision, *, change=None):
    """Outputs and gradients of the fusions, by hand and by Keras and TensorFlow."""
    import tensorflow as tf

    # Biases, which begin at zero, are drawn too: a ReLU is then at no corner.
    rng = np.random.default_rng(3)
    weights = {}
    model = TINY.build(rng)
    for layer in model.layers:
        if layer.name.startswith("conv_"):
            kernel, bias = layer.get_weights()
            weights[int(layer.name[5:])] = kernel, 0.1 * rng.standard_normal(bias.shape)
    model = TINY.build_with(weights, precision=precision)
    hold_all_but_fusions(model)
    forward = tuned_forward(model, TINY, precision=precision)
    if change is not None:
        change(model)
    out = []
    for function in (tf.function(forward), lambda x: model(x, training=True)):
        with tf.GradientTape() as tape:
            restored = function(tf.constant(X))
            loss = tf.reduce_mean(tf.abs(restored - 0.3) ** 1.5)
        gradients = tape.gradient(loss, [each.value for each in model.trainable_weights])
        out.append((np.asarray(restored), [np.asarray(each) for each in gradients]))
    return out


def apart(one, other):
    """Largest difference over the largest value."""
    return float(np.abs(one - other).max() / np.abs(other).max())


def test_values_and_gradients_are_those_of_automatic_differentiation():
    (restored, gradients), (expected, others) = both("float32")
    assert apart(restored, expected) < 1e-5
    assert len(gradients) == len(others) == 2 * (2 * (2 + 1) + 1)
    for one, other in zip(gradients, others, strict=True):
        assert np.abs(other).max() > 0
        assert apart(one, other) < 1e-4
    # Negative control: the gradients of two fusions are not alike.
    assert apart(gradients[0][0, 0], others[2][0, 0]) > 0.01


def test_low_precision_rounds_and_no_more():
    """bfloat16 has 8 bits, so 0.4 % a product; a sum over thousands of them is far nearer."""
    (restored, gradients), (expected, others) = both("mixed_bfloat16")
    assert apart(restored, expected) < 0.02
    for one, other in zip(gradients, others, strict=True):
        assert apart(one, other) < 0.1
    exact = both("float32")[1][0]
    assert apart(expected, exact) > 1e-5  # it is of low precision indeed


def test_fusions_are_read_at_each_call():
    def change(model):
        layer = model.get_layer("conv_005")
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel + 0.5, bias])

    plain = both("float32")[0][0]
    (restored, _), (expected, _) = both("float32", change=change)
    assert apart(restored, expected) < 1e-5
    assert apart(restored, plain) > 0.01


def test_what_is_held_has_no_gradient():
    import tensorflow as tf

    model = TINY.build(np.random.default_rng(0))
    hold_all_but_fusions(model)
    forward = tuned_forward(model, TINY)
    dense = model.get_layer("conv_002").kernel.value
    with tf.GradientTape() as tape:
        tape.watch(dense)
        loss = tf.reduce_sum(forward(tf.constant(X)))
    assert tape.gradient(loss, dense) is None
