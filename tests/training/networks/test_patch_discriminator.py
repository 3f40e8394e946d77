"""The patch discriminator: parameters, size of its scores, and what a score depends on."""

import numpy as np
import pytest

from restore import quiet_tensorflow
from stembench.errors import InputError
from training import PatchDiscriminator

quiet_tensorflow()


@pytest.mark.parametrize(("trained", "parameters"), [(False, 2_762_753), (True, 2_764_545)])
def test_parameters_and_size_of_the_scores(trained: bool, parameters: int) -> None:
    model = PatchDiscriminator(trained_norm=trained).build(np.random.default_rng(1))
    assert model.count_params() == parameters
    assert model.compute_output_shape([(4, 256, 256, 1)] * 2) == (4, 32, 32, 1)


def test_a_score_sees_seventy_pixels_of_image_and_of_condition() -> None:
    """Edges of what changes one score: 70 px in each direction, were it not for the norm.

    Instance normalisation carries a change anywhere to everywhere; its layers are passed by here.
    """
    import keras

    model = PatchDiscriminator(features=2).build(np.random.default_rng(1))
    plain = keras.models.clone_model(
        model,
        clone_function=lambda layer: (
            keras.layers.Identity(name=layer.name)
            if isinstance(layer, keras.layers.GroupNormalization)
            else layer.__class__.from_config(layer.get_config())
        ),
    )
    plain.set_weights(model.get_weights())
    still = np.zeros((1, 128, 128, 1), dtype=np.float32)
    for changed in range(2):
        images = [np.repeat(still, 128, axis=0), np.repeat(still, 128, axis=0)]
        images[changed][np.arange(128), np.arange(128), np.arange(128)] = 1.0
        scores = np.asarray(plain(images))[:, 8, 8, 0]
        seen = np.flatnonzero(scores != np.asarray(plain([still, still]))[0, 8, 8, 0])
        assert (seen.min(), seen.max()) == (seen.min(), seen.min() + 69)


def test_scores_do_not_depend_on_the_other_images_of_a_batch() -> None:
    """Instances are normalised each by itself, unlike in a batch normalisation."""
    model = PatchDiscriminator(features=4).build(np.random.default_rng(1))
    images = np.random.default_rng(2).normal(size=(2, 3, 32, 32, 1)).astype(np.float32)
    together = np.asarray(model(list(images)))
    alone = np.asarray(model(list(images[:, 1:2])))
    np.testing.assert_allclose(together[1:2], alone, atol=1e-5)
    assert np.abs(together[0] - together[1]).max() > 1e-2


def test_no_features_are_refused() -> None:
    with pytest.raises(InputError, match="features of the discriminator"):
        PatchDiscriminator(features=0)
