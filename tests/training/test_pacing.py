import pytest

from overfit_core.training.pacing import (
    CHUNK_SECONDS,
    FIRST_EPOCHS,
    FIRST_SECONDS,
    GROWTH,
    MAX_EPOCHS,
    ChunkLength,
    Pace,
)


def test_the_first_chunk_is_short_when_nothing_is_known() -> None:
    assert ChunkLength().epochs == FIRST_EPOCHS


@pytest.mark.parametrize("rate", [1e-3, 1.0, 200.0, 70_000.0])
def test_the_first_chunk_aims_at_its_seconds_when_the_speed_is_known(rate: float) -> None:
    assert ChunkLength(epochs_per_second=rate).epochs == max(1, round(FIRST_SECONDS * rate))


@pytest.mark.parametrize("rate", [0.1, 7.0, 900.0, 70_000.0])
def test_chunks_settle_at_a_tenth_of_a_second(rate: float) -> None:
    length = ChunkLength()
    for _ in range(6):
        length.record(length.epochs, length.epochs / rate)
    assert length.epochs == pytest.approx(max(1.0, rate * CHUNK_SECONDS), abs=1)


def test_a_first_chunk_that_waited_for_the_compiler_is_made_up_for_quickly() -> None:
    length = ChunkLength()
    length.record(length.epochs, 1.5)
    assert length.epochs == 1
    for _ in range(4):
        length.record(length.epochs, length.epochs / 70_000)
    assert length.epochs == pytest.approx(7_000, rel=0.1)


def test_a_chunk_grows_at_most_by_the_growth_factor() -> None:
    length = ChunkLength()
    length.record(FIRST_EPOCHS, 1e-9)
    assert length.epochs == FIRST_EPOCHS * GROWTH


def test_a_clock_that_stood_still_divides_by_nothing() -> None:
    length = ChunkLength()
    for _ in range(10):
        length.record(length.epochs, 0.0)
    assert length.epochs == MAX_EPOCHS


def test_a_chunk_cut_short_by_the_pace_does_not_shorten_the_next() -> None:
    length = ChunkLength()
    for _ in range(4):
        length.record(length.epochs, length.epochs / 50_000)
    length.record(1, 1 / 50_000)
    assert length.epochs == pytest.approx(5_000, rel=0.01)


def test_an_empty_chunk_changes_nothing() -> None:
    length = ChunkLength()
    length.record(0, 0.5)
    assert length.epochs == FIRST_EPOCHS


def test_without_a_pace_there_is_no_limit_and_no_wait() -> None:
    pace = Pace(None, 0.0)
    assert pace.due(5.0) is None
    assert pace.wait(5.0) == 0.0


@pytest.mark.parametrize("rate", [1.0, 10.0, 100.0, 1_000.0])
def test_a_pace_is_kept_over_ten_seconds(rate: float) -> None:
    pace, trained = Pace(rate, 0.0), 0
    for tick in range(200):
        due = pace.due(tick * 0.05)
        assert due is not None
        pace.trained(due)
        trained += due
    assert trained == pytest.approx(10 * rate, abs=max(1.0, 0.06 * rate))


def test_the_wait_ends_when_the_next_epoch_is_due() -> None:
    pace = Pace(4.0, 10.0)
    pace.trained(1)
    assert pace.due(10.1) == 0
    assert pace.wait(10.1) == pytest.approx(0.15)
    assert pace.due(10.26) == 1


def test_lost_time_is_not_caught_up() -> None:
    pace = Pace(100.0, 0.0)
    assert pace.due(60.0) == 1 + 100 * Pace.CATCH_UP


def test_a_changed_pace_starts_anew_and_the_same_one_does_not() -> None:
    pace = Pace(0.1, 0.0)
    pace.trained(1)
    pace.change(0.1, 1.0)
    assert pace.due(1.0) == 0
    pace.change(10.0, 1.0)
    assert pace.due(1.0) == 1
