"""Sessions: chunks, turns, ends, and what compiles how often."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from overfit_core import RunSpec
from overfit_core.errors import ModelError
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.spec import PROBES
from overfit_core.training import History, overfit, run
from overfit_core.training.cache import PROGRAMS, ProgramCache
from overfit_core.training.plan import Data, Plan
from overfit_core.training.session import Session, snapshot_epochs
from overfit_core.training.spec_session import SpecSession
from tests.training.oracle import ARTICLE_X, ARTICLE_Y, dense_model

X, Y = ARTICLE_X.astype(np.float32), ARTICLE_Y.astype(np.float32)


def changed(spec: RunSpec, **parts: dict[str, object]) -> RunSpec:
    data = spec.model_dump()
    for name, values in parts.items():
        data[name] |= values
    return RunSpec.load(data)


def short(**training: object) -> RunSpec:
    return changed(RunSpec(), training={"epochs": 60} | training)


def in_chunks(session: Session, *lengths: int) -> History:
    history = History({})
    for length in lengths:
        history.append(session.advance(length))
    return history


def test_chunks_of_any_length_give_the_same_history_to_the_last_bit() -> None:
    whole = SpecSession(short()).advance(60)
    pieces = in_chunks(SpecSession(short()), 1, 2, 3, 17, 37)
    np.testing.assert_array_equal(pieces["loss"], whole["loss"])
    assert pieces.snapshots is not None
    assert whole.snapshots is not None
    np.testing.assert_array_equal(pieces.snapshots.epochs, whole.snapshots.epochs)
    np.testing.assert_array_equal(pieces.snapshots.predictions, whole.snapshots.predictions)


def test_two_sessions_take_turns_on_one_program() -> None:
    alone = SpecSession(short(seed=1)).advance(60)
    first, second = SpecSession(short(seed=1)), SpecSession(short(seed=2))
    assert first.program is second.program
    mixed = History({})
    for _ in range(6):
        mixed.append(first.advance(10))
        second.advance(10)
    np.testing.assert_array_equal(mixed["loss"], alone["loss"])


def test_rate_schedule_seed_data_and_epochs_recompile_nothing() -> None:
    PROGRAMS.clear()
    base = RunSpec()
    session = SpecSession(base)
    session.advance(5)
    schedule = {"kind": "exponential", "decay_steps": 10, "decay_rate": 0.5}
    variants = [
        changed(base, optimizer={"learning_rate": 0.05}),
        changed(base, optimizer={"schedule": schedule}),
        changed(base, training={"seed": 9}),
        changed(base, training={"epochs": 3}),
        changed(base, training={"stop_when_memorised": True}),
        changed(base, batch={"scaling": "standard"}),
        changed(base, batch={"source": "xor", "seed": 3}),
    ]
    for variant in variants:
        other = SpecSession(variant)
        other.advance(3)
        assert other.program is session.program
    assert session.program.traces == 1
    assert len(PROGRAMS) == 1


def test_models_with_other_layer_names_share_a_program() -> None:
    PROGRAMS.clear()
    make = dense_model()
    for _ in range(2):
        history = overfit(make(), X, Y, epochs=2, probes=["gradient_norm"])
    names = [name for name in history if name.startswith("gradient_norm/")]
    assert len(PROGRAMS) == 1
    assert len(set(names)) == 3


def custom_loss(y: object, prediction: object) -> object:
    return keras.ops.mean(keras.ops.abs(y - prediction))


def test_models_with_code_of_the_callers_own_share_nothing() -> None:
    PROGRAMS.clear()
    for _ in range(2):
        model = dense_model()()
        model.compile("sgd", loss=custom_loss)
        overfit(model, X, Y, epochs=2)
    assert len(PROGRAMS) == 2


def test_the_cache_forgets_the_program_unused_for_longest() -> None:
    cache = ProgramCache(size=2)
    batches = [Data((keras.ops.ones((n, 2)), keras.ops.ones((n, 1)), None)) for n in (1, 2, 3)]
    model = dense_model()()
    model.fit(X, Y, epochs=1, verbose=0)
    first = cache.get(model, batches[0], Plan())
    cache.get(model, batches[1], Plan())
    assert cache.get(model, batches[0], Plan()) is first
    cache.get(model, batches[2], Plan())
    assert len(cache) == 2
    assert cache.get(model, batches[0], Plan()) is first


def test_a_run_ends_at_the_first_loss_that_is_not_finite() -> None:
    spec = changed(
        RunSpec(),
        model={"loss": "mean_squared_error", "head": {"activation": "linear"}},
        optimizer={"name": "SGD", "learning_rate": 50.0},
    )
    result = run(spec)
    epoch = result.summary.non_finite_epoch
    assert result.summary.ended == "non_finite"
    assert epoch == len(result.history)
    assert not np.isfinite(result.history["loss"][-1])
    assert np.isfinite(result.history["loss"][:-1]).all()
    assert f"epoch {epoch}" in result.summary.sentence()


def test_memorised_is_the_first_of_five_epochs_running_with_every_sample_right() -> None:
    result = run(changed(RunSpec(), training={"seed": 1, "epochs": 800}))
    right = (result.history["accuracy"] == 1).astype(int)
    running = np.convolve(right, np.ones(5, int), "valid")
    assert result.summary.memorised_epoch == np.flatnonzero(running == 5)[0] + 1


def test_a_run_stops_once_memorised_when_asked_to() -> None:
    full = run(changed(RunSpec(), training={"seed": 1, "epochs": 800}))
    stopped = run(
        changed(RunSpec(), training={"seed": 1, "epochs": 800, "stop_when_memorised": True})
    )
    assert full.summary.memorised_epoch is not None
    assert stopped.summary.ended == "memorised"
    assert stopped.summary.memorised_epoch == full.summary.memorised_epoch
    assert len(stopped.history) == full.summary.memorised_epoch + 4


def test_learned_epoch_is_that_since_which_a_sample_is_right() -> None:
    result = run(changed(RunSpec(), training={"seed": 1, "epochs": 300}))
    chunks = SpecSession(changed(RunSpec(), training={"seed": 1, "epochs": 300}))
    right = []
    for _ in range(300):
        right.append(chunks.samples().correct if chunks.epoch else None)
        chunks.advance(1)
    last = result.samples
    assert last.learned_epoch is not None
    for sample, epoch in enumerate(last.learned_epoch):
        since = [bool(r is not None and r[sample]) for r in right[epoch - 1 :]]
        if epoch:
            assert all(since[1:])
        else:
            assert last.correct is not None
            assert not last.correct[sample]


def test_hooks_see_every_chunk_and_can_stop_the_run() -> None:
    seen: list[History] = []
    result = run(
        changed(RunSpec(), training={"epochs": 1_000_000}),
        on_chunk=seen.append,
        should_stop=lambda: len(seen) == 3,
    )
    assert result.summary.ended == "stopped"
    assert len(seen) == 3
    assert sum(len(chunk) for chunk in seen) == len(result.history) == result.summary.epochs


def test_snapshot_epochs_are_spaced_by_logarithm_and_hold_both_ends() -> None:
    epochs = snapshot_epochs(1_000_000)
    assert epochs[0] == 1
    assert epochs[-1] == 1_000_000
    assert len(epochs) < 62
    assert snapshot_epochs(1).tolist() == [1]
    ratios = epochs[20:] / epochs[19:-1]
    assert ratios.max() < 1.3


def test_snapshots_hold_prediction_and_loss_of_each_sample() -> None:
    result = run(short())
    snapshots = result.history.snapshots
    assert snapshots is not None
    p = snapshots.predictions[..., 0].astype(np.float64)
    expected = -np.log(np.where(Y[:, 0] > 0, p, 1 - p))
    np.testing.assert_allclose(snapshots.losses, expected, 1e-4)
    np.testing.assert_allclose(
        snapshots.losses.mean(1), result.history["loss"][snapshots.epochs - 1], 1e-4
    )


def test_summary_is_that_of_the_trained_network() -> None:
    session = SpecSession(short())
    session.advance(60)
    summary = session.summary()
    loss, accuracy = session.model.evaluate(X, Y, verbose=0)
    assert summary.loss == pytest.approx(loss, rel=1e-5)
    assert summary.accuracy == pytest.approx(accuracy)
    assert summary.parameters == session.model.count_params()


def test_the_same_spec_gives_the_same_history_in_two_processes() -> None:
    code = (
        "from overfit_core.training.xla import configure; configure(); "
        "from overfit_core import RunSpec, run; import hashlib, sys; "
        "spec = RunSpec.load(sys.argv[1]); "
        "print(hashlib.sha256(run(spec).history['loss'].tobytes()).hexdigest())"
    )
    spec = short(probes=["gradient_norm", "samples"]).to_json()
    command = [sys.executable, "-c", code, spec]
    hashes = {subprocess.run(command, capture_output=True, text=True, check=True).stdout
              for _ in range(2)}  # fmt: skip
    assert len(hashes) == 1
    assert len(hashes.pop().strip()) == 64


def test_advance_refuses_less_than_one_epoch() -> None:
    with pytest.raises(ValueError, match="epochs=0"):
        SpecSession(short()).advance(0)


@pytest.mark.parametrize(
    "optimizer",
    [
        pytest.param(name, marks=[] if name in ("SGD", "Adam") else pytest.mark.exhaustive)
        for name in OPTIMIZERS
    ],
)
def test_a_spec_without_any_trained_weight_runs_and_its_loss_stays(optimizer: str) -> None:
    spec = RunSpec.load(
        {
            "batch": {"source": "moons", "samples": 8, "held_out": 3},
            "model": {
                "layers": [
                    {"kind": "dense", "units": 4, "trainable": False, "l2": 0.1},
                    {"kind": "batch_normalization", "trainable": False},
                ],
                "head": {"trainable": False},
            },
            "optimizer": {"name": optimizer, "schedule": {"kind": "cosine"}},
            "training": {"epochs": 5, "probes": list(PROBES)},
        }
    )
    session = SpecSession(spec)
    history = session.advance(5)
    assert len(set(history["loss"])) == len(set(history["val_loss"])) == 1
    assert history["loss"][0] == pytest.approx(session.summary().loss)


def test_a_million_epochs_can_be_asked_for_and_left_early() -> None:
    session = SpecSession(changed(RunSpec(), training={"epochs": 1_000_000}))
    assert len(session.advance(10_000)) == 10_000
    assert not session.finished


def test_a_layer_that_does_not_take_the_batch_is_named() -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    with pytest.raises(ModelError, match="shape"):
        overfit(model, X, Y, epochs=1)
