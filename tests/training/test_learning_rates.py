"""Schedules evaluated many steps at once, against Keras one step at a time."""

import keras
import numpy as np
import pytest

from overfit_core.training.learning_rates import learning_rates
from overfit_core.training.types import KerasObject

SCHEDULES = keras.optimizers.schedules


@pytest.mark.few(1)
@pytest.mark.parametrize(
    "schedule",
    [
        SCHEDULES.ExponentialDecay(0.1, 130, 0.7),
        SCHEDULES.ExponentialDecay(0.1, 130, 0.7, staircase=True),
        SCHEDULES.InverseTimeDecay(0.1, 13, 0.7, staircase=True),
        SCHEDULES.PolynomialDecay(0.1, 600, 0.001, power=2.0),
        SCHEDULES.PolynomialDecay(0.1, 300, 0.001, cycle=True),
        SCHEDULES.CosineDecay(0.1, 600, alpha=0.1),
        SCHEDULES.CosineDecay(0.001, 600, warmup_target=0.1, warmup_steps=200),
        SCHEDULES.CosineDecayRestarts(0.1, 150, t_mul=2.0, m_mul=0.8),
        SCHEDULES.CosineDecayRestarts(0.1, 150, t_mul=1.0, alpha=0.05),
        SCHEDULES.PiecewiseConstantDecay([200, 500], [0.1, 0.01, 0.05]),
    ],
    ids=lambda s: type(s).__name__,
)
def test_schedules_equal_keras_step_by_step(schedule: KerasObject) -> None:
    expected = [float(schedule(step)) for step in range(0, 6000, 7)]
    rates = learning_rates(keras.optimizers.SGD(schedule), 0, 6000)
    assert rates.dtype == np.float32
    # A cosine near its end is a small difference of large numbers.
    np.testing.assert_allclose(rates[::7], expected, 2e-5, 1e-7)


def test_steps_count_on_from_earlier_training() -> None:
    optimizer = keras.optimizers.SGD(SCHEDULES.ExponentialDecay(0.1, 13, 0.7))
    whole = learning_rates(optimizer, 0, 100)
    np.testing.assert_array_equal(learning_rates(optimizer, 60, 40), whole[60:])


def test_a_constant_rate_is_repeated() -> None:
    rates = learning_rates(keras.optimizers.Adam(0.25), 5, 3)
    np.testing.assert_array_equal(rates, np.full(3, 0.25, np.float32))


@pytest.mark.usefixtures("float64")
def test_float64_rates_across_several_calls_are_those_of_keras() -> None:
    schedule = SCHEDULES.ExponentialDecay(0.1, 5000, 0.7)
    rates = learning_rates(keras.optimizers.SGD(schedule), 4000, 5000)
    expected = [float(schedule(step)) for step in range(4000, 9000, 500)]
    assert rates.dtype == np.float64
    np.testing.assert_allclose(rates[::500], expected, 1e-6)
