"""SciPy's L-BFGS as a reference, against least squares, finite differences and a single run."""

import math
from typing import Any

import numpy as np
import pytest

from overfit_core import PRESETS, ModelError, RunSpec, SpecError, run
from overfit_core.batches import make_batch
from overfit_core.comparison.target import Target
from overfit_core.models.build import build_model
from overfit_core.models.layers import LAYERS
from overfit_core.models.targets import target_for
from overfit_core.racing import Member, RacePlan, RaceRun, reference
from overfit_core.racing.objective import Objective, others_of, weights_of
from overfit_core.racing.plan import REFERENCE
from overfit_core.racing.reference import run_reference, why_no_reference
from overfit_core.training import History
from overfit_core.training.forward import forward
from overfit_core.training.plan import Data
from overfit_core.training.preparing import tensors
from tests.racing.plans import plan

DENSE = {"kind": "dense", "units": 6, "activation": "tanh"}
LINE = {"batch": {"source": "line", "samples": 16}, "model": {"layers": []}}
PENALISED = {"layers": [DENSE | {"l2": 0.01}]}


def planned(spec: RunSpec | dict[str, Any], epochs: int, **training: Any) -> RacePlan:  # noqa: ANN401
    data = spec.model_dump(mode="json") if isinstance(spec, RunSpec) else spec
    data = data | {"training": data.get("training", {}) | {"epochs": epochs} | training}
    return plan(spec=RunSpec.load(data), seeds=(3, 4))


def only(made: RacePlan) -> tuple[RaceRun, History]:
    (found,) = run_reference(made, made.seeds[:1])
    return found.run, found.history


def test_a_line_is_fitted_to_the_least_squares() -> None:
    made = planned(LINE, 200)
    found, _ = only(made)
    batch = make_batch(made.spec.batch)
    x = np.column_stack([batch.x.astype(float), np.ones(16)])
    _, residual, *_ = np.linalg.lstsq(x, batch.y.astype(float)[:, 0])
    assert found.best_loss == pytest.approx(residual[0] / 16, rel=1e-9)
    assert found.epochs < 200
    assert found.member == Member(REFERENCE, 1.0, 3)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "spec",
    [
        PRESETS["article-2"].spec,
        PRESETS["sine"].spec,
        PRESETS["digits-cnn"].spec,
        {"batch": {"source": "xor"}, "model": PENALISED},
        {"batch": {"source": "moons"}, "model": {"layers": [{"kind": "batch_normalization"}]}},
        {"model": {"layers": [DENSE | {"trainable": False}, DENSE]}},
    ],
    ids=["binary", "regression", "classes", "penalty", "batch normalisation", "frozen"],
)
def test_the_first_evaluation_is_the_first_epoch_of_a_run(spec: RunSpec | dict[str, Any]) -> None:
    made = planned(spec, 1)
    first, second = (trained.history for trained in run_reference(made, made.seeds))
    for seed, history in zip(made.seeds, (first, second), strict=True):
        alone = run(made.spec_of(Member(0, 0.1, seed))).history
        for column in history:
            np.testing.assert_allclose(history[column], alone[column], rtol=2e-6, atol=1e-6)
    assert first["loss"][0] != second["loss"][0]


@pytest.mark.few(1)
@pytest.mark.parametrize(
    "model", [PENALISED, {"layers": [DENSE, {"kind": "batch_normalization"}, DENSE]}]
)
def test_the_gradient_is_that_of_finite_differences(model: dict[str, Any]) -> None:
    spec = RunSpec.load({"batch": {"source": "moons", "samples": 8}, "model": model})
    objective, built = Objective(spec), build_model(spec)
    weights, others = weights_of(built), others_of(built)
    gradient = objective(weights, others).gradient
    step = 1e-6
    for place in range(len(weights)):
        near = [weights.copy(), weights.copy()]
        near[0][place] -= step
        near[1][place] += step
        low, high = (objective(each, others).figures[0] for each in near)
        assert gradient[place] == pytest.approx((high - low) / (2 * step), rel=1e-4, abs=1e-8)


def test_xor_is_memorised_long_before_adam_is_there() -> None:
    made = planned(PRESETS["xor"].spec, 100)
    found, history = only(made)
    adam = run(made.spec_of(Member(0, 0.05, 3))).history
    assert len(history) == found.epochs <= 100
    assert found.reached
    assert found.memorised_epoch is not None
    assert found.best_loss is not None
    assert found.best_loss < adam["loss"].min()


def test_it_makes_as_many_evaluations_as_there_are_epochs() -> None:
    made = planned(PRESETS["sine"].spec, 7)
    found, history = only(made)
    assert found.epochs == len(history) == 7
    assert not found.stopped
    assert found.log_area == pytest.approx(np.log10(history["loss"]).mean())


