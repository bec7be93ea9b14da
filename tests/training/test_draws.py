"""Random numbers that a loop draws: drawn at full speed, and the same ones as without that."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from overfit_core.training import cache, overfit, program
from overfit_core.training.draws import drawn_again, drawn_once


def graph_of(trace: Callable[[], object]) -> tf.Graph:
    graph = tf.Graph()
    with graph.as_default():
        trace()
    return graph


def drawn(*shapes: tuple[int, ...], dtype: str = "float32") -> tf.Graph:
    return graph_of(lambda: [tf.random.stateless_uniform(s, [1, 2], dtype=dtype) for s in shapes])


def test_what_is_drawn_in_one_place_only_is_found() -> None:
    assert drawn_once(drawn((4, 2), (3,), (4, 2), dtype="float64")) == [((3,), tf.float64)]


def test_normal_numbers_count_and_whole_ones_do_not() -> None:
    def trace() -> None:
        tf.random.stateless_normal((5,), [1, 2])
        tf.random.stateless_uniform((6,), [1, 2], maxval=9, dtype=tf.int32)

    assert drawn_once(graph_of(trace)) == [((5,), tf.float32)]


@tf.function(jit_compile=True, autograph=False)
def total(count: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    draws = []

    def add(i: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        numbers = tf.random.stateless_uniform((4, 8), tf.stack([i, 1]))
        draws[:] = drawn_once(numbers.graph)
        return i + 1, total + tf.reduce_sum(tf.where(numbers < 0.5, numbers, 0.0))

    start = (tf.constant(0), tf.constant(0.0))
    i, total = tf.while_loop(lambda i, _: i < count, add, start)
    return total, drawn_again(draws, count, i)


def test_xla_calls_its_generator_and_does_not_work_it_into_each_use() -> None:
    count = tf.constant(3)
    assert int(total(count)[1]) == 3
    compiled = total.experimental_get_compiler_ir(count)(stage="optimized_hlo")
    assert compiled.count("to_apply=%rng") == 2


@pytest.mark.few(1)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "layers",
    [
        [keras.layers.Dropout(0.5)],
        [keras.layers.GaussianNoise(0.3), keras.layers.GaussianDropout(0.2)],
        [keras.layers.Reshape((4, 2)), keras.layers.LSTM(3, dropout=0.2, recurrent_dropout=0.4)],
    ],
    ids=["dropout", "noise", "recurrent"],
)
def test_the_numbers_are_those_of_a_loop_that_draws_once(
    layers: list[keras.layers.Layer], dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losses() -> list[float]:
        cache.PROGRAMS.clear()
        keras.utils.set_random_seed(3)
        own = [type(layer).from_config({**layer.get_config(), "dtype": dtype}) for layer in layers]
        dense = [keras.layers.Dense(units, dtype=dtype) for units in (8, 1)]
        model = keras.Sequential([keras.Input((2,)), dense[0], *own, dense[1]])
        model.compile(keras.optimizers.SGD(0.01), loss="mse")
        return overfit(model, np.eye(2), np.array([[1.0], [0.0]]), epochs=20)["loss"].tolist()

    apart = losses()
    monkeypatch.setattr(program, "drawn_once", lambda graph: [])
    assert len(set(apart)) == 20
    assert losses() == pytest.approx(apart, rel=1e-6)
