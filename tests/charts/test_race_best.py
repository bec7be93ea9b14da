"""Which runs stand for their optimizers, and how their losses are drawn."""

import math
from itertools import permutations

import numpy as np
import pytest

from overfit_core.charts.race_best import POINTS, best_figure, members_of_best
from overfit_core.racing import Member, RaceRun
from overfit_core.racing.results import LEAST_LOSS
from overfit_core.training.history import History
from tests.charts.race_fakes import MISS, named, race, reference, run


def test_the_middle_seed_of_the_best_cell_stands_for_an_optimizer() -> None:
    plan, scores, _ = race()
    # Adam's best is 0.1 with 10, a miss and 30; SGD's 0.1 with 50 thrice.
    assert members_of_best(plan, scores) == [Member(0, 0.1, 5), Member(1, 0.1, 4)]
    with_reference = members_of_best(plan, scores, reference(9, 5, 7))
    assert with_reference[-1] == Member(-1, 1.0, 5)


def test_of_runs_that_all_miss_the_middle_is_by_loss_and_of_two_the_better() -> None:
    losses = [(3, 0.5), (4, 0.2), (5, None)]
    for order in permutations(losses):
        runs = [run(0, 0.1, seed, MISS, loss) for seed, loss in order]
        plan, scores, _ = race(runs)
        assert members_of_best(plan, scores) == [Member(0, 0.1, 3)]
    plan, scores, _ = race([run(0, 0.1, 3, 40), run(0, 0.1, 4, 20)])
    assert members_of_best(plan, scores) == [Member(0, 0.1, 4)]


def drawn(losses: list[float], **more: object) -> tuple[dict[str, object], list[dict[str, object]]]:
    """The curve of a single run with these losses, and what is marked on it."""
    runs: list[RaceRun] = [run(0, 0.1, 3, **({"to_target": MISS} | more))]  # type: ignore[arg-type]
    histories = {Member(0, 0.1, 3): History({"loss": losses})}
    figure = best_figure(*race(runs), histories)
    curve, *marks = named(figure, "Adam at 0.1")
    return curve, marks


def test_the_curve_holds_the_recorded_losses() -> None:
    curve, marks = drawn([1.0, 0.5, 0.25])
    assert (curve["x"], curve["y"]) == ([1, 2, 3], [1.0, 0.5, 0.25])
    assert curve["customdata"] == [[0, 0.1, 3]] * 3
    assert marks == []


def test_a_dot_marks_where_the_target_is_reached() -> None:
    _, (dot,) = drawn([1.0, 0.5, 0.1, 0.2], to_target=3)
    assert (dot["x"], dot["y"], dot["customdata"]) == ([3], [0.1], [[0, 0.1, 3]])


def test_a_run_that_diverges_ends_with_a_cross() -> None:
    curve, (cross,) = drawn([1.0, 5.0, math.nan], non_finite_epoch=3)
    assert curve["y"] == [1.0, 5.0, None]
    assert (cross["x"], cross["y"]) == ([2], [5.0])
    assert "diverged at epoch 3" in str(cross["text"])


def test_a_loss_of_zero_is_drawn_as_the_least() -> None:
    assert drawn([1.0, 0.0])[0]["y"] == [1.0, LEAST_LOSS]


@pytest.mark.parametrize("log_x", [True, False])
def test_a_long_run_is_drawn_in_few_points_that_are_all_its_own(log_x: bool) -> None:
    losses = np.random.default_rng(0).random(50_000) + 0.1
    losses[40_123] = 1e-6
    histories = {Member(0, 0.1, 3): History({"loss": losses})}
    figure = best_figure(*race([run(0, 0.1, 3, MISS)]), histories, log_x=log_x)
    (curve,) = named(figure, "Adam at 0.1")
    assert len(curve["x"]) == len(curve["customdata"]) <= POINTS
    assert curve["y"] == [losses[epoch - 1] for epoch in curve["x"]]
    assert 40_124 in curve["x"]
    first = sum(epoch <= 500 for epoch in curve["x"])
    assert first > 100 if log_x else first < 10


def test_the_reference_is_dashed_ink() -> None:
    plan, scores, names = race()
    fitted = reference(2)
    histories = {fitted[0].member: History({"loss": [1.0, 0.1]})}
    figure = best_figure(plan, scores, names, histories, reference=fitted)
    (line,) = named(figure, "L-BFGS (SciPy)", mode="lines")
    assert (line["line"]["color"], line["line"]["dash"]) == ("@text", "dash")
    marks = named(figure, "L-BFGS (SciPy)", mode="markers")
    assert marks, "it reaches the target"
    assert not any("customdata" in trace for trace in [line, *marks]), "it cannot be opened"
    assert not named(figure, "Adam at 0.1")


def test_without_histories_nothing_is_drawn() -> None:
    assert best_figure(*race(), {})["data"] == []
