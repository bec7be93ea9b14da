"""The quick oracle of the engine's tests gives what ``model.fit`` gives."""

from typing import Any

import keras
import pytest

from tests.training.oracle import (
    ARTICLE_X,
    ARTICLE_Y,
    EPOCHS,
    dense_model,
    fitted,
    state_of,
    stepped,
)


@pytest.mark.few(1)
@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("arguments", [{}, {"use_ema": True, "ema_momentum": 0.9}], ids=str)
def test_the_step_in_a_loop_gives_what_fit_gives_to_the_last_bit(arguments: dict[str, Any]) -> None:
    make = dense_model(keras.optimizers.Adam(0.01, **arguments))
    loop, fit = make(), make()
    loop.set_weights(fit.get_weights())
    assert stepped(loop, ARTICLE_X, ARTICLE_Y, epochs=EPOCHS) == fitted(
        fit, ARTICLE_X, ARTICLE_Y, epochs=EPOCHS
    )
    for own, their in zip(state_of(loop), state_of(fit), strict=True):
        assert own.numpy().tobytes() == their.numpy().tobytes(), own.path
