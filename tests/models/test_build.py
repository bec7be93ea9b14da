import hashlib
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from overfit_core.batches import make_batch
from overfit_core.errors import ShapeError
from overfit_core.models.build import build_model, floatx
from overfit_core.models.layers import LAYERS
from overfit_core.models.targets import target_for
from overfit_core.spec import RunSpec

SEQUENCE = [
    {"kind": "conv1d", "kernel_initializer": "he_normal"},
    {"kind": "attention", "dropout": 0.2, "l2": 0.01},
    {"kind": "lstm"},
    {"kind": "batch_normalization"},
    {"kind": "dropout", "rate": 0.3},
    {"kind": "gru", "recurrent_initializer": "glorot_normal"},
    {"kind": "dense", "l1": 0.01, "l2": 0.01, "initial_bias": -1.0},
]


def sequence_spec(**parts: Any) -> RunSpec:  # noqa: ANN401 - any part of a spec
    data = {"batch": {"source": "sensor", "steps": 8}, "model": {"layers": SEQUENCE}, **parts}
    return RunSpec.load(data)


def weights_hash(spec: RunSpec) -> str:
    """SHA-256 over names, types and bytes of the initial weights."""
    digest = hashlib.sha256()
    for layer in build_model(spec).layers:
        for weight, array in zip(layer.weights, layer.get_weights(), strict=True):
            digest.update(f"{layer.name}{weight.name}{array.dtype.str}{array.shape}".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()


def trained(spec: RunSpec, epochs: int = 1) -> dict[str, list[float]]:
    batch = make_batch(spec.batch, spec.training.dtype)
    model = build_model(spec)
    history = model.fit(
        batch.x,
        target_for(spec, batch),
        batch_size=len(batch.x),
        epochs=epochs,
        shuffle=False,
        verbose=0,
    )
    return dict(history.history)


def test_initial_weights_are_the_same_for_every_optimizer() -> None:
    expected = weights_hash(sequence_spec())
    for name in ("SGD", "Lion", "ScheduleFreeAdamW"):
        assert weights_hash(sequence_spec(optimizer={"name": name})) == expected


@pytest.mark.exhaustive
def test_initial_weights_are_the_same_in_another_process(root: Path) -> None:
    specs = [sequence_spec(), sequence_spec(training={"dtype": "float64", "seed": 7})]
    code = (
        "import sys; from overfit_core.spec import RunSpec;"
        "from tests.models.test_build import weights_hash;"
        "print(*(weights_hash(RunSpec.load(text)) for text in sys.argv[1:]))"
    )
    arguments = [sys.executable, "-c", code, *(spec.to_json() for spec in specs)]
    result = subprocess.run(arguments, cwd=root, capture_output=True, text=True, check=True)
    assert result.stdout.split() == [weights_hash(spec) for spec in specs]


def test_another_seed_gives_other_weights() -> None:
    hashes = {weights_hash(sequence_spec(training={"seed": seed})) for seed in (0, 1)}
    assert len(hashes) == 2


FROZEN = [
    {**layer, "trainable": False} if layer["kind"] != "dropout" else layer for layer in SEQUENCE
]


@pytest.mark.exhaustive
def test_frozen_layers_start_from_the_same_weights_and_keep_them() -> None:
    # Three samples: with as many of each label the bias of the head would stay.
    batch_of_three = {"source": "sensor", "steps": 8, "samples": 3}
    spec = sequence_spec(model={"layers": FROZEN}, batch=batch_of_three)
    assert weights_hash(spec) == weights_hash(sequence_spec())
    model, batch = build_model(spec), make_batch(spec.batch)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    model.fit(batch.x, target_for(spec, batch), epochs=3, verbose=0)
    changed = {
        layer.name
        for layer in model.layers
        if any((a != b).any() for a, b in zip(before[layer.name], layer.get_weights(), strict=True))
    }
    # Where dropout is, its seed counts on.
    assert changed - {"attention_1", "dropout_1"} == {"head"}
    assert not any(layer.trainable_weights for layer in model.layers if layer.name != "head")


def test_a_frozen_head_is_all_that_is_not_trained() -> None:
    model = build_model(sequence_spec(model={"layers": SEQUENCE, "head": {"trainable": False}}))
    frozen = {layer.name for layer in model.layers if layer.weights and not layer.trainable}
    assert frozen == {"head"}


def test_inserting_a_dropout_leaves_the_weights_of_the_other_layers() -> None:
    dense = [{"kind": "dense"}, {"kind": "dense"}]
    plain, dropped = (
        build_model(RunSpec.load({"model": {"layers": layers}}))
        for layers in (dense, [dense[0], {"kind": "dropout"}, dense[1]])
    )
    for name in ("dense_1", "dense_2", "head"):
        kernels = [model.get_layer(name).get_weights()[0] for model in (plain, dropped)]
        assert (kernels[0] == kernels[1]).all()


def test_building_leaves_all_global_random_numbers_alone() -> None:
    import keras
    import numpy as np

    state, numpy_state = random.getstate(), np.random.get_state()[1].copy()
    keras_seed = keras.utils.get_random_seed() if hasattr(keras.utils, "get_random_seed") else None
    build_model(sequence_spec())
    assert random.getstate() == state
    assert (np.random.get_state()[1] == numpy_state).all()
    if keras_seed is not None:
        assert keras.utils.get_random_seed() == keras_seed


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_everything_has_the_type_of_the_spec(dtype: str) -> None:
    import keras

    before = keras.config.floatx()
    model = build_model(sequence_spec(training={"dtype": dtype}))
    with floatx(dtype):
        model.optimizer.build(model.trainable_variables)
    assert {weight.dtype for weight in model.weights} == {dtype}
    assert model.output.dtype == dtype
    assert model.optimizer.learning_rate.dtype == dtype
    slots = {v.dtype for v in model.optimizer.variables if v.name != "iteration"}
    assert slots == {dtype}
    assert keras.config.floatx() == before


def test_the_type_of_keras_is_restored_after_an_error() -> None:
    import keras

    before = keras.config.floatx()
    with pytest.raises(ZeroDivisionError), floatx("float64"):
        assert keras.config.floatx() == "float64"
        _ = 1 / 0
    assert keras.config.floatx() == before


def test_the_same_seed_drops_the_same_units() -> None:
    layers = [{"kind": "attention", "dropout": 0.2}, {"kind": "flatten"}, {"kind": "dropout"}]
    spec = RunSpec.load({"batch": {"source": "sensor", "steps": 8}, "model": {"layers": layers}})
    assert trained(spec, epochs=3) == trained(spec, epochs=3)


@pytest.mark.few(4)
@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer_kind_trains(kind: str) -> None:
    from tests.models.test_layers import IMAGE, TAKES

    source = "digits" if IMAGE in TAKES.get(kind, {IMAGE}) else "sensor"
    source = "article" if kind == "dense" else source
    layers = [{"kind": kind}, *([] if kind == "flatten" else [{"kind": "flatten"}])]
    spec = RunSpec.load({"batch": {"source": source}, "model": {"layers": layers}})
    assert trained(spec)["loss"][0] > 0


@pytest.mark.few(4)
@pytest.mark.parametrize(
    ("source", "model"),
    [
        ("article", {"head": {"activation": "linear"}}),
        ("article", {"loss": "hinge", "head": {"activation": "tanh"}}),
        ("article", {"loss": "sparse_categorical_crossentropy", "head": {"units": 2}}),
        ("iris", {"loss": "mean_squared_error"}),
        ("iris", {"loss": "mean_squared_error", "head": {"units": 1, "activation": "linear"}}),
        ("iris", {"loss": "binary_crossentropy"}),
        ("iris", {"loss": "categorical_crossentropy"}),
        ("iris", {"head": {"units": 5}}),
        ("sine", {"head": {"units": 4}}),
        ("sine", {"loss": "binary_crossentropy", "head": {"activation": "sigmoid"}}),
    ],
)
def test_a_wrong_head_or_loss_trains_all_the_same(source: str, model: dict[str, Any]) -> None:
    history = trained(RunSpec.load({"batch": {"source": source}, "model": model}))
    assert set(history) == {"loss", "r2" if source == "sine" else "accuracy"}


def test_a_categorical_loss_on_one_output_runs_and_learns_nothing() -> None:
    model = {"loss": "categorical_crossentropy", "head": {"activation": "softmax"}}
    with (
        pytest.warns(UserWarning, match="softmax operation will always return the value 1"),
        pytest.warns(SyntaxWarning, match="num_classes > 1"),
    ):
        history = trained(RunSpec.load({"model": model}), epochs=2)
    assert history["loss"] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert history["accuracy"] == [0.5, 0.5]


def test_the_accuracy_is_the_one_that_keras_means() -> None:
    model = build_model(RunSpec())
    model.compile(loss="binary_crossentropy", metrics=["accuracy"])
    batch = make_batch(RunSpec().batch)
    ours = build_model(RunSpec()).evaluate(batch.x, batch.y, verbose=0, return_dict=True)
    assert ours == pytest.approx(model.evaluate(batch.x, batch.y, verbose=0, return_dict=True))


def test_further_arguments_reach_the_layers_of_their_kind() -> None:
    spec = RunSpec.load({"batch": {"source": "sensor"}, "model": {"layers": [{"kind": "lstm"}]}})
    plain = build_model(spec)
    unrolled = build_model(spec, layer_arguments={"lstm": {"unroll": True}})
    assert not plain.get_layer("lstm_1").unroll
    assert unrolled.get_layer("lstm_1").unroll


def test_a_model_that_cannot_be_built_is_refused_before_keras_sees_it() -> None:
    spec = RunSpec()
    model = spec.model.model_copy(update={"layers": (LAYERS["lstm"](),)})
    with pytest.raises(ShapeError, match=r"layer 1, lstm takes a sequence.*\(2,\)"):
        build_model(spec.model_copy(update={"model": model}))
