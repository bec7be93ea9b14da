"""Specs whose scripts are run: together they hold every layer, optimizer and schedule."""

from typing import Any

from overfit_core.presets import PRESETS
from overfit_core.spec import RunSpec

EPOCHS = 30
DENSE = [{"kind": "dense", "units": 8, "activation": "tanh"}, {"kind": "dense", "units": 4}]
MOONS = {"source": "moons", "samples": 12, "seed": 3}


def _spec(
    layers: list[dict[str, Any]] | None = None,
    *,
    batch: dict[str, Any] | None = None,
    optimizer: dict[str, Any] | None = None,
    epochs: int = EPOCHS,
    seed: int = 1,
    stop: bool = False,
    **model: Any,  # noqa: ANN401 - head or loss
) -> RunSpec:
    training = {"epochs": epochs, "seed": seed, "dtype": "float64", "stop_when_memorised": stop}
    return RunSpec.load(
        {
            "batch": MOONS if batch is None else batch,
            "model": {"layers": DENSE if layers is None else layers, **model},
            "optimizer": optimizer or {},
            "training": training,
        }
    )


def _preset(name: str, epochs: int = EPOCHS, dtype: str = "float64") -> RunSpec:
    spec = PRESETS[name].spec
    changed = {"epochs": epochs, "dtype": dtype}
    return spec.model_copy(update={"training": spec.training.model_copy(update=changed)})


def _optimizer(name: str, rate: float = 0.01, **arguments: Any) -> RunSpec:  # noqa: ANN401
    return _spec(optimizer={"name": name, "learning_rate": rate, "arguments": arguments})


def _schedule(kind: str, **settings: Any) -> RunSpec:  # noqa: ANN401
    # Keras computes a rate in float32, and XLA rounds it as the rest of a step lets it. On inputs
    # that are not scaled a difference in the seventh digit grows beyond 1e-9; these are small.
    return _spec(
        batch=MOONS | {"scaling": "min-max"},
        optimizer={
            "name": "SGD",
            "learning_rate": 0.02,
            "arguments": {"momentum": 0.5},
            "schedule": {"kind": kind, **settings},
        },
    )


SENSOR = {"source": "sensor", "samples": 8, "steps": 8}

PRESET_SPECS = {
    "article-1": _preset("article-1"),
    "article-2": _preset("article-2"),
    "article-3": _preset("article-3"),
    "digits-cnn": _preset("digits-cnn"),
    "sensor-lstm": _preset("sensor-lstm"),
    "attention": _preset("sensor-attention"),
    "non-finite": _preset("learning-rate-too-high", 30),
    "dropout": _preset("dropout"),
}

LAYER_SPECS = {
    "recurrent": _spec(
        [
            {"kind": "gru", "units": 4, "recurrent_activation": "hard_sigmoid"},
            {"kind": "layer_normalization", "center": False},
            {"kind": "simple_rnn", "units": 5, "activation": "relu", "use_bias": False},
        ],
        batch=SENSOR,
    ),
    "lstm-dropout": _spec(
        [{"kind": "lstm", "units": 4}, {"kind": "dropout", "rate": 0.3}], batch=SENSOR
    ),
    "conv-dropout": _spec(
        [{"kind": "conv1d"}, {"kind": "dropout", "rate": 0.3}, {"kind": "flatten"}],
        batch=SENSOR,
    ),
    "conv1d": _spec(
        [
            {"kind": "conv1d", "filters": 4, "padding": "causal", "initial_bias": 0.1},
            {"kind": "average_pooling1d", "pool_size": 3, "strides": 2, "padding": "same"},
            {"kind": "max_pooling1d"},
            {"kind": "global_max_pooling"},
        ],
        batch=SENSOR,
    ),
    "attention-dropout": _spec(
        [
            {"kind": "attention", "heads": 1, "key_dim": 3, "dropout": 0.3, "l2": 0.01},
            {"kind": "attention", "feed_forward_units": 5},
            {"kind": "flatten"},
        ],
        batch=SENSOR,
        optimizer={"name": "Muon", "arguments": {"exclude_layers": "head, feed_forward_1"}},
    ),
    "images": _spec(
        [
            {"kind": "conv2d", "filters": 3, "strides": 2, "padding": "same"},
            {"kind": "batch_normalization", "momentum": 0.9, "epsilon": 0.01},
            {"kind": "average_pooling2d"},
            {"kind": "activation", "activation": "gelu"},
            {"kind": "global_average_pooling"},
        ],
        batch={"source": "digits", "samples": 12, "held_out": 6, "scaling": "min-max"},
    ),
    "frozen": _spec(
        [
            {"kind": "conv1d", "filters": 3, "trainable": False, "l2": 0.1},
            {"kind": "attention", "heads": 1, "trainable": False},
            {"kind": "dense", "units": 4},
            {"kind": "batch_normalization", "trainable": False},
            {"kind": "layer_normalization", "trainable": False},
            {"kind": "gru", "units": 3, "trainable": False},
            {"kind": "dense", "units": 4, "initial_bias": 0.1, "trainable": False},
        ],
        batch=SENSOR,
    ),
    "nothing-trained": _spec(
        [{"kind": "dense", "units": 4, "trainable": False}], head={"trainable": False}
    ),
    "stop": _spec(
        [{"kind": "dense", "units": 32}],
        optimizer={"learning_rate": 0.05},
        batch={"source": "xor", "samples": 4},
        epochs=300,
        stop=True,
    ),
}

