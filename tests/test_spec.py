import math
import pickle
import random
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from overfit_core.batches import MAX_SAMPLES
from overfit_core.errors import ShapeError, SpecError
from overfit_core.limits import LIMITS
from overfit_core.spec import (
    PROBES,
    BatchSpec,
    HeadSpec,
    ModelSpec,
    OptimizerSpec,
    RunSpec,
    TrainingSpec,
)
from tests.random_specs import random_spec

DENSE = {"kind": "dense"}


def problems_of(data: Any) -> dict[tuple[str | int, ...], str]:  # noqa: ANN401
    """What `load` says about `data`, by path."""
    with pytest.raises(SpecError) as caught:
        RunSpec.load(data)
    assert type(caught.value) is not ShapeError
    return {problem.path: problem.message for problem in caught.value.problems}


def test_without_a_word_it_is_the_articles_second_example() -> None:
    spec = RunSpec()
    assert [(layer.units, layer.activation) for layer in spec.model.layers] == [
        (64, "relu"),
        (32, "relu"),
        (16, "relu"),
    ]
    assert (spec.batch.source, spec.batch.samples) == ("article", 4)
    assert (spec.optimizer.name, spec.optimizer.base_learning_rate) == ("Adam", 0.001)
    assert (spec.training.epochs, spec.training.probes) == (500, ("samples",))


def test_100_random_specs_come_back_from_their_json() -> None:
    for seed in range(100):
        spec = random_spec(random.Random(seed))
        assert RunSpec.load(spec.to_json()) == spec
        assert RunSpec.load(spec.model_dump()) == spec
        assert pickle.loads(pickle.dumps(spec)) == spec


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        RunSpec().training.epochs = 3  # type: ignore[misc]


def test_probes_are_put_into_one_order() -> None:
    training = TrainingSpec(probes=tuple(reversed(PROBES)))
    assert training.probes == PROBES


@pytest.mark.parametrize("part", [RunSpec, BatchSpec, ModelSpec, HeadSpec, OptimizerSpec])
def test_every_field_has_a_default_and_says_what_it_means(part: type[BaseModel]) -> None:
    for name, field in part.model_fields.items():
        assert not field.is_required(), name
        assert field.description and field.description.endswith("."), name


RANGES = [
    ("batch", "samples", 1, LIMITS.samples, {"source": "moons"}),
    ("batch", "held_out", 0, LIMITS.held_out, {"source": "moons"}),
    ("batch", "seed", 0, 2**31 - 1, {}),
    ("batch", "contradictions", 0, 1024, {"source": "moons", "samples": 2048}),
    ("batch", "label_noise", 0, 1, {}),
    ("training", "epochs", 1, 1_000_000, {}),
    ("training", "seed", 0, 2**31 - 1, {}),
    ("optimizer", "learning_rate", 1e-9, 1e3, {}),
]


@pytest.mark.parametrize(("part", "field", "low", "high", "rest"), RANGES)
def test_both_ends_of_a_range_are_taken_and_nothing_beyond(
    part: str, field: str, low: float, high: float, rest: dict[str, Any]
) -> None:
    for value in (low, high):
        assert getattr(getattr(RunSpec.load({part: {field: value, **rest}}), part), field) == value
    for value, way_out in ((low - 1, f"smallest value is {low}"), (high + 1, "largest value is")):
        message = problems_of({part: {field: value, **rest}})[part, field]
        assert repr(value) in message
        assert way_out in message or f"{low:g}" in message


