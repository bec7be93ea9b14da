"""What tells one spec from another, and stays as it is stored."""

import json
from typing import Any

from overfit_core.presets import PRESETS
from overfit_core.spec import (
    BatchSpec,
    ModelSpec,
    OptimizerSpec,
    RunSpec,
    TrainingSpec,
)

DENSE = {"kind": "dense"}


def test_the_hash_leaves_out_the_name_and_nothing_else() -> None:
    spec = RunSpec()
    assert spec.hash == RunSpec(name="mine").hash
    assert len(spec.hash) == 64
    changed = [
        RunSpec(batch=BatchSpec(seed=1)),
        RunSpec(model=ModelSpec(loss="mean_squared_error")),
        RunSpec(optimizer=OptimizerSpec(arguments={"amsgrad": True})),
        RunSpec(training=TrainingSpec(seed=2)),
    ]
    assert len({spec.hash, *(other.hash for other in changed)}) == 5


def test_the_hash_does_not_depend_on_the_order_or_the_type_in_which_numbers_came() -> None:
    one = {"name": "SGD", "arguments": {"momentum": 1, "clipnorm": 2}, "learning_rate": 1}
    two = {"learning_rate": 1.0, "arguments": {"clipnorm": 2.0, "momentum": 1.0}, "name": "SGD"}
    assert RunSpec.load({"optimizer": one}).hash == RunSpec.load({"optimizer": two}).hash


STORED = {
    "default": "dedf80ddfb1c37cd88309c4ba3c425e8ba290e6e42d524db6b19b760bd388b7f",
    "sensor-attention": "e9b214245a6490beb5f221bf6751ec09b5c17f56808cd5c221de3fcca681a1cd",
    "sensor-lstm": "26a080b1c1d1656e56c5430ec0879fea673482ddbc4163fb470024d309aeee99",
    "normalisations": "0e74a5ae9e7b1afd4a0a4c1907caefbc5f81b5b5aafe103308ee3d95e2434b95",
}
"""Hashes as they are stored since before there were `trainable` and `contradictions`."""


def test_hashes_stay_as_they_are_stored() -> None:
    kinds = ("batch_normalization", "layer_normalization", "dense")
    specs = {
        "default": RunSpec(),
        "sensor-attention": PRESETS["sensor-attention"].spec,
        "sensor-lstm": PRESETS["sensor-lstm"].spec,
        "normalisations": RunSpec.load({"model": {"layers": [{"kind": kind} for kind in kinds]}}),
    }
    assert {name: spec.hash for name, spec in specs.items()} == STORED


def test_a_later_setting_is_hashed_where_it_is_not_its_default() -> None:
    frozen = [{"kind": "dense", "units": 8, "trainable": False}]
    specs = [
        RunSpec(),
        RunSpec.load({"batch": {"contradictions": 1}}),
        RunSpec.load({"batch": {"contradictions": 2}}),
        RunSpec.load({"model": {"layers": [{**frozen[0], "trainable": True}]}}),
        RunSpec.load({"model": {"layers": frozen}}),
        RunSpec.load({"model": {"layers": frozen, "head": {"trainable": False}}}),
    ]
    assert len({spec.hash for spec in specs}) == len(specs)
    told = RunSpec.load({"batch": {"contradictions": 0}, "model": {"head": {"trainable": True}}})
    assert told.hash == RunSpec().hash


def test_what_was_stored_before_a_setting_came_is_read() -> None:
    later = ("trainable", "contradictions")

    def without(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, dict):
            return {name: without(part) for name, part in value.items() if name not in later}
        return [without(part) for part in value] if isinstance(value, list) else value

    for preset in PRESETS.values():
        stored = json.dumps(without(json.loads(preset.spec.to_json())))
        assert not any(name in stored for name in later)
        assert RunSpec.load(stored) == preset.spec


def test_equal_specs_are_one_key() -> None:
    assert len({RunSpec(), RunSpec(), RunSpec(name="mine")}) == 2
