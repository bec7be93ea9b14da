import numpy as np

from overfit_core.charts.lines import MAX_KEPT, Lines, lines_of
from overfit_core.training.history import History


def history(first: int, last: int, spike: int | None = None) -> History:
    epochs = np.arange(first, last + 1)
    loss = 1 / epochs
    if spike is not None and first <= spike <= last:
        loss[spike - first] = 9.0
    return History({"loss": loss, "accuracy": np.ones(len(epochs))}, first_epoch=first)


def test_a_short_history_is_kept_whole() -> None:
    lines = lines_of(history(1, 500))
    np.testing.assert_array_equal(lines["loss"].epochs, np.arange(1, 501))
    np.testing.assert_array_equal(lines["loss"].values, 1 / np.arange(1, 501))
    assert list(lines) == ["loss", "accuracy"]
    assert lines.last_epoch == 500


def test_a_long_history_in_chunks_stays_bounded_and_keeps_spike_and_ends() -> None:
    lines = Lines()
    for first in range(1, 300_001, 1_000):
        lines = lines.then(history(first, first + 999, spike=123_456))
        assert len(lines["loss"]) <= MAX_KEPT
    line = lines["loss"]
    assert (line.epochs[0], line.epochs[-1], lines.last_epoch) == (1, 300_000, 300_000)
    assert line.values.max() == 9.0
    assert line.epochs[line.values.argmax()] == 123_456
    assert line.values.min() == 1 / 300_000


def test_epochs_that_are_there_already_are_left_out() -> None:
    lines = lines_of(history(1, 20)).then(history(11, 30))
    np.testing.assert_array_equal(lines["loss"].epochs, np.arange(1, 31))


def test_an_empty_chunk_changes_nothing() -> None:
    lines = lines_of(history(1, 20))
    assert lines.then(History({}, first_epoch=21)) is lines


def test_what_was_given_out_never_changes() -> None:
    before = lines_of(history(1, 20))
    before.then(history(21, 40))
    assert before.last_epoch == 20
    assert len(before["loss"]) == 20
