"""The trained network is the run's own, and TensorBoard's files hold what was recorded."""

import io
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from overfit_core.errors import WorkerError
from overfit_core.exports.trained import MAX_STEPS, keras_model, tensorboard_files
from overfit_core.spec import RunSpec
from overfit_core.training import run
from overfit_core.training.history import History
from overfit_core.training.spec_session import SpecSession

# Keras and h5py, when a file is written or read.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def spec(epochs: int, **training: object) -> RunSpec:
    return RunSpec.load(
        {
            "batch": {"source": "moons", "samples": 16},
            "model": {"layers": [{"kind": "dense", "units": 8}, {"kind": "batch_normalization"}]},
            "optimizer": {"learning_rate": 0.01, "arguments": {"use_ema": True}},
            "training": {"epochs": epochs, "dtype": "float64", **training},
        }
    )


def load(data: bytes, folder: Path) -> keras.Model:
    path = folder / "model.keras"
    path.write_bytes(data)
    return keras.models.load_model(path)


def test_the_file_holds_the_network_that_the_run_had(tmp_path: Path) -> None:
    result = run(spec(60))
    model = load(keras_model(spec(60), 60), tmp_path)
    predicted = model(result.samples.x).numpy()
    np.testing.assert_allclose(predicted, result.samples.prediction, 1e-12, 1e-14)
    loss = float(model.loss(result.samples.y, predicted))
    assert loss == pytest.approx(result.summary.loss, rel=1e-6)  # a loss computes in float32


def test_a_run_that_was_stopped_gives_the_network_of_its_last_epoch(tmp_path: Path) -> None:
    stopped = run(spec(500), on_chunk=lambda chunk: None, should_stop=lambda: True)
    epochs = stopped.summary.epochs
    assert 0 < epochs < 500
    model = load(keras_model(spec(500), epochs), tmp_path)
    predicted = model(stopped.samples.x).numpy()
    np.testing.assert_allclose(predicted, stopped.samples.prediction, 1e-12, 1e-14)


def test_it_can_be_trained_on_from_where_it_was(tmp_path: Path) -> None:
    model = load(keras_model(spec(30), 30), tmp_path)
    assert int(model.optimizer.iterations) == 30


def test_no_epoch_gives_the_initial_weights(tmp_path: Path) -> None:
    model = load(keras_model(spec(30), 0), tmp_path)
    assert int(model.optimizer.iterations) == 0


def test_what_takes_too_long_is_given_up() -> None:
    with pytest.raises(WorkerError, match="took too long"):
        keras_model(spec(1000), 1000, should_stop=lambda: True)


def test_training_again_gives_the_same_weights_to_the_last_bit() -> None:
    def weights(spec: RunSpec, epochs: int) -> list[bytes]:
        session = SpecSession(spec)
        session.advance(epochs)
        session.finish()
        return [w.numpy().tobytes() for w in session.model.weights]

    in_one_go = weights(spec(60), 60)
    with zipfile.ZipFile(io.BytesIO(keras_model(spec(60), 60))) as archive:
        stored = h5py.File(io.BytesIO(archive.read("model.weights.h5")))
        found: list[bytes] = []
        stored["layers"].visititems(
            lambda _, item: found.append(item[()].tobytes()) if hasattr(item, "dtype") else None
        )
    assert sorted(found) == sorted(in_one_go)


def read(data: bytes, folder: Path) -> tuple[str, dict[str, dict[int, float]]]:
    """Name of the run, and values by column and step, as TensorBoard reads them."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    (name,) = archive.namelist()
    path = archive.extract(name, folder)
    found: dict[str, dict[int, float]] = {}
    for record in tf.data.TFRecordDataset(path):
        event = tf.compat.v1.Event.FromString(record.numpy())
        for value in event.summary.value:
            found.setdefault(value.tag, {})[event.step] = value.simple_value
    return name, found


def test_every_column_stands_at_its_epochs(tmp_path: Path) -> None:
    losses = np.random.default_rng(0).random(50).astype("float32")
    history = History({"loss": losses, "gradient_norm/head": losses * 2}, 3)
    name, found = read(tensorboard_files(history, "../a <b>"), tmp_path)
    assert name == "___a _b_/events.out.tfevents.0.overfit-lab"
    assert set(found) == {"loss", "gradient_norm/head"}
    assert found["loss"] == dict(zip(range(3, 53), losses.tolist(), strict=True))


def test_what_is_not_finite_is_kept(tmp_path: Path) -> None:
    _, found = read(tensorboard_files(History({"loss": [1.0, np.inf, np.nan]}), "x"), tmp_path)
    np.testing.assert_array_equal(list(found["loss"].values()), [1, np.inf, np.nan])


def test_a_long_history_is_thinned(tmp_path: Path) -> None:
    rows = 3 * MAX_STEPS
    _, found = read(tensorboard_files(History({"loss": np.arange(rows)}), "x"), tmp_path)
    steps = list(found["loss"])
    assert (len(steps), steps[0], steps[-1]) == (MAX_STEPS, 1, rows)


def test_an_empty_history_gives_an_empty_file(tmp_path: Path) -> None:
    assert read(tensorboard_files(History({}), ""), tmp_path)[1] == {}