@pytest.mark.parametrize(
    ("data", "path", "says"),
    [
        ({"bacth": {}}, ("bacth",), "no setting called bacth"),
        ({"version": 2}, ("version",), "Choose 1"),
        ({"name": "x" * 81}, ("name",), "longer than 80"),
        ({"name": "a\x00b"}, ("name",), "cannot be shown"),
        ({"batch": None}, ("batch",), "table of settings"),
        ({"batch": {"source": "articel"}}, ("batch", "source"), "Did you mean 'article'?"),
        ({"batch": {"samples": 5}}, ("batch", "samples"), "has 4 samples, but samples is 5"),
        (
            {"batch": {"source": "iris", "samples": 100, "held_out": 60}},
            ("batch", "held_out"),
            "160 together",
        ),
        (
            {"batch": {"contradictions": 3}},
            ("batch", "contradictions"),
            "at most 2 of them can repeat another one",
        ),
        ({"model": {"head": {"trainable": 1}}}, ("model", "head", "trainable"), "true or false"),
        ({"batch": {"samples": 2.5}}, ("batch", "samples"), "whole number, not 2.5"),
        ({"batch": {"samples": "4"}}, ("batch", "samples"), "whole number, not '4'"),
        ({"batch": {"samples": True}}, ("batch", "samples"), "whole number, not True"),
        ({"batch": {"samples": 10**400}}, ("batch", "samples"), "large"),
        ({"batch": {"label_noise": math.nan}}, ("batch", "label_noise"), "finite number"),
        ({"batch": {"noise": 0.1}}, ("batch", "noise"), "leave it empty"),
        (
            {"batch": {"source": "moons", "noise": 99.0}},
            ("batch", "noise"),
            "is 99.0; choose a number from 0.0",
        ),
        ({"batch": {"scaling": "log"}}, ("batch", "scaling"), "'none', 'standard' or 'min-max'"),
        (
            {"model": {"layers": [DENSE, {"kind": "activation", "activation": "sin"}]}},
            ("model", "layers", 1, "activation"),
            "'sin', which is not known",
        ),
        ({"model": {"layers": [{"kind": "danse"}]}}, ("model", "layers", 0), "'danse'"),
        ({"model": {"layers": [{}]}}, ("model", "layers", 0), "has no kind"),
        ({"model": {"layers": [DENSE] * 33}}, ("model", "layers"), "At most 32"),
        (
            {"model": {"layers": [DENSE, {"kind": "conv2d"}]}},
            ("model", "layers", 1),
            "gets (16,)",
        ),
        ({"batch": {"source": "digits"}, "model": {"layers": []}}, ("model", "head"), "(8, 8, 1)"),
        ({"model": {"loss": "crossentropy"}}, ("model", "loss"), "Did you mean"),
        (
            {"model": {"loss": "binary_crossentropy", "head": {"units": 3}}},
            ("model", "loss"),
            "3 outputs",
        ),
        ({"model": {"head": {"activation": "sigmoyd"}}}, ("model", "head", "activation"), "'relu'"),
        ({"training": {"probes": ["speed"]}}, ("training", "probes", 0), "'gradient_norm'"),
        ({"training": {"stop_when_memorised": 1}}, ("training", "stop_when_memorised"), "true or"),
        (
            {"model": {"layers": [{"kind": "dense", "units": 4096}] * 2}},
            ("model", "layers"),
            "the limit is 1,000,000",
        ),
        (
            {
                "batch": {"source": "digits", "samples": 1024},
                "model": {
                    "layers": [
                        *[{"kind": "conv2d", "filters": 256, "padding": "same"}] * 2,
                        {"kind": "flatten"},
                    ]
                },
            },
            ("batch", "samples"),
            "Take fewer samples",
        ),
        (
            {
                "batch": {"source": "sensor", "samples": 600, "steps": 256},
                "model": {
                    "layers": [
                        {"kind": "attention", "heads": 8, "key_dim": 1},
                        {"kind": "global_average_pooling"},
                    ]
                },
            },
            ("batch", "samples"),
            "hold 3",
        ),
        (
            {
                "batch": {"source": "sensor", "samples": 2048, "steps": 256},
                "model": {"layers": [{"kind": "lstm", "units": 32}]},
            },
            ("batch", "samples"),
            "the limit is 20,000,000",
        ),
        (
            {
                "batch": {"source": "random_labels", "samples": 2048},
                "model": {"layers": [{"kind": "dense", "units": 512}] * 3},
                "training": {"epochs": 1_000_000},
            },
            ("training", "epochs"),
            "Take fewer epochs",
        ),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(
    data: dict[str, Any], path: tuple[str | int, ...], says: str
) -> None:
    found = problems_of(data)
    assert path in found, found
    assert says in found[path]


def test_all_wrong_fields_are_named_at_once() -> None:
    found = problems_of(
        {"batch": {"samples": 0}, "training": {"epochs": 0}, "optimizer": {"name": "Adm"}}
    )
    assert set(found) == {("batch", "samples"), ("training", "epochs"), ("optimizer", "name")}


@pytest.mark.parametrize("data", ["", "[]", "{", "null", "[" * 100_000, "{" * 10**6, 7, [1], None])
def test_what_is_no_spec_at_all_is_refused_in_one_sentence(data: Any) -> None:  # noqa: ANN401
    with pytest.raises(SpecError) as caught:
        RunSpec.load(data)
    assert len(str(caught.value)) < 300


def test_nothing_is_refused_with_pydantics_own_words() -> None:
    with pytest.raises(SpecError) as caught:
        RunSpec.load({"batch": 3, "model": {"layers": "dense", "head": []}, "training": {"x": 1}})
    assert "Input should" not in str(caught.value)
    assert "pydantic" not in str(caught.value)


def test_a_model_with_a_wrong_head_may_be_tried() -> None:
    spec = RunSpec.load({"model": {"loss": "mean_squared_error", "head": {"activation": "linear"}}})
    assert spec.model.loss == "mean_squared_error"


def test_a_million_epochs_of_the_default_net_are_allowed() -> None:
    assert RunSpec(training=TrainingSpec(epochs=1_000_000)).training.epochs == 1_000_000


def test_a_batch_is_as_large_as_a_source_can_make_it() -> None:
    assert LIMITS.samples == LIMITS.held_out == MAX_SAMPLES


def test_default_probes_are_among_the_probes() -> None:
    assert set(TrainingSpec().probes) <= set(PROBES)
    (field,) = get_args(TrainingSpec.model_fields["probes"].annotation)[:1]
    assert get_args(field) == PROBES


def test_the_whole_is_checked_without_tensorflow_and_without_scikit_learn(root: Path) -> None:
    code = (
        "import sys, overfit_core; overfit_core.RunSpec.load({}).link_code();"
        "from overfit_core.presets import PRESETS;"
        "print([m for m in ('tensorflow', 'keras', 'sklearn', 'streamlit') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
