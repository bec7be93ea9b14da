"""Faults put into healthy programs, one at a time: what the diagnosis is measured on.

Eight healthy architectures, each with every fault of the table that it can have. The faults are
fixed numbers, the same for every architecture, and not tuned to what a rule finds; some nets
memorise in spite of one, which then is no fault. ``held_out`` has architectures that nobody looked
at while the rules were made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from tests.diagnosis.programs import classes, curve, points

LAYERS = keras.layers
Array = NDArray[Any]


@dataclass(frozen=True)
class Net:
    """A network and a batch.

    Attributes:
        x: Inputs.
        y: Labels.
        body: Makes the hidden layers; takes the settings of ``hidden``.
        outputs: Units of the output.
        output: Its activation.
        loss: The loss.
        rate: Learning rate of Adam.
        epochs: How long it trains.
        hidden: Arguments of every hidden layer with weights.
        drop: Dropout behind each of them; 0 for none.
        frozen: Whether the hidden layers are kept from training.
        optimizer: Class name.
        side_by_side: Whether the layers of the body are branches that are joined, not a chain.
    """

    x: Array
    y: Array
    body: Callable[[Mapping[str, Any]], list[Any]]
    outputs: int
    output: str | None
    loss: str
    rate: float = 0.01
    epochs: int = 300
    hidden: Mapping[str, Any] = field(default_factory=dict)
    drop: float = 0.0
    frozen: bool = False
    optimizer: str = "Adam"
    side_by_side: bool = False

    def model(self) -> keras.Model:
        """Make the model; equal each time."""
        keras.utils.set_random_seed(1)
        dtype = str(self.x.dtype)
        inputs, hidden = keras.Input(self.x.shape[1:], dtype=dtype), []
        for layer in self.body({"dtype": dtype} | dict(self.hidden)):
            layer.trainable = not self.frozen
            drops = self.drop and hasattr(layer, "kernel_initializer")
            hidden.append([layer, *([LAYERS.Dropout(self.drop, dtype=dtype)] if drops else [])])
        output = LAYERS.Dense(self.outputs, self.output, dtype=dtype)
        if self.side_by_side:
            joined = LAYERS.Concatenate(dtype=dtype)([_chained(part, inputs) for part in hidden])
            model = keras.Model(inputs, output(joined))
        else:
            model = keras.Sequential([inputs, *(one for part in hidden for one in part), output])
        model.compile(getattr(keras.optimizers, self.optimizer)(self.rate), loss=self.loss)
        return model


def _chained(layers: list[Any], tensor: Any) -> Any:  # noqa: ANN401  # Keras's own tensors
    for layer in layers:
        tensor = layer(tensor)
    return tensor


def dense(*units: int, activation: str = "tanh") -> Callable[[Mapping[str, Any]], list[Any]]:
    return lambda more: [
        LAYERS.Dense(n, **({"activation": activation} | dict(more))) for n in units
    ]


def _convolution(more: Mapping[str, Any]) -> list[Any]:
    settings = {"activation": "relu"} | dict(more)
    return [LAYERS.Conv2D(8, 3, **settings), LAYERS.Flatten(), LAYERS.Dense(16, **settings)]


def _recurrent(more: Mapping[str, Any]) -> list[Any]:
    return [LAYERS.LSTM(16, **dict(more))]


def _images(count: int) -> tuple[Array, Array]:
    draw = np.random.default_rng(3)
    label = np.arange(16) % count
    kinds = draw.random((count, 8, 8, 1))
    return (kinds[label] * 0.8 + 0.2 * draw.random((16, 8, 8, 1))).astype("float32"), label


def _waves() -> tuple[Array, Array]:
    draw = np.random.default_rng(4)
    label = np.arange(16) % 2
    steps = np.arange(12)[None, :] * np.where(label, 1.2, 0.5)[:, None]
    x = np.sin(steps + draw.uniform(0, 6, (16, 1)))[..., None]
    return x.astype("float32"), label.astype("float32")[:, None]


def _healthy() -> dict[str, Net]:
    ring, ring_y = points()
    corners, corners_y = classes()
    one_hot = np.eye(3, dtype="float32")[corners_y]
    wave, wave_y = _waves()
    image, image_y = _images(4)
    line, line_y = curve()
    codes = np.random.default_rng(5).random((8, 6), "float32")
    binary, several = "binary_crossentropy", "categorical_crossentropy"
    return {
        "ring, one layer": Net(ring, ring_y, dense(32), 1, "sigmoid", binary),
        "ring, three layers": Net(
            ring, ring_y, dense(32, 32, 32, activation="relu"), 1, "sigmoid", binary
        ),
        "corners, one-hot": Net(corners, one_hot, dense(24), 3, "softmax", several),
        "corners, numbers": Net(
            corners, corners_y, dense(24, 24, activation="relu"), 3, "softmax", f"sparse_{several}"
        ),
        "sine": Net(line, line_y, dense(32, 32), 1, None, "mean_squared_error", epochs=600),
        "autoencoder": Net(
            codes, codes, dense(48), 6, "sigmoid", "mean_squared_error", epochs=1_000
        ),
        "images": Net(image, image_y, _convolution, 4, "softmax", f"sparse_{several}", epochs=150),
        "waves": Net(wave, wave_y, _recurrent, 1, "sigmoid", binary, rate=0.02, epochs=200),
    }


HEALTHY: Mapping[str, Net] = MappingProxyType(_healthy())
"""Each memorises its batch."""


def _contradicting(net: Net) -> Net:
    """Make two samples equal whose labels are far apart."""
    x, apart = net.x.copy(), np.abs(net.y - net.y[0]).reshape(len(net.y), -1).sum(axis=1)
    x[apart.argmax()] = x[0]
    return replace(net, x=x)


def _shifted(net: Net) -> Net:
    return replace(net, y=net.y + 1)


def _with_nan(net: Net) -> Net:
    x = net.x.copy()
    x.flat[3] = np.nan
    return replace(net, x=x)


def _hidden(**more: Any) -> Callable[[Net], Net]:  # noqa: ANN401
    return lambda net: replace(net, hidden=dict(net.hidden) | more)


def _zeros(net: Net) -> Net:
    """Let all kernels of the hidden layers start at zero, those from state to state as well."""
    recurrent = any(hasattr(layer, "recurrent_initializer") for layer in net.body({}))
    names = ["kernel_initializer", *(["recurrent_initializer"] if recurrent else [])]
    return _hidden(**dict.fromkeys(names, "zeros"))(net)


def _is_classes(net: Net) -> bool:
    return "crossentropy" in net.loss


def _any(_net: Net) -> bool:
    return True


Fault = tuple[Callable[[Net], bool], Callable[[Net], Net], frozenset[str]]
FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "inputs times 1,000": (
            _any, lambda net: replace(net, x=net.x * 1000), frozenset({"unscaled_inputs"})
        ),
        "rate times 1,000": (
            _any, lambda net: replace(net, rate=net.rate * 1000),
            frozenset({"learning_rate_too_high"}),
        ),
        "rate divided by 10,000": (
            _any, lambda net: replace(net, rate=net.rate / 1e4),
            frozenset({"learning_rate_too_low"}),
        ),
        "zeros at the start": (_any, _zeros, frozenset({"bad_initialisation"})),
        "softmax over one unit": (
            lambda net: net.outputs == 1 and net.output == "sigmoid",
            lambda net: replace(net, output="softmax"), frozenset({"output_cannot_reach_target"}),
        ),
        "contradictory labels": (_any, _contradicting, frozenset({"contradictory_labels"})),
        "labels one too large": (
            _is_classes, _shifted, frozenset({"label_loss_mismatch"}),
        ),
        "a NaN": (_any, _with_nan, frozenset({"non_finite"})),
        "frozen hidden layers, random weights": (
            _any, lambda net: replace(net, frozen=True), frozenset({"nothing_trainable"})
        ),
        "dropout of 0.95": (
            _any, lambda net: replace(net, drop=0.95), frozenset({"regularisation"})
        ),
        "relu output": (
            _is_classes, lambda net: replace(net, output="relu"),
            frozenset({"output_cannot_reach_target"}),
        ),
        # On three epochs both are true: more of them memorise, and so do longer steps.
        "three epochs": (
            _any, lambda net: replace(net, epochs=3),
            frozenset({"too_few_epochs", "learning_rate_too_low"}),
        ),
    }
)  # fmt: skip
"""By name: which nets can have it, what it does, and the rules that name it."""


@dataclass(frozen=True)
class Case:
    """A program with one fault.

    Attributes:
        name: Net and fault.
        net: The faulty program.
        rules: Any of them names the fault.
    """

    name: str
    net: Net
    rules: frozenset[str]


def cases(nets: Mapping[str, Net] = HEALTHY) -> Iterator[Case]:
    """Yield every net with every fault that it can have."""
    for name, net in nets.items():
        for fault, (possible, put, rules) in FAULTS.items():
            if possible(net):
                yield Case(f"{name}: {fault}", put(net), rules)