SETTING_SPECS = {
    "penalties": _spec(
        [
            {"kind": "dense", "units": 8, "l1": 0.01, "kernel_initializer": "he_normal"},
            {
                "kind": "dense",
                "units": 8,
                "l1": 0.01,
                "l2": 0.02,
                "kernel_initializer": "random_normal",
                "kernel_stddev": 0.3,
            },
            {"kind": "dense", "units": 4, "l2": 0.02, "kernel_initializer": "orthogonal"},
        ]
    ),
    "held-out": _spec(
        [*DENSE, {"kind": "batch_normalization"}],
        batch={"source": "iris", "samples": 30, "held_out": 12, "scaling": "standard"},
    ),
    "label-noise": _spec(batch=MOONS | {"label_noise": 0.4, "scaling": "min-max", "samples": 40}),
    "contradictions": _spec(
        batch=MOONS | {"contradictions": 3, "label_noise": 0.2, "scaling": "standard"}
    ),
    "contradicting-targets": _spec(
        batch={"source": "sine", "samples": 9, "held_out": 4, "contradictions": 4}
    ),
    "regression": _spec(batch={"source": "sine", "samples": 16, "held_out": 5}, loss="huber"),
    "hinge": _spec(loss="squared_hinge", head={"activation": "tanh"}),
    "one-hot": _spec(
        loss="categorical_crossentropy",
        batch={"source": "blobs", "samples": 9, "scaling": "standard"},
        head={"kernel_initializer": "zeros"},
    ),
    "no-layers": _spec([], batch={"source": "line", "samples": 8}),
}

OPTIMIZER_SPECS = {
    "schedule-free": _optimizer("ScheduleFreeAdamW", warmup_steps=10),
    "muon": _optimizer("Muon", ns_steps=4),
    "muon-scheduled": _spec(
        batch=MOONS | {"scaling": "min-max"},
        optimizer={"name": "Muon", "schedule": {"kind": "polynomial"}},
    ),
    "sgd-clipped": _optimizer("SGD", 0.1, momentum=0.9, nesterov=True, global_clipnorm=0.1),
    "adamw": _optimizer("AdamW", weight_decay=0.1, clipnorm=0.05, amsgrad=True),
    "rmsprop": _optimizer("RMSprop", centered=True, momentum=0.5),
    "adafactor": _optimizer("Adafactor", use_ema=True, ema_momentum=0.9),
    "ftrl": _optimizer("Ftrl", l1_regularization_strength=0.001, gradient_accumulation_steps=2),
    "lion": _optimizer("Lion", 0.001, clipvalue=0.1),
    "adamax": _optimizer("Adamax"),
    "nadam": _optimizer("Nadam"),
    "adagrad": _optimizer("Adagrad", initial_accumulator_value=0.2),
    "adadelta": _optimizer("Adadelta", 0.5, rho=0.9),
    "lamb": _optimizer("Lamb", weight_decay=0.01),
}

SCHEDULE_SPECS = {
    "exponential": _schedule("exponential", decay_steps=13, decay_rate=0.7, staircase=True),
    "inverse-time": _schedule("inverse_time", decay_steps=13),
    "polynomial": _schedule("polynomial", decay_steps=15, power=2.0, cycle=True),
    "cosine": _schedule("cosine", decay_steps=25, end=0.1, warmup_steps=10, warmup_start=0.1),
    "cosine-plain": _schedule("cosine", decay_steps=30, warmup_steps=0),
    "restarts": _schedule("cosine_restarts", first_decay_steps=10, height=0.8),
    "piecewise": _schedule("piecewise", boundaries=[10, 25], multipliers=[1.0, 0.1, 0.5]),
}

FLOAT32_SPECS = {
    "article-2-float32": _preset("article-2", dtype="float32"),
    "article-3-float32": _preset("article-3", dtype="float32"),
    "iris-float32": _preset("iris", dtype="float32"),
    "memorised-float32": _preset("xor", 40, "float32"),
    "digits-cnn-float32": _preset("digits-cnn", 80, "float32"),
}

ALL_SPECS = (
    PRESET_SPECS | LAYER_SPECS | SETTING_SPECS | OPTIMIZER_SPECS | SCHEDULE_SPECS | FLOAT32_SPECS
)
FIRST = (
    *("article-1", "article-2", "sensor-lstm", "images", "held-out"),
    *("regression", "muon-scheduled", "article-2-float32"),
)
"""What every test run tries, in one process; the rest takes minutes more."""
