"""History, snapshots and results: what they hold and how they travel."""

import numpy as np
import pandas as pd
import pytest

from overfit_core.training.history import History, Snapshots
from overfit_core.training.result import RunSummary, Samples


def chunk(first: int, count: int, snapshots: Snapshots | None = None) -> History:
    epochs = np.arange(first, first + count, dtype=np.float64)
    return History({"loss": 1 / epochs, "accuracy": epochs % 2}, first, snapshots)


def snapshots(*epochs: int) -> Snapshots:
    count = len(epochs)
    predictions = np.arange(count * 6, dtype=np.float32).reshape(count, 3, 2)
    return Snapshots(np.array(epochs), predictions, predictions.sum(axis=2))


def test_chunks_join_into_one_history() -> None:
    history = chunk(1, 3)
    history.append(chunk(4, 2))
    assert len(history) == 5
    assert history.last_epoch == 5
    np.testing.assert_array_equal(history["loss"], 1 / np.arange(1, 6))


def test_an_empty_history_takes_the_first_chunk_whole() -> None:
    history = History({})
    assert len(history) == 0
    history.append(chunk(7, 2))
    np.testing.assert_array_equal(history.epochs, [7, 8])


def test_a_chunk_that_leaves_a_gap_is_refused() -> None:
    history = chunk(1, 3)
    with pytest.raises(ValueError, match="starts at epoch 6"):
        history.append(chunk(6, 1))
    assert len(history) == 3


def test_a_chunk_with_other_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="columns"):
        chunk(1, 3).append(History({"loss": [1.0]}, 4))


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        History({"loss": [1.0, 2.0], "accuracy": [1.0]})


def test_frame_has_epochs_from_one_as_index() -> None:
    frame = chunk(1, 3).to_frame()
    assert frame.index.name == "epoch"
    assert list(frame.index) == [1, 2, 3]
    assert isinstance(frame, pd.DataFrame)


@pytest.mark.parametrize("kept", [None, snapshots(2, 4)])
def test_history_survives_arrow(kept: Snapshots | None) -> None:
    before = chunk(2, 4, kept)
    after = History.from_arrow(before.to_arrow())
    pd.testing.assert_frame_equal(after.to_frame(), before.to_frame())
    assert (after.snapshots is None) == (kept is None)
    if kept and after.snapshots:
        np.testing.assert_array_equal(after.snapshots.epochs, kept.epochs)
        np.testing.assert_array_equal(after.snapshots.predictions, kept.predictions)
        np.testing.assert_array_equal(after.snapshots.losses, kept.losses)


def test_snapshots_of_later_chunks_follow_the_earlier_ones() -> None:
    history = chunk(1, 2, snapshots(1, 2))
    history.append(chunk(3, 2))
    history.append(chunk(5, 2, snapshots(6)))
    assert history.snapshots is not None
    np.testing.assert_array_equal(history.snapshots.epochs, [1, 2, 6])


def test_samples_survive_arrow() -> None:
    x = np.arange(24, dtype=np.float32).reshape(3, 2, 4)
    before = Samples(x, np.array([0, 2, 1]), "multiclass", ("a", "b", "c"))
    bare = Samples.from_arrow(before.to_arrow())
    assert bare.prediction is None
    full = before.with_predictions(
        np.eye(3, dtype=np.float32), np.array([0, 5, 2]), np.array([True, False, True])
    )
    after = Samples.from_arrow(full.to_arrow())
    for name in ("x", "y", "prediction", "learned_epoch", "correct"):
        np.testing.assert_array_equal(getattr(after, name), getattr(full, name))
    assert after.class_names == ("a", "b", "c")
    assert after.task == "multiclass"


def summary(**changes: object) -> RunSummary:
    values: dict[str, object] = {
        "ended": "epochs",
        "epochs": 500,
        "loss": 0.123456,
        "accuracy": 1.0,
        "compile_seconds": 0.1,
        "train_seconds": 0.01,
        "backend": "xla",
        "parameters": 9,
        "versions": {},
    }
    return RunSummary.model_validate(values | changes)


def test_sentence_names_epoch_loss_and_accuracy_when_memorised() -> None:
    assert summary(memorised_epoch=74).sentence() == (
        "Memorised at epoch 74: loss 0.1235, accuracy 100 % after 500 epochs."
    )


def test_sentence_of_a_run_that_did_not_memorise() -> None:
    assert summary(accuracy=0.5).sentence() == (
        "Not memorised after 500 epochs: loss 0.1235, accuracy 50 %."
    )


@pytest.mark.parametrize(
    ("accuracy", "said"), [(1.0, "right again at the end"), (0.75, "not right at the end")]
)
def test_sentence_says_what_became_of_a_batch_that_was_lost(accuracy: float, said: str) -> None:
    text = summary(memorised_epoch=33, forgotten_epoch=44, accuracy=accuracy).sentence()
    assert f"epoch 33, lost at epoch 44 and {said}" in text


def test_sentence_names_the_epoch_of_the_first_non_finite_loss() -> None:
    text = summary(non_finite_epoch=12, loss=float("nan"), ended="non_finite").sentence()
    assert "epoch 12" in text


def test_summary_survives_json_with_a_loss_that_is_not_a_number() -> None:
    before = summary(loss=float("nan"), best_loss=float("inf"))
    after = RunSummary.model_validate_json(before.model_dump_json())
    assert np.isnan(after.loss)
    assert after.best_loss == float("inf")
