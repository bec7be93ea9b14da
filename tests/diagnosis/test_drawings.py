"""What each rule shows, and that it is true."""

from __future__ import annotations

import dataclasses
import json
import statistics
from dataclasses import replace
from functools import cache

import keras
import numpy as np
import pytest

from overfit_core.diagnosis import check, check_spec
from overfit_core.diagnosis.batch_facts import look_at
from overfit_core.diagnosis.blame import SHOWN_BY_TRIAL
from overfit_core.diagnosis.changes import setup_of
from overfit_core.diagnosis.drawings import MOST_NAMES, MOST_VALUES
from overfit_core.diagnosis.facts import Drawing, Evidence, Facts
from overfit_core.diagnosis.floor import floor_of
from overfit_core.diagnosis.model_facts import read_model
from overfit_core.diagnosis.rules import RULES
from overfit_core.diagnosis.target import target_of
from overfit_core.diagnosis.trials import ALL_PROBES, Workshop
from overfit_core.presets import PRESETS
from tests.diagnosis.programs import CURVE, HEALTHY, Program
from tests.diagnosis.test_rules import FAULTY

BY_ID = {rule.id: rule for rule in RULES}
IN_WORDS = {"unsuited_loss", "missing_nonlinearity"}
"""Rules that nothing is drawn for."""


def facts_of(program: Program, train: bool = True) -> tuple[Facts, keras.Model]:
    model = program.model()
    batch, read = look_at({"x": program.x}, program.y), read_model(model, program.x)
    same_rank = program.y.ndim == len(read.output_shape) + 1
    y = np.nan_to_num(program.y) if batch.bad else program.y
    target = target_of(y, loss=read.loss, units=read.units, same_rank=same_rank)
    floor = floor_of(batch, target, read.loss, read.loss_settings)
    facts = Facts(batch, read, target, floor)
    if batch.bad or not train:
        return facts, model
    setup = setup_of(model, program.x, program.y, program.epochs)
    return replace(facts, run=Workshop(model).train(setup, 0, target, probes=ALL_PROBES)), model


@cache
def shown(rule: str) -> tuple[Drawing | None, Evidence, Facts, keras.Model]:
    """What a rule shows of the program that has its fault."""
    facts, model = facts_of(FAULTY[rule])
    evidence = BY_ID[rule].find(facts)
    assert evidence is not None
    return BY_ID[rule].drawing(facts, evidence), evidence, facts, model


def drawn(rule: str) -> tuple[Drawing, Evidence, Facts, keras.Model]:
    drawing, *rest = shown(rule)
    assert drawing is not None
    return drawing, *rest


def without_training(rule: str, program: Program) -> Drawing | None:
    facts, _ = facts_of(program, train=False)
    evidence = BY_ID[rule].find(facts)
    assert evidence is not None
    return BY_ID[rule].drawing(facts, evidence)


def assert_sound(drawing: Drawing) -> None:
    json.dumps(dataclasses.asdict(drawing), allow_nan=False)
    assert 0 < len(drawing.names) == len(drawing.values) == len(set(drawing.names)) <= MOST_NAMES
    assert set(drawing.marked) <= set(range(len(drawing.names)))
    assert drawing.title.endswith(".")
    widths = {"bars": None, "ranges": 2, "samples": len(drawing.columns)}
    if drawing.kind == "lines":
        assert all(0 < len(values) <= MOST_VALUES for values in drawing.values)
    elif drawing.kind == "bars":
        assert all(value is None or type(value) is float for value in drawing.values)
    else:
        assert {len(values) for values in drawing.values} == {widths[drawing.kind]}


@pytest.mark.few(6)
@pytest.mark.parametrize("rule", FAULTY)
def test_a_rule_that_holds_shows_it(rule: str) -> None:
    drawing = shown(rule)[0]
    assert (drawing is None) == (rule in IN_WORDS)
    if drawing is not None:
        assert_sound(drawing)


def test_a_cause_carries_its_drawing() -> None:
    program = FAULTY["unscaled_inputs"]
    report = check(program.model(), program.x, program.y, epochs=200, seeds=1)
    drawing = report.causes[0].drawing
    expected = drawn("unscaled_inputs")[0]
    assert drawing is not None
    assert drawing.values == pytest.approx(expected.values)
    assert replace(drawing, values=expected.values) == expected


@pytest.mark.exhaustive
def test_the_gradient_of_each_layer_is_drawn_from_the_input_on() -> None:
    first, evidence, facts, model = drawn("vanishing_gradients")
    last = BY_ID["vanishing_gradients"].drawing(facts, {**evidence, "when": "last epochs"})
    assert evidence["when"] == "first epochs"
    assert first.values[0] == evidence["gradient_norm"]
    for drawing, part in ((first, slice(5)), (last, slice(-50, None))):
        assert drawing is not None and facts.run is not None
        assert drawing.names == tuple(layer.name for layer in model.layers)
        columns = [facts.run.history[f"gradient_norm/{name}"][part] for name in drawing.names]
        middle = [statistics.median(column.tolist()) for column in columns]
        assert drawing.values == pytest.approx(tuple(middle)) and drawing.marked == (0,)


