"""What is read off a spec is what is read off its Keras model."""

from __future__ import annotations

from typing import Any

import pytest

from overfit_core.diagnosis.spec_facts import model_facts_of
from overfit_core.models.losses import LOSSES
from overfit_core.presets import PRESETS
from tests.diagnosis.spec_cases import SMALL, keras_facts, spec_of

KINDS = {
    "steps": spec_of(
        "sensor",
        {"kind": "conv1d", "filters": 6, "activation": "leaky_relu", "l1": 0.1},
        {"kind": "layer_normalization"},
        {"kind": "attention", "heads": 2, "use_bias": False, "l2": 0.1, "dropout": 0.2},
        {"kind": "attention", "activation": "gelu", "feed_forward_units": 5},
        {"kind": "lstm", "units": 5, "l2": 0.01, "return_sequences": True},
        {"kind": "simple_rnn", "units": 7},
        {"kind": "max_pooling1d"},
        {"kind": "average_pooling1d"},
        {"kind": "dense", "units": 4, "activation": "silu", "kernel_initializer": "orthogonal"},
        {"kind": "gru", "units": 4},
    ),
    "images": spec_of(
        "digits",
        {"kind": "conv2d", "filters": 8, "kernel_initializer": "he_normal"},
        {"kind": "batch_normalization", "scale": False},
        {"kind": "activation", "activation": "hard_sigmoid"},
        {"kind": "max_pooling2d"},
        {"kind": "dropout", "rate": 0.3},
        {"kind": "average_pooling2d"},
        {"kind": "conv2d", "filters": 4, "kernel_size": 1, "activation": "linear"},
        {"kind": "global_max_pooling"},
        {"kind": "flatten"},
        head={"kernel_initializer": "zeros", "activation": "linear"},
    ),
    "frozen steps": spec_of(
        "sensor",
        {"kind": "conv1d", "trainable": False},
        {"kind": "attention", "trainable": False},
        {"kind": "lstm", "trainable": False},
        head={"trainable": False},
    ),
    "frozen images": spec_of(
        "digits",
        {"kind": "conv2d"},
        {"kind": "batch_normalization", "trainable": False},
        {"kind": "layer_normalization", "center": False, "scale": False, "trainable": False},
        {"kind": "flatten"},
        {**SMALL, "trainable": False},
    ),
    "an average": spec_of("sensor", {"kind": "global_average_pooling"}),
    **{preset.id: preset.spec for preset in PRESETS.values()},
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_a_model_is_read_off_its_spec_as_off_keras(name: str) -> None:
    spec = KINDS[name]
    known, real = model_facts_of(spec), keras_facts(spec)
    assert known.layers == real.layers
    assert known.output == real.output
    for part in (
        "output_activation",
        "output_shape",
        "loss",
        "from_logits",
        "optimizer",
        "scheduled",
    ):
        assert getattr(known, part) == getattr(real, part)
    assert known.trainable == real.trainable
    assert known.learning_rate == pytest.approx(real.learning_rate)
    assert known.kernels.keys() == real.kernels.keys()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_has_the_name_that_keras_gives_it(loss: str) -> None:
    spec = spec_of("iris", SMALL, loss=loss, head={"units": 3})
    assert model_facts_of(spec).loss == keras_facts(spec).loss


@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_initializer": name}
        for name in (
            "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform",
            "lecun_normal", "orthogonal", "random_normal", "random_uniform", "truncated_normal",
            "zeros", "ones",
        )
    ]
    + [{"kernel_initializer": "truncated_normal", "kernel_stddev": 3.0}],
    ids=lambda settings: "-".join(map(str, settings.values())),
)  # fmt: skip
def test_kernels_vary_as_their_initialiser_says(settings: dict[str, Any]) -> None:
    layers = [{"kind": "conv2d", "filters": 40, **settings}, {"kind": "flatten"}]
    spec = spec_of("digits", *layers, {**SMALL, "units": 64, **settings})
    known, real = model_facts_of(spec).kernels, keras_facts(spec).kernels
    for name in real:
        assert known[name] == pytest.approx(real[name], rel=0.1, abs=1e-12), name
