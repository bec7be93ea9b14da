"""How long training takes, as far as the settings tell."""

from typing import Any

import pytest

from overfit_core import PRESETS, RunSpec
from overfit_core.models.costs import (
    LAYER_COSTS,
    OPTIMIZER_COSTS,
    compile_seconds,
    epoch_seconds,
    training_seconds,
)
from overfit_core.models.layers import LAYERS
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.spec import OptimizerSpec

ADAM, MUON = OptimizerSpec(name="Adam"), OptimizerSpec(name="Muon")


def spec_of(layers: list[dict[str, Any]], **batch: Any) -> RunSpec:  # noqa: ANN401
    return RunSpec.load({"batch": {"source": "moons"} | batch, "model": {"layers": layers}})


def dense(*units: int) -> list[dict[str, Any]]:
    return [{"kind": "dense", "units": size} for size in units]


@pytest.mark.parametrize(
    ("small", "large"),
    [
        (spec_of(dense(256, 256)), spec_of(dense(256, 512))),
        (spec_of(dense(256, 256)), spec_of(dense(256, 256), samples=64)),
        (spec_of(dense(256, 256), samples=64), spec_of(dense(256, 256), samples=64, held_out=64)),
        (spec_of(dense(32)), spec_of([*dense(32), {"kind": "dropout"}])),
        (
            spec_of([{"kind": "lstm"}], source="sensor", steps=16),
            spec_of([{"kind": "lstm"}], source="sensor", steps=32),
        ),
    ],
    ids=["units", "samples", "held out", "dropout", "steps"],
)
def test_more_to_do_takes_longer(small: RunSpec, large: RunSpec) -> None:
    assert epoch_seconds(small, ADAM) < epoch_seconds(large, ADAM)


def test_float64_takes_up_to_twice_as_long() -> None:
    data = spec_of(dense(256, 256)).model_dump(mode="json")
    double = RunSpec.load(data | {"training": {"dtype": "float64"}})
    single = epoch_seconds(RunSpec.load(data), MUON)
    assert 1.5 * single < epoch_seconds(double, MUON) <= 2 * single


def test_muon_pays_for_its_matrices() -> None:
    wide = spec_of(dense(256, 256))
    few = OptimizerSpec(name="Muon", arguments={"ns_steps": 1})
    assert epoch_seconds(wide, MUON) > 2 * epoch_seconds(wide, ADAM)
    # Two matrices of note: 256 x 256 and, thin, those of input and head.
    saved = epoch_seconds(wide, MUON) - epoch_seconds(wide, few)
    assert saved == pytest.approx(4 * 6 * 256**3 * 1e-11, rel=0.02)
    assert compile_seconds(spec_of(dense(8, 8, 8)), MUON) > compile_seconds(spec_of([]), MUON)


def test_the_tables_name_what_there_is() -> None:
    assert set(LAYER_COSTS) <= set(LAYERS)
    assert set(OPTIMIZER_COSTS) <= set(OPTIMIZERS)
    for name in OPTIMIZERS:
        for preset in PRESETS.values():
            assert 0 < epoch_seconds(preset.spec, OptimizerSpec(name=name)) < 0.1


def test_the_articles_second_example_takes_some_milliseconds() -> None:
    assert 0.002 < training_seconds(RunSpec()) < 0.02