def test_dead_layers_are_drawn_by_epoch_and_marked() -> None:
    drawing, evidence, facts, _ = drawn("dead_relu")
    assert facts.run is not None
    for name, values in zip(drawing.names, drawing.values, strict=True):
        assert list(values) == facts.run.history[f"dead_share/{name}"].tolist()
    dead = {n for n, values in zip(drawing.names, drawing.values, strict=True) if values[-1] == 1}
    assert {drawing.names[place] for place in drawing.marked} == dead
    assert evidence["layer"] in dead
    assert (drawing.first_epoch, drawing.every) == (1, 1)


def test_kernels_are_drawn_as_they_start() -> None:
    drawing, evidence, _, model = drawn("bad_initialisation")
    kernels = {layer.name: layer.get_weights()[0].std() for layer in model.layers}
    assert dict(zip(drawing.names, drawing.values, strict=True)) == pytest.approx(kernels)
    assert [drawing.names[place] for place in drawing.marked] == evidence["layers"]
    assert drawing.values[drawing.marked[0]] == 0.0


def test_wide_kernels_are_marked_beside_what_is_sound() -> None:
    wide = replace(HEALTHY, more={"kernel_initializer": keras.initializers.RandomNormal(0, 50.0)})
    facts, _ = facts_of(wide, train=False)
    drawing = BY_ID["bad_initialisation"].drawing(facts, {"first_loss": 1.0})
    assert drawing is not None
    assert (drawing.marked, drawing.band, drawing.log) == ((0,), (None, 1.0), True)


def test_what_an_output_gives_is_drawn_beside_the_labels() -> None:
    drawing, *_ = drawn("output_cannot_reach_target")
    y = FAULTY["output_cannot_reach_target"].y
    assert drawing.names == ("tanh gives", "the labels")
    assert drawing.values == ((-1.0, 1.0), (float(y.min()), float(y.max())))
    open_end = without_training("output_cannot_reach_target", replace(CURVE, output="relu"))
    assert open_end is not None and open_end.values[0] == (0.0, None)
    one = without_training("output_cannot_reach_target", replace(HEALTHY, output="softmax"))
    assert one is not None and one.values == ((1.0, 1.0), (0.0, 1.0))
    bounded = replace(HEALTHY, output="tanh")
    assert without_training("output_cannot_reach_target", bounded) is None


def test_frozen_layers_have_no_weights_to_train() -> None:
    drawing, *_, model = drawn("nothing_trainable")
    trainable = [sum(int(np.prod(w.shape)) for w in la.trainable_weights) for la in model.layers]
    assert drawing.values == tuple(trainable) and drawing.values[0] == 0
    assert drawing.marked == (0,)


def test_predictions_are_drawn_beside_the_targets() -> None:
    drawing, _, facts, _ = drawn("unscaled_targets")
    assert facts.run is not None
    targets, predictions = drawing.values
    y = FAULTY["unscaled_targets"].y
    assert targets == (float(y.min()), float(y.max()))
    assert predictions == (float(facts.run.prediction.min()), float(facts.run.prediction.max()))
    assert drawing.marked == (1,)


@pytest.mark.parametrize("rule", ["learning_rate_too_low", "regularisation", "too_little_capacity"])
def test_what_is_marked_is_what_the_evidence_names(rule: str) -> None:
    drawing, evidence, *_ = drawn(rule)
    marked = [drawing.values[place] for place in drawing.marked]
    key = {"regularisation": "rate", "too_little_capacity": "narrowest_layer"}.get(rule)
    if key:
        assert marked and set(marked) == {evidence[key]}
    else:
        assert drawing.band == (1e-3, None) and marked and max(marked) < 1e-3


def test_penalties_are_drawn_beside_the_rest_of_the_loss() -> None:
    evidence = {"penalty": 3.0, "loss": 4.0, "share": 0.75}
    drawing = BY_ID["regularisation"].drawing(shown("regularisation")[2], evidence)
    assert drawing is not None
    assert (drawing.values, drawing.marked) == ((3.0, 1.0), (0,))


@pytest.mark.exhaustive
def test_both_modes_are_drawn_where_they_differ() -> None:
    drawing, _, facts, _ = drawn("train_inference_mismatch")
    assert facts.run is not None
    for values, column in zip(drawing.values, ("loss", "inference_loss"), strict=True):
        assert list(values) == facts.run.history[column].tolist()


def test_what_only_a_trial_has_shown_is_drawn_as_the_trial_beside_the_run() -> None:
    report = check_spec(PRESETS["article-3"].spec, budget_seconds=60.0)
    cause = report.causes[0]
    assert cause.why == SHOWN_BY_TRIAL
    drawing = cause.drawing
    assert drawing is not None
    assert_sound(drawing)
    assert drawing.names == ("as it is", "with the change")
    before, after = drawing.values
    # It ends where the run ended, and nothing says that its loss was no number there.
    assert None not in (*before, *after)
    assert before[-1] == pytest.approx(report.history["loss"][-1], rel=0.01)
    assert after[-1] < before[-1]
