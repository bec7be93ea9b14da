"""The score of one run, against numbers worked out by hand."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from overfit_core.comparison.target import Target
from overfit_core.racing import Member, RaceRun
from overfit_core.racing.results import LEAST_LOSS, scored
from overfit_core.training import History

MEMBER = Member(0, 0.1, 0)
LOSS = Target("loss", 0.1)


def run(losses: Sequence[float], target: Target = LOSS, **more: Any) -> RaceRun:  # noqa: ANN401
    history = History({"loss": losses} | more)
    return scored(MEMBER, history, target, seconds=2.0)


def test_a_run_that_reaches_its_target_and_falls_back() -> None:
    one = run([1.0, 0.1, 1.0, 0.01])
    assert (one.epochs_to_target, one.seconds_to_target) == (2.0, 1.0)
    assert (one.best_loss, one.best_epoch) == (0.01, 4)
    assert one.drift == pytest.approx(1.0)
    assert one.log_area == pytest.approx((0 - 1 + 0 - 2) / 4)
    assert one.reached
    assert not one.diverged


def test_a_run_that_never_reaches_it_is_infinitely_late() -> None:
    one = run([1.0, 0.5])
    assert one.epochs_to_target == one.seconds_to_target == math.inf
    at_once = scored(MEMBER, History({"loss": [1.0, 0.5]}), LOSS, seconds=0.0)
    assert at_once.seconds_to_target == math.inf
    assert one.drift is None
    assert not one.reached


def test_a_run_that_diverges_is_a_result() -> None:
    one = run([1.0, 0.1, 5.0, math.nan])
    assert one.non_finite_epoch == 4
    assert (one.epochs_to_target, one.best_loss) == (2.0, 0.1)
    assert one.drift == one.log_area == math.inf
    first = run([math.inf])
    assert (first.best_loss, first.best_epoch, first.reached) == (None, None, False)
    assert first.log_area == math.inf


def test_a_score_is_reached_from_below() -> None:
    accuracy = Target("accuracy", 1.0)
    one = run([1.0, 0.5, 0.5], accuracy, accuracy=[0.5, 1.0, 0.75])
    assert one.epochs_to_target == 2
    assert one.drift == 0.25


def test_a_loss_of_zero_has_a_logarithm() -> None:
    assert run([0.0]).log_area == np.log10(LEAST_LOSS)
