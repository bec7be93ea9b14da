"""Operations replaced by others that XLA is handed at once: the same numbers, to the last bit."""

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework.function_pb2 import FunctionDef

from overfit_core.presets import PRESETS
from overfit_core.spec import RunSpec
from overfit_core.training import loops
from overfit_core.training.cache import PROGRAMS
from overfit_core.training.loops import adopted
from overfit_core.training.lowering import SHAPES, lower_directly
from overfit_core.training.spec_session import SpecSession

Concrete = tf.types.experimental.ConcreteFunction
HARD = [0.0, -0.0, 1.5, -1.5, np.inf, -np.inf, np.nan, 1e-42]
OPERATIONS: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "Relu": lambda x: tf.raw_ops.Relu(features=x),
    "ReluGrad": lambda x: tf.raw_ops.ReluGrad(gradients=tf.reverse(x, [0]), features=x),
    "Select": lambda x: tf.raw_ops.Select(condition=x > 0.5, x=x, y=2 * x),
    "Reciprocal": lambda x: tf.raw_ops.Reciprocal(x=x),
}


def traced(step: Callable[[tf.Tensor], tf.Tensor], *shape: int, dtype: str) -> Concrete:
    """What the loop of a program is: an operation in the body of a loop."""

    def loop(x: tf.Tensor) -> tf.Tensor:
        def body(i: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return i + 1, step(x + tf.cast(i, x.dtype))

        like = tf.function(step).get_concrete_function(tf.TensorSpec(shape, dtype)).outputs[0]
        start = (tf.constant(0), tf.zeros(like.shape, dtype))
        return tf.while_loop(lambda i, _: i < 1, body, start)[1]

    function = tf.function(loop, jit_compile=True, autograph=False)
    return function.get_concrete_function(tf.TensorSpec(shape, dtype))


def operations(concrete: Concrete) -> set[str]:
    """The operations of all functions that a loop is made of, once they are replaced."""
    library = concrete.graph.as_graph_def(add_shapes=True).library
    for function in library.function:
        lower_directly(function)
        assert not any(SHAPES in node.attr for node in function.node_def)
    return {node.op for function in library.function for node in function.node_def}


@pytest.mark.few(4)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_what_comes_instead_gives_the_same_to_the_last_bit(name: str, dtype: str) -> None:
    hard = np.array(HARD, dtype)
    drawn = np.random.default_rng(3).normal(size=(8, 40)).astype(dtype)
    for values in (np.stack([hard, hard[::-1], np.roll(hard, 3)]), drawn, drawn.reshape(8, 5, 8)):
        concrete = traced(OPERATIONS[name], *values.shape, dtype=dtype)
        assert name not in operations(concrete)
        (found,) = adopted(concrete, [], xla=True)([tf.constant(values)])  # type: ignore[misc]
        wanted = concrete(tf.constant(values))
        np.testing.assert_array_equal(found, wanted)
        np.testing.assert_array_equal(np.signbit(found), np.signbit(wanted))


def test_all_that_a_function_returns_is_found() -> None:
    """Protobuf's maps are in an order of their own: each is found wherever it stands."""
    for names in np.arange(240).reshape(20, 12).astype(str):
        function = FunctionDef()
        for name in names:
            node = function.node_def.add(name=f"relu{name}", op="Relu", input=["x"])
            node.attr["T"].type = tf.float32.as_datatype_enum
            function.ret[f"out{name}"] = f"relu{name}:activations:0"
        lower_directly(function)
        assert dict(function.ret) == {f"out{name}": f"relu{name}:z:0" for name in names}


def test_what_comes_instead_has_no_name_of_another() -> None:
    def step(x: tf.Tensor) -> tf.Tensor:
        relu = tf.raw_ops.Relu(features=x)
        with tf.name_scope(f"{relu.op.name}/"):
            half = tf.constant(0.5, x.dtype, name="zero")
            more = tf.greater(x, half, name="Greater")
        gradient = tf.raw_ops.ReluGrad(gradients=x, features=relu)
        with tf.name_scope(f"{gradient.op.name}/"):
            zero = tf.constant(2.0, x.dtype, name="zero")
            less = tf.less(x, zero, name="Greater")
        return tf.where(more & less, relu, half) + zero * gradient

    concrete = traced(step, 5, dtype="float32")
    assert "Relu" not in operations(concrete)
    x = tf.constant([-1.0, 0.25, 0.75, 1.5, 2.5])
    (found,) = adopted(concrete, [], xla=True)([x])  # type: ignore[misc]
    np.testing.assert_array_equal(found, concrete(x))


def test_what_is_no_equal_is_left_alone() -> None:
    def rows(x: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.Select(condition=x[:, 0] > 0, x=x, y=2 * x)

    def half(x: tf.Tensor) -> tf.Tensor:
        return tf.cast(tf.raw_ops.Relu(features=tf.cast(x, "float16")), x.dtype)

    assert "Select" in operations(traced(rows, 3, 2, dtype="float32"))
    assert "Relu" in operations(traced(half, 3, dtype="float32"))


@pytest.mark.few(1)
@pytest.mark.parametrize("name", ["article-2", "article-3", "sensor-lstm", "dead-relus", "iris"])
def test_a_run_is_the_same_to_the_last_bit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = PRESETS[name].spec
    training = {"training": {"epochs": 40, "seed": 5, "probes": ["gradient_norm", "samples"]}}
    spec = RunSpec.load(spec.model_dump(mode="json") | training)

    def history() -> dict[str, list[str]]:
        PROGRAMS.clear()
        found = SpecSession(spec).advance(40)
        return {column: [float(value).hex() for value in found[column]] for column in found}

    replaced = history()

    def as_traced(function: tf.compat.v1.NodeDef) -> None:
        for node in function.node_def:
            node.attr.pop(SHAPES, None)

    monkeypatch.setattr(loops, "lower_directly", as_traced)
    assert history() == replaced
