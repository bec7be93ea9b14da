import numpy as np
import pytest

from overfit_core.comparison.bands import BAND_POINTS, band_of, epoch_grid, quartiles, seed_groups
from overfit_core.comparison.run import ComparedRun
from tests.comparison.making import history_of, run_of, spec_of


def seed_run(seed: int, *loss: float) -> ComparedRun:
    return run_of(f"s{seed}", spec_of(seed=seed), history_of(loss))


def test_groups_are_runs_that_differ_in_seed_and_name_only() -> None:
    named = run_of("named", spec_of(seed=3, name="mine"), history_of([1.0]))
    other = run_of("other", spec_of("SGD", seed=2), history_of([1.0]))
    runs = [seed_run(1, 1.0), other, seed_run(2, 1.0), named]
    (members,) = seed_groups(runs).values()
    assert [run.id for run in members] == ["s1", "s2", "named"]


def test_a_seed_that_was_trained_twice_counts_once() -> None:
    again = run_of("again", spec_of(seed=1), history_of([1.0, 0.5]))
    assert seed_groups([seed_run(1, 1.0), again]) == {}
    (members,) = seed_groups([seed_run(1, 1.0), seed_run(2, 1.0), again]).values()
    assert [run.id for run in members] == ["again", "s2"]


def test_a_band_ends_where_its_first_run_ends() -> None:
    band = band_of([seed_run(1, 4.0, 2.0, 1.0), seed_run(2, 2.0, 1.0)], "loss")
    assert band is not None
    np.testing.assert_array_equal(band.epochs, [1, 2])
    np.testing.assert_array_equal(band.quartiles.median, [3.0, 1.5])


def test_a_diverged_run_counts_as_worst_and_does_not_make_the_rest_look_better() -> None:
    runs = [seed_run(1, 1.0, 1.0, 1.0), seed_run(2, 2.0, 2.0, 2.0), seed_run(3, 3.0, np.inf)]
    band = band_of(runs, "loss")
    assert band is not None
    np.testing.assert_array_equal(band.quartiles.median, [2.0, 2.0, 2.0])
    np.testing.assert_array_equal(band.quartiles.upper, [2.5, np.inf, np.inf])


def test_a_run_that_diverged_at_once_counts_as_worst_too() -> None:
    band = band_of([seed_run(1, 1.0, 0.5), seed_run(2, 2.0, 1.0), seed_run(3, np.nan)], "loss")
    assert band is not None
    assert band.seeds == 3
    np.testing.assert_array_equal(band.quartiles.median, [2.0, 1.0])
    np.testing.assert_array_equal(band.quartiles.upper, [np.inf, np.inf])
    assert band_of([seed_run(1, np.nan), seed_run(2, np.nan)], "loss") is None


def test_where_nothing_is_better_a_diverged_run_is_left_out_from_there_on() -> None:
    norms = ([1.0, 1.0], [3.0, 3.0], [9.0])
    runs = [
        run_of(f"s{k}", spec_of(seed=k), history_of(norm, **{"gradient_norm/dense": norm}))
        for k, norm in enumerate(norms)
    ]
    runs[2] = run_of("s2", spec_of(seed=2), history_of([np.nan], **{"gradient_norm/dense": [9.0]}))
    band = band_of(runs, "gradient_norm/dense")
    assert band is not None
    assert band.seeds == 2


def test_fewer_than_two_runs_make_no_band() -> None:
    assert band_of([seed_run(1, 1.0), seed_run(2)], "loss") is None
    assert band_of([seed_run(1, 1.0), seed_run(2, 1.0)], "val_loss") is None


@pytest.mark.parametrize("last", [1, 2, BAND_POINTS, BAND_POINTS + 1, 2_000, 1_000_000])
def test_the_epochs_of_a_band_reach_from_first_to_last(last: int) -> None:
    grid = epoch_grid(last)
    assert (grid[0], grid[-1]) == (1, last)
    assert (np.diff(grid) > 0).all()
    assert len(grid) <= BAND_POINTS


@pytest.mark.parametrize("runs", range(1, 9))
def test_quartiles_are_numpys(runs: int) -> None:
    values = np.random.default_rng(runs).normal(size=(runs, 7))
    found = quartiles(values)
    expected = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
    np.testing.assert_allclose([found.lower, found.median, found.upper], expected)


def test_quartiles_take_infinity_as_such() -> None:
    found = quartiles(np.array([[1.0, np.inf, 1.0], [np.inf, np.inf, np.nan]]))
    np.testing.assert_array_equal(found.median, [np.inf, np.inf, np.nan])
    assert quartiles(np.array([[1.0], [2.0], [np.inf]])).median[0] == 2.0
