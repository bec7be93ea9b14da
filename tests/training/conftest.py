"""Fixtures of the engine's tests."""

from collections.abc import Iterator

import pytest

from overfit_core.models.build import floatx


@pytest.fixture
def float64() -> Iterator[None]:
    """Let Keras compute in float64, where equality can be asked for."""
    import keras

    before = keras.config.dtype_policy()
    with floatx("float64"):
        keras.config.set_dtype_policy("float64")
        yield
        keras.config.set_dtype_policy(before)
