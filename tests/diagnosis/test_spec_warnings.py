"""Warnings before a run: what they say, that a check says the same, and what they load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from overfit_core import check_spec
from overfit_core.batches import make_batch
from overfit_core.batches.known import KNOWN
from overfit_core.diagnosis.rules import RULES
from overfit_core.diagnosis.rules.unscaled_inputs import RULE
from overfit_core.diagnosis.spec_batch import NUMBERS
from overfit_core.diagnosis.spec_facts import facts_of, warnings_of
from overfit_core.presets import PRESETS
from overfit_core.spec import RunSpec
from tests.diagnosis.spec_cases import SMALL, checked_facts, spec_of

ROOT = Path(__file__).parents[2]


HINGE = {"head": {"activation": "tanh"}, "loss": "hinge"}


FAULTY = {
    "softmax on one unit": (
        spec_of("xor", SMALL, head={"activation": "softmax"}), ["output_cannot_reach_target"]
    ),
    "squares on chances of classes": (
        spec_of("moons", SMALL, loss="mean_squared_error"), ["unsuited_loss"]
    ),
    "hinge on a sigmoid": (spec_of("moons", SMALL, loss="hinge"), ["unsuited_loss"]),
    "hinge as it should be": (spec_of("moons", SMALL, **HINGE), []),
    "linear layers on xor": (
        spec_of("xor", {**SMALL, "activation": "linear"}, samples=4), ["missing_nonlinearity"]
    ),
    "linear layers on a line": (
        spec_of("line", {**SMALL, "activation": "linear"}, noise=0.0), []
    ),
    "linear layers on circles": (
        spec_of("circles", {**SMALL, "activation": "linear"}), ["missing_nonlinearity"]
    ),
    "tanh for a cross-entropy": (
        spec_of("moons", SMALL, head={"activation": "tanh"}), ["output_cannot_reach_target"]
    ),
    "tanh and squares for 0 and 1": (
        spec_of("moons", SMALL, head={"activation": "tanh"}, loss="mean_squared_error"), []
    ),
    "a sigmoid for a sine": (
        spec_of("sine", SMALL, head={"activation": "sigmoid"}), ["output_cannot_reach_target"]
    ),
    "a tanh for a disease": (
        spec_of("diabetes", SMALL, head={"activation": "tanh"}), ["output_cannot_reach_target"]
    ),
    "three classes in one column": (
        spec_of("iris", SMALL, head={"units": 1}, loss="binary_crossentropy"),
        ["label_loss_mismatch"],
    ),
    "a column where shares are wanted": (
        spec_of("iris", SMALL, head={"units": 1}, loss="categorical_crossentropy"),
        ["label_loss_mismatch"],
    ),
    "corners with two labels each": (
        spec_of("xor", SMALL, samples=32, label_noise=0.5), ["contradictory_labels"]
    ),
    "a sample that contradicts another": (
        spec_of("moons", SMALL, contradictions=1), ["contradictory_labels"]
    ),
    "windows that contradict others, the last of many": (
        spec_of("sensor", {"kind": "flatten"}, SMALL, steps=256, contradictions=2),
        ["contradictory_labels"],
    ),
    "points of a line that contradict others": (
        spec_of("line", SMALL, contradictions=8), ["contradictory_labels"]
    ),
    "flowers that contradict others": (
        spec_of("iris", SMALL, contradictions=3), ["contradictory_labels"]
    ),
    "tumours that contradict others": (
        spec_of("breast_cancer", SMALL, scaling="standard", contradictions=3, label_noise=0.2),
        ["contradictory_labels"],
    ),
    "a frozen layer": (
        spec_of("moons", {**SMALL, "trainable": False}), ["nothing_trainable"]
    ),
    "a frozen head": (
        spec_of("moons", SMALL, head={"trainable": False}), ["nothing_trainable"]
    ),
    "ones, which are alike as well": (
        spec_of("moons", {**SMALL, "kernel_initializer": "ones"}), ["bad_initialisation"]
    ),
    "a zero head alone": (spec_of("moons", SMALL, head={"kernel_initializer": "zeros"}), []),
    "raw wines": (spec_of("wine", SMALL), ["unscaled_inputs"]),
    "scaled wines": (spec_of("wine", SMALL, scaling="min-max"), []),
    "raw digits": (spec_of("digits", {"kind": "flatten"}, SMALL), ["unscaled_inputs"]),
    "standardised tumours": (spec_of("breast_cancer", SMALL, scaling="standard"), []),
    "clouds far out": (
        spec_of("blobs", SMALL, noise=10.0, features=4), ["unscaled_inputs"]
    ),
    "two faults": (
        spec_of(
            "wine", {**SMALL, "kernel_initializer": "zeros"}, loss="mean_absolute_error"
        ),
        ["bad_initialisation", "unsuited_loss", "unscaled_inputs"],
    ),
}  # fmt: skip
"""A spec, and the rules that hold before it is run, in the order of blame."""


@pytest.mark.parametrize("name", FAULTY)
def test_a_fault_is_named_and_what_is_sound_is_not(name: str) -> None:
    spec, rules = FAULTY[name]
    assert [cause.rule for cause in warnings_of(spec)] == rules


@pytest.mark.parametrize("name", FAULTY)
def test_each_rule_says_the_same_of_the_real_batch_and_the_keras_model(name: str) -> None:
    spec, _ = FAULTY[name]
    known, real = facts_of(spec), checked_facts(spec)
    assert known.target == real.target
    assert known.floor.accuracy == real.floor.accuracy
    for rule in RULES:
        assert (rule.find(known) is None) == (rule.find(real) is None), rule.id


def test_the_presets_warn_of_what_is_wrong_from_the_start_and_of_nothing_else() -> None:
    found = {
        preset.id: tuple(cause.rule for cause in warnings_of(preset.spec))
        for preset in PRESETS.values()
    }
    assert {name: rules for name, rules in found.items() if rules} == {
        "unscaled-inputs": ("unscaled_inputs",),
        "zero-weights": ("bad_initialisation",),
    }


def test_what_another_cause_explains_is_silent_and_named_there() -> None:
    spec = spec_of("wine", SMALL, head={"activation": "sigmoid", "units": 1}, loss="huber")
    spoken = warnings_of(spec)
    assert [cause.rule for cause in spoken] == ["output_cannot_reach_target", "unscaled_inputs"]
    spec = spec_of("iris", SMALL, head={"units": 5}, loss="mean_squared_error")
    (only,) = warnings_of(spec)
    assert only.rule == "label_loss_mismatch"
    assert only.upstream_of == ("output_cannot_reach_target", "unsuited_loss")


def test_evidence_of_bundled_data_says_that_it_is_of_all_samples() -> None:
    (cause,) = warnings_of(PRESETS["unscaled-inputs"].spec)
    assert cause.evidence["seen_in"] == "all 569 samples of the source"
    assert cause.evidence["largest"] == 4254.0
    assert cause.evidence["mean"] == pytest.approx(880.583)
    (cause,) = warnings_of(FAULTY["a column where shares are wanted"][0])
    assert "sample" not in cause.evidence


def test_a_column_that_has_a_name_is_called_by_it_before_a_run_and_after() -> None:
    spec = spec_of("wine", SMALL)
    (warned,) = warnings_of(spec)
    report = check_spec(spec, epochs=2, seeds=1, budget_seconds=0.1)
    checked = next(cause for cause in report.causes if cause.rule == RULE.id)
    for cause in (warned, checked):
        assert cause.evidence["column"] == 12
        assert cause.evidence["problem"].startswith("proline (column 12) reaches 1,")
        assert cause.drawing is not None
        assert "magnesium (column 4)" in cause.drawing.names
        assert "proline (column 12)" in [cause.drawing.names[n] for n in cause.drawing.marked]
    assert "proline (column 12) reaches" in report.to_markdown()
    (cause,) = warnings_of(spec_of("digits", {"kind": "flatten"}, SMALL))
    assert cause.evidence["problem"] == "brightness (column 0) reaches 16"
    (cause,) = warnings_of(spec_of("blobs", SMALL, noise=10.0, features=4))
    assert cause.evidence["problem"].startswith("column ")


UNSCALED = {"wine", "breast_cancer", "digits"}


@pytest.mark.parametrize("source", KNOWN)
def test_inputs_called_unscaled_are_so_in_every_small_batch(source: str) -> None:
    layers = [{"kind": "flatten"}, SMALL] if source == "digits" else [SMALL]
    for seed in range(5):
        spec = spec_of(source, *layers, samples=8, seed=seed)
        warned = [cause.rule for cause in warnings_of(spec)]
        assert warned == (["unscaled_inputs"] if source in UNSCALED else [])
        if warned:
            assert RULE.find(checked_facts(spec)) is not None


@pytest.mark.parametrize(("noise", "rules"), [(0.0, ["missing_nonlinearity"]), (0.1, [])])
def test_a_large_batch_is_looked_at_in_part(noise: float, rules: list[str]) -> None:
    data = {
        "batch": {
            "source": "random_labels", "samples": 2048, "features": 8, "label_noise": noise
        },
        "model": {"layers": [{**SMALL, "activation": "linear"}]},
    }  # fmt: skip
    spec = RunSpec.load(data)
    facts = facts_of(spec)
    assert facts.batch.x["x"].size == NUMBERS
    whole = make_batch(spec.batch)
    np.testing.assert_array_equal(facts.batch.x["x"], whole.x[: facts.batch.samples])
    # The labels that are drawn anew are others than those of the whole batch.
    assert np.array_equal(facts.batch.y, whole.y[: facts.batch.samples]) == (noise == 0)
    assert [cause.rule for cause in warnings_of(spec)] == rules


def test_nothing_is_said_of_samples_that_are_not_at_hand() -> None:
    linear = {**SMALL, "activation": "linear"}
    assert warnings_of(spec_of("iris", linear, samples=20)) == ()
    assert warnings_of(spec_of("iris", SMALL, samples=1)) == ()


def test_of_bundled_data_only_what_the_settings_make_sure_is_said_to_contradict() -> None:
    spec = spec_of("wine", SMALL, scaling="standard", samples=20, contradictions=3)
    (cause,) = warnings_of(spec)
    assert cause.evidence == {"samples": [[0, 17], [1, 18], [2, 19]], "best_accuracy": 17 / 20}
    assert cause.drawing is None
    real = checked_facts(spec)
    assert sorted(real.batch.contradictions.pairs) == [(0, 17), (1, 18), (2, 19)]
    assert real.floor.accuracy == 17 / 20
    numbers = {"head": {"units": 1, "activation": "linear"}, "loss": "mean_squared_error"}
    causes = warnings_of(spec_of("iris", SMALL, contradictions=9, **numbers))
    evidence = {cause.rule: cause.evidence for cause in causes}
    assert set(evidence["contradictory_labels"]) == {"samples"}
    # How far apart targets are is not known before they are there.
    assert warnings_of(spec_of("diabetes", SMALL, contradictions=16)) == ()


def test_warnings_load_neither_tensorflow_nor_scikit_learn() -> None:
    script = """
import json, sys
from overfit_core.batches import SOURCES
from overfit_core.diagnosis.spec_changes import applicable
from overfit_core.diagnosis.spec_facts import warnings_of
from overfit_core.diagnosis.facts import Change
from overfit_core.spec import RunSpec
for source in SOURCES:
    for scaling in ("none", "standard", "min-max"):
        batch = {"source": source, "scaling": scaling}
        layers = [{"kind": "flatten"}] if len(SOURCES[source].inputs) > 1 else []
        spec = RunSpec.load({"batch": batch, "model": {"layers": layers}})
        warnings_of(spec)
        assert applicable(spec, [Change("", "layers.times", 4, "", "")])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout))
    assert "numpy" in loaded
    assert not loaded & {"tensorflow", "keras", "sklearn", "scipy", "pandas", "streamlit"}
