"""A check as a whole: the article's examples, bad input, what is left as it was."""

from __future__ import annotations

import random
from dataclasses import replace

import keras
import numpy as np
import pytest

from overfit_core import ModelError, check, check_spec, run
from overfit_core.presets import PRESETS
from tests.diagnosis.programs import HEALTHY, LAYERS, NUMBERS, X, Y


@pytest.mark.few(2)
@pytest.mark.parametrize("example", ["article-1", "article-3"])
def test_an_example_that_does_not_memorise_has_a_cause_and_a_fix_that_does(example: str) -> None:
    report = check_spec(PRESETS[example].spec, budget_seconds=60.0)
    assert not report.memorised
    assert report.causes
    best = report.fixes[0]
    assert (best.outcome, best.seeds_memorised, best.seeds) == ("memorised", 3, 3)
    assert best.tried


def test_the_example_that_memorises_is_left_alone_and_is_the_run_itself() -> None:
    spec = PRESETS["article-2"].spec
    report, result = check_spec(spec), run(spec)
    assert report.epoch == result.summary.memorised_epoch
    assert report.causes == report.fixes == ()
    np.testing.assert_allclose(report.history["loss"][:20], result.history["loss"][:20], rtol=1e-4)


def test_contradictory_labels_are_impossible_and_the_best_accuracy_is_named() -> None:
    x, y = X.copy(), Y.copy()
    x[1] = x[0]
    report = check(HEALTHY.model(), x, y, epochs=300, seeds=1)
    assert report.verdict == "impossible"
    assert report.best_accuracy == pytest.approx(1 - 1 / len(x))
    assert report.causes[0].rule == "contradictory_labels"
    assert report.causes[0].evidence["samples"] == [[0, 1]]
    assert report.fixes[0].outcome == "memorised"
    assert "at best 95.83 %" in report.sentence()


def test_what_cannot_be_read_is_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "examination.setup_of",
        "seeing.look_at",
        "seeing.read_outputs",
        "seeing.floor_of",
    ):
        with monkeypatch.context() as patched:

            def broken(*_given: object, name: str = name, **_named: object) -> None:
                raise AttributeError(f"nothing to {name}")

            patched.setattr(f"overfit_core.diagnosis.{name}", broken)
            report = check(HEALTHY.model(), X, Y, epochs=2)
        assert report.verdict == "impossible"
        assert f"AttributeError: nothing to {name}" in report.causes[0].evidence["error"]


def test_the_model_and_the_random_state_stay_as_they_were() -> None:
    model = HEALTHY.model()
    weights = [w.copy() for w in model.get_weights()]
    state = random.getstate()
    report = check(model, X * 1000, Y, epochs=60, seeds=2, budget_seconds=5.0)
    assert report.fixes
    assert random.getstate() == state
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert int(model.optimizer.iterations) == 0


def test_what_cannot_be_trained_is_a_report() -> None:
    report = check(HEALTHY.model(), np.ones((4, 7), "float32"), Y[:4], epochs=10)
    assert report.verdict == "impossible"
    assert report.causes[0].rule == "does_not_run"
    assert "7" in report.causes[0].evidence["error"]
    assert report.loss is None

    def broken(y_true: object, y_pred: object) -> object:
        raise RuntimeError("no such loss")

    model = HEALTHY.model()
    model.compile("adam", loss=broken)
    report = check(model, X, Y, epochs=10)
    assert "no such loss" in report.causes[0].evidence["error"]


def test_progress_is_told_and_trials_can_be_stopped() -> None:
    program, told = replace(HEALTHY, rate=1e-6), []

    def tried() -> int:
        return sum(fix.tried for fix in told[-1].fixes) if told else 0

    report = check(
        program.model(), X, Y, epochs=50, budget_seconds=60.0, seeds=1,
        on_progress=told.append, should_stop=lambda: tried() >= 2,
    )  # fmt: skip
    assert sum(fix.tried for fix in report.fixes) == 2
    assert told[0].verdict == report.verdict
    assert told[0].fixes == ()
    being_tried = {one.trying.code for one in told if one.trying}
    assert being_tried == {fix.code for fix in report.fixes if fix.tried}
    assert report.trying is None


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        ([[1.0, 2.0], [1.0]], [[0.0], [1.0]], "differ in length"),
        (np.ones((3, 2)), np.array(["a", "b", "c"]), "give numbers"),
        (np.ones((3, 2)), np.ones((2, 1)), "3 and 2 samples"),
        (np.ones((0, 2)), np.ones((0, 1)), "at least one sample"),
    ],
)
def test_what_is_no_batch_is_a_report(x: object, y: object, said: str) -> None:
    report = check(HEALTHY.model(), x, y)
    assert report.verdict == "impossible"
    assert said in report.causes[0].evidence["error"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"seeds": 0}, "seeds must be at least 1"),
        ({"budget_seconds": 0}, "budget_seconds must be above 0"),
    ],
)
def test_numbers_out_of_range_are_named(given: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check(HEALTHY.model(), X, Y, **given)  # type: ignore[arg-type]


def test_what_is_no_compiled_model_is_refused() -> None:
    with pytest.raises(ModelError, match="not compiled"):
        check(keras.Sequential([keras.Input((2,)), LAYERS.Dense(1)]), X, Y)


@pytest.mark.exhaustive
def test_class_numbers_beyond_the_outputs_are_a_report() -> None:
    report = check(NUMBERS.model(), NUMBERS.x, NUMBERS.y + 1, epochs=50, seeds=1)
    assert report.causes[0].rule == "label_loss_mismatch"
    assert report.causes[0].evidence["high"] == 3
    assert report.fixes[0].outcome == "memorised"
