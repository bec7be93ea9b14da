"""Where a run may not be larger, a trial may not either, and the report says so."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from overfit_core import RunSpec, check_spec
from overfit_core.diagnosis.allowance import Allowance, TooLargeError
from overfit_core.diagnosis.changes import setup_of
from overfit_core.diagnosis.facts import Change
from overfit_core.diagnosis.report import Fix
from overfit_core.diagnosis.spec_changes import with_changes
from overfit_core.diagnosis.target import target_of
from overfit_core.diagnosis.trials import Workshop
from overfit_core.errors import SpecError
from overfit_core.fit import check_work
from overfit_core.models.summary import summarise
from overfit_core.training.session import Session
from tests.diagnosis.programs import HEALTHY, X, Y

SPEC = RunSpec.load(
    {
        "batch": {"source": "moons", "samples": 20, "held_out": 10},
        "model": {"layers": [{"kind": "dense", "units": 2, "activation": "tanh"}]},
        "optimizer": {"name": "Adam", "learning_rate": 1e-5},
        "training": {"epochs": 30},
    }
)
PARAMETERS = summarise(SPEC).parameters
EPOCH = PARAMETERS * 30
"""What one epoch of it takes, held-out samples included."""


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Parameters and epochs of everything that is trained."""
    found: list[tuple[int, int]] = []
    begin = Session.__init__

    def noted(session: Session, model: Any, *given: Any, **named: Any) -> None:  # noqa: ANN401
        begin(session, model, *given, **named)
        found.append((model.count_params(), session.total))

    monkeypatch.setattr(Session, "__init__", noted)
    return found


def _longer(epochs: int) -> RunSpec:
    training = SPEC.training.model_copy(update={"epochs": epochs})
    return SPEC.model_copy(update={"training": training})


def test_it_is_counted_as_the_page_counts_a_run() -> None:
    most = Allowance(100 * EPOCH + 1, 10).epochs(PARAMETERS, 20)
    assert most == 100
    check_work([_longer(100)], 100 * EPOCH + 1)
    with pytest.raises(SpecError):
        check_work([_longer(101)], 100 * EPOCH + 1)


def test_without_a_limit_everything_is_allowed() -> None:
    assert math.isinf(Allowance().epochs(10**9, 10**6))
    with pytest.raises(TooLargeError, match="1,001"):
        Allowance(1_000).epochs(1_001, 1)
    assert Allowance(1_000).epochs(1_000, 1) == 1


@pytest.mark.exhaustive
def test_no_trial_is_larger_than_a_run_may_be(trained: list[tuple[int, int]]) -> None:
    limit = 60.0 * EPOCH
    report = check_spec(SPEC, seeds=1, budget_seconds=60.0, run_work=limit)
    assert len(trained) > 3
    assert trained[0] == (PARAMETERS, 30)
    assert all(parameters * epochs * 30 <= limit for parameters, epochs in trained)
    tried = [fix for fix in report.fixes if fix.tried]
    for fix in tried:
        if fix.outcome != "memorised" and fix.changes[0].setting != "layers.times":
            assert fix.sentence().endswith(
                f": here a run may take {limit:,.0f} (epochs x parameters x samples), "
                "which is 60 epochs of this network"
            )
    wider = next(fix for fix in tried if fix.changes[0].setting == "layers.times")
    assert "60 epochs" not in wider.why
    assert Fix.from_dict(wider.to_dict()).why == wider.why


def test_without_a_limit_trials_are_longer(trained: list[tuple[int, int]]) -> None:
    report = check_spec(SPEC, seeds=1, budget_seconds=3.0)
    assert max(epochs for _, epochs in trained) == 1_000
    assert not any(fix.why for fix in report.fixes)


def test_what_is_too_large_for_one_epoch_is_not_tried_and_says_why() -> None:
    report = check_spec(SPEC, seeds=1, budget_seconds=60.0, run_work=30.0 * EPOCH)
    (wide,) = [fix for fix in report.fixes if fix.changes[0].value == 16]
    assert wide.tried
    report = check_spec(SPEC, epochs=5, seeds=1, budget_seconds=60.0, run_work=5.0 * EPOCH)
    (wide,) = [fix for fix in report.fixes if fix.changes[0].value == 16]
    assert not wide.tried
    assert wide.sentence().startswith("not tried: an epoch takes ")


def test_more_epochs_than_allowed_are_not_tried_and_say_why() -> None:
    spec = SPEC.model_copy(
        update={"optimizer": SPEC.optimizer.model_copy(update={"learning_rate": 0.01})}
    )
    report = check_spec(spec, seeds=1, budget_seconds=60.0, run_work=30.0 * EPOCH)
    (longer,) = [fix for fix in report.fixes if fix.changes[0].setting == "epochs"]
    assert not longer.tried
    assert longer.sentence().endswith("which is 30 epochs of this network")
    report = check_spec(spec, seeds=1, budget_seconds=60.0, run_work=40.0 * EPOCH)
    (longer,) = [fix for fix in report.fixes if fix.changes[0].setting == "epochs"]
    assert longer.tried
    assert longer.changes[0].value == 40


@pytest.mark.exhaustive
def test_a_fix_that_memorises_can_be_run_as_it_stands() -> None:
    spec = RunSpec.load(
        {
            "batch": {"source": "moons", "samples": 20, "held_out": 10},
            "model": {"layers": [{"kind": "dense", "units": 24, "activation": "tanh"}]},
            "optimizer": {"name": "Adam", "learning_rate": 1e-3},
            "training": {"epochs": 30},
        }
    )
    best = check_spec(spec, seeds=1, budget_seconds=60.0).fixes[0]
    (needed,) = best.epochs
    assert best.outcome == "memorised"
    assert needed is not None
    # Memorised is the first of five epochs; what leaves some room would be more than this.
    limit = float((needed + 4) * summarise(spec).parameters * 30)
    with pytest.raises(SpecError):
        check_work([with_changes(spec, best.changes)], limit)
    best = check_spec(spec, seeds=1, budget_seconds=60.0, run_work=limit).fixes[0]
    assert (best.outcome, best.epochs) == ("memorised", (needed,))
    assert best.changes[-1].value == needed + 4
    check_work([with_changes(spec, best.changes)], limit)


def test_a_run_of_which_no_epoch_is_allowed_is_refused() -> None:
    with pytest.raises(TooLargeError, match="here a run may take 10 "):
        check_spec(SPEC, run_work=10.0)


def test_the_run_itself_is_no_longer_either() -> None:
    workshop = Workshop(HEALTHY.model(), Allowance(7.0 * HEALTHY.model().count_params() * len(X)))
    setup = setup_of(workshop.model, X, Y, 50)
    target = target_of(Y, loss=HEALTHY.loss, units=1, same_rank=True)
    assert workshop.train(setup, 0, target).epochs == 7
    assert workshop.most_epochs(setup) == 7
    assert Workshop(workshop.model).train(replace(setup, epochs=9), 0, target).epochs == 9


def test_a_cut_is_told_of_what_did_not_memorise_alone() -> None:
    change = Change("a_rule", "epochs", 9, "Train.", "epochs=9")
    cut = Fix((change,), True, "better", (None,), 1, "here it ends.")
    assert cut.sentence() == "better, but not memorised: here it ends"
    assert replace(cut, outcome="no_better").sentence() == "no better: here it ends"
