import numpy as np
import pytest

from overfit_core.charts.thinning import thinned

EPOCHS = np.arange(1, 200_001)


def spiky() -> np.ndarray:
    values = np.exp(-EPOCHS / 30_000)
    values[77_776], values[123_455], values[199_998] = 50.0, -3.0, 40.0
    return values


def test_every_spike_and_both_ends_are_kept() -> None:
    epochs, values = thinned(EPOCHS, spiky(), 1_600)
    assert len(epochs) <= 1_600
    assert {1, 77_777, 123_456, 199_999, 200_000} <= set(epochs.tolist())
    np.testing.assert_array_equal(values, spiky()[epochs - 1])


@pytest.mark.parametrize("seed", range(200))
def test_ends_and_extremes_are_kept_of_any_line(seed: int) -> None:
    draw = np.random.default_rng(seed)
    count, points = int(draw.integers(5, 3_000)), int(draw.integers(4, 400))
    epochs = np.sort(draw.choice(np.arange(1, 20_000), count, replace=False))
    values = draw.normal(size=count).round(1)
    values[draw.random(count) < 0.05] = np.nan
    kept_epochs, kept = thinned(epochs, values, points)
    assert len(kept) <= max(points, 4)
    assert (kept_epochs[0], kept_epochs[-1]) == (epochs[0], epochs[-1])
    assert np.nanmax(kept) == np.nanmax(values)
    assert np.nanmin(kept) == np.nanmin(values)
    np.testing.assert_array_equal(kept, values[np.isin(epochs, kept_epochs)])


def test_each_bin_keeps_its_first_last_lowest_and_highest_value() -> None:
    values = np.array([5.0, 9.0, 1.0, 9.0, 4.0, 4.0, 4.0, 4.0, 0.0, 1.0, 2.0, 3.0])
    epochs, _ = thinned(np.arange(1, 13), values, 8)
    # Two bins of six epochs: 5 9 1 9 4 4 and 4 4 0 1 2 3.
    np.testing.assert_array_equal(epochs, [1, 2, 3, 6, 7, 9, 12])


def test_few_points_are_left_alone() -> None:
    values = np.array([3.0, np.nan, 1.0])
    epochs, kept = thinned(np.arange(1, 4), values, 8)
    np.testing.assert_array_equal(epochs, [1, 2, 3])
    np.testing.assert_array_equal(kept, values)


def test_values_that_are_not_finite_hide_no_spike_and_the_last_one_stays() -> None:
    values = spiky()
    values[77_000:77_776] = np.nan
    values[-1] = np.inf
    epochs, kept = thinned(EPOCHS, values, 400)
    assert 77_777 in epochs
    assert (epochs[-1], kept[-1]) == (200_000, np.inf)


def test_a_line_reaches_up_to_both_sides_of_each_gap() -> None:
    values = spiky()
    gaps = ((0, 3), (500, 501), (77_000, 77_776), (150_000, 160_000))
    for start, end in gaps:
        values[start:end] = np.nan
    epochs, kept = thinned(EPOCHS, values, 400)
    assert len(epochs) <= 400
    for start, end in gaps:
        assert {start + 1, end + 1} <= set(epochs.tolist())
        assert start == 0 or start in epochs
        assert np.isnan(kept[epochs == start + 1]).all()


def test_of_more_gaps_than_there_is_room_for_the_widest_stay() -> None:
    values = np.sin(EPOCHS / 1_000)
    values[::3] = np.nan
    values[100_000:100_100] = np.nan
    epochs, kept = thinned(EPOCHS, values, 200)
    assert len(epochs) <= 200
    inside = (epochs >= 100_000) & (epochs <= 100_100)
    assert np.isnan(kept[inside]).all() and inside.any()
    assert np.isfinite(kept).sum() >= 90


def test_the_last_value_stays_where_rounding_puts_it_behind_the_last_bin() -> None:
    draw = np.random.default_rng(0)
    for _ in range(1_000):
        count, points = int(draw.integers(12, 600)), int(draw.integers(8, 60))
        epochs = np.arange(1, count + 1)
        values = draw.normal(size=count)
        kept, _ = thinned(epochs, values, points)
        assert kept[-1] == count
        assert len(kept) <= max(points, 4)


def test_a_line_without_any_number_keeps_its_ends() -> None:
    epochs, kept = thinned(EPOCHS, np.full(len(EPOCHS), np.nan), 100)
    assert epochs[0] == 1
    assert epochs[-1] == 200_000
    assert np.isnan(kept).all()


def test_epochs_may_have_gaps() -> None:
    epochs = np.concatenate([np.arange(1, 50), np.arange(100_000, 103_000)])
    kept, _ = thinned(epochs, np.sin(epochs), 200)
    assert kept[0] == 1
    assert kept[-1] == 102_999
    assert (np.diff(kept) > 0).all()


def test_fewer_than_four_points_are_refused_with_the_number() -> None:
    with pytest.raises(ValueError, match="at least 4, got 3"):
        thinned(EPOCHS, spiky(), 3)
