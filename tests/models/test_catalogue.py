from typing import get_args

import pytest

from overfit_core.models.catalogue import ACTIVATIONS, INITIALIZERS, Activation, Initializer
from overfit_core.models.layers.weights import build_initializer


def test_every_name_has_a_meaning() -> None:
    assert tuple(ACTIVATIONS) == get_args(Activation)
    assert tuple(INITIALIZERS) == get_args(Initializer)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_keras_has_every_activation_and_it_keeps_the_shape(name: str) -> None:
    import keras
    import numpy as np

    x = np.linspace(-3, 3, 6).reshape(2, 3)
    assert keras.activations.get(name)(x).shape == (2, 3)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_an_initialiser_draws_the_same_numbers_for_the_same_seed(name: str) -> None:
    import numpy as np

    same, again, other = (np.asarray(build_initializer(name, s)((6, 4))) for s in (1, 1, 2))
    np.testing.assert_array_equal(same, again)
    assert (same == other).all() == (name in ("zeros", "ones"))


@pytest.mark.parametrize("name", ["random_normal", "truncated_normal"])
def test_a_standard_deviation_scales_the_draw(name: str) -> None:
    import numpy as np

    narrow = np.asarray(build_initializer(name, 1, 0.1)((50, 40)))
    assert narrow.std() == pytest.approx(0.1, rel=0.2)