def test_where_it_ends_before_it_stays_at_its_best() -> None:
    found, history = only(planned(LINE, 300))
    rest = [history["loss"].min()] * (300 - found.epochs)
    whole = np.log10([*history["loss"], *rest])
    assert found.log_area == pytest.approx(whole.mean(), rel=1e-12)
    assert found.log_area < np.log10(history["loss"]).mean() - 1e-6
    # A gradient of 0 is its end.
    flat, _ = only(planned(PRESETS["zero-weights"].spec, 50))
    assert flat.epochs == 1
    assert flat.log_area == pytest.approx(math.log10(flat.best_loss or 0))


@pytest.mark.exhaustive
def test_it_ends_where_the_precision_of_the_run_has_no_smaller_loss() -> None:
    _, history = only(planned(PRESETS["xor"].spec, 500))
    least = float(np.finfo(np.float32).tiny)
    assert history["loss"][-1] < least <= history["loss"][:-1].min()
    made = planned(PRESETS["xor"].spec, 500, dtype="float64")
    assert only(made)[1]["loss"].min() < least**2


def test_a_loss_that_is_no_number_is_a_result() -> None:
    layers = [DENSE | {"activation": "exponential", "initial_bias": 100.0}] * 2
    spec = {"batch": {"source": "sine", "samples": 4}, "model": {"layers": layers}}
    found, _ = only(planned(spec, 20))
    assert found.diverged
    assert found.log_area == math.inf
    assert found.epochs_to_target == math.inf


def test_it_can_be_stopped_and_what_is_there_stays() -> None:
    made = planned(PRESETS["sine"].spec, 1_000_000)
    assert list(run_reference(made, made.seeds, lambda: True)) == []
    answers = iter([False, True])
    (found,) = run_reference(made, made.seeds, lambda: next(answers))
    assert found.run.stopped
    assert len(found.history) == found.run.epochs > 0
    assert found.run.seconds < 1


def test_it_can_be_left_in_the_middle_of_a_fit_which_begins_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reference, "ASKED_EVERY", 0.0)
    made, ended = planned(PRESETS["xor"].spec, 100), []
    fits = run_reference(made, made.seeds, should_pause=lambda: bool(ended))
    ended.append(next(fits).run)
    assert ended[0].member == Member(REFERENCE, 1.0, 3)
    with pytest.raises(StopIteration) as over:
        next(fits)
    left = over.value.value
    assert left.member == Member(REFERENCE, 1.0, 4)
    assert left.checkpoint is None
    assert len(left.history) == 1


def test_a_net_with_dropout_or_nothing_to_train_has_none() -> None:
    said = why_no_reference(PRESETS["dropout"].spec)
    assert said is not None
    assert "dropout" in said
    attention = {"kind": "attention", "dropout": 0.1}
    layers = [attention, {"kind": "global_average_pooling"}]
    sensor = RunSpec.load({"batch": {"source": "sensor"}, "model": {"layers": layers}})
    assert why_no_reference(sensor) == said
    frozen = {"model": {"layers": [], "head": {"trainable": False}}}
    assert "frozen" in (why_no_reference(RunSpec.load(frozen)) or "")
    with pytest.raises(ModelError, match="dropout"):
        next(run_reference(planned(PRESETS["dropout"].spec, 5), [0]))
    off = {"model": {"layers": [{"kind": "dropout", "rate": 0.0}]}}
    assert why_no_reference(RunSpec.load(off)) is None


def with_layer(kind: str) -> RunSpec:
    """Return a run with a layer of this kind, which drops something where it can."""
    settings = {"dropout": {"rate": 0.5}, "attention": {"dropout": 0.5}}
    layers = [{"kind": kind, **settings.get(kind, {})}, {"kind": "flatten"}]
    for source in ("moons", "sensor", "digits"):
        try:
            return RunSpec.load(
                {"batch": {"source": source, "samples": 4}, "model": {"layers": layers}}
            )
        except SpecError:
            continue
    raise AssertionError(f"no batch suits {kind}")


@pytest.mark.few(4)
@pytest.mark.parametrize("kind", LAYERS)
def test_no_reference_is_refused_exactly_where_training_draws_numbers(kind: str) -> None:
    spec = with_layer(kind)
    model = build_model(spec)
    batch = make_batch(spec.batch)
    data = tensors(Data((batch.x, target_for(spec, batch), None)))
    model._symbolic_build(data_batch=data.batch)
    weights = [variable.value for variable in model.trainable_variables]
    others = [variable.value for variable in model.non_trainable_variables]
    after = forward(model, weights, others, data.batch, training=True).others
    drawn = any(
        not np.array_equal(before, value)
        for before, value in zip(others, after, strict=True)
        if not before.dtype.is_floating
    )
    assert drawn == (why_no_reference(spec) is not None)


def test_the_target_may_be_a_score() -> None:
    made = planned(PRESETS["sine"].spec, 200).model_copy(update={"target": Target("r2", 0.99)})
    found, history = only(made)
    assert history["r2"][int(found.epochs_to_target) - 1] >= 0.99 > history["r2"][0]
