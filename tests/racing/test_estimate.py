"""How long a race takes, and what is too large."""

import time
from typing import Any

import pytest

from overfit_core import PRESETS, RunSpec, SpecError
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.racing import RacePlan, rate_grid
from overfit_core.racing.costs import LAYER_COSTS, OPTIMIZER_COSTS, compile_seconds, epoch_seconds
from overfit_core.racing.estimate import (
    Estimate,
    check_race_work,
    estimate,
    estimate_line,
    group_seconds,
    race_work,
)
from overfit_core.racing.running import run_members
from overfit_core.spec import OptimizerSpec
from overfit_core.training.cache import PROGRAMS
from tests.racing.plans import SPEC, plan

ADAM, MUON = OptimizerSpec(name="Adam"), OptimizerSpec(name="Muon")


def spec_of(layers: list[dict[str, Any]], **batch: Any) -> RunSpec:  # noqa: ANN401
    return RunSpec.load({"batch": {"source": "moons"} | batch, "model": {"layers": layers}})


def dense(*units: int) -> list[dict[str, Any]]:
    return [{"kind": "dense", "units": size} for size in units]


def test_the_work_of_a_race_is_that_of_all_its_runs() -> None:
    made = plan()
    # 2-64-32-16-1: 192 + 2080 + 528 + 17 parameters; 3 rates for Adam and 2 for SGD, two seeds.
    assert race_work(made) == 10 * 500 * 2817 * 4
    held = made.model_copy(
        update={"spec": RunSpec.load({"batch": {"source": "moons", "samples": 4, "held_out": 6}})}
    )
    assert race_work(held) == 10 * 500 * 2817 * 10


def test_what_is_larger_than_a_place_allows_is_refused_with_the_way_out() -> None:
    work = race_work(plan())
    check_race_work([plan()], work)
    check_race_work([plan()] * 9, None)
    with pytest.raises(
        SpecError, match=rf"takes {2 * work:,} .* here .* {work:,}.*fewer"
    ) as caught:
        check_race_work([plan(), plan()], work)
    assert caught.value.problems[0].path == ("seeds",)


def test_a_race_is_told_in_a_sentence() -> None:
    assert Estimate(640, 500, True, 0, 12.2).sentence() == "640 runs of 500 epochs, about 10 s."
    assert Estimate(1, 1, True, 0, 0.1).sentence() == "1 run of 1 epoch, under 1 s."
    tasks = [plan(), plan(spec=PRESETS["digits-cnn"].spec)]
    assert estimate_line(tasks, 2).startswith("20 runs of up to 500 epochs, ")
    assert estimate(plan(), 2).runs == plan().runs


def test_the_next_optimizer_goes_to_whoever_is_free() -> None:
    made = plan(optimizers=[{"name": name} for name in ("Adam", "SGD", "Muon", "Lion", "Lamb")])
    groups = list(group_seconds(made))
    assert len(groups) == 6
    assert estimate(made, 1).seconds == pytest.approx(sum(groups))
    assert estimate(made, 6).seconds == estimate(made, 60).seconds == max(groups)
    busy = [0.0, 0.0]
    for seconds in groups:
        busy.sort()
        busy[0] += seconds
    assert estimate(made, 2).seconds == pytest.approx(max(busy))
    with pytest.raises(ValueError, match="got 0"):
        estimate(made, 0)
    # A page that does not know of its workers yet.
    assert estimate_line([made], 0) == estimate_line([made], 1)


def test_twice_the_rates_take_less_than_twice_as_long() -> None:
    once, twice = (
        estimate(plan(learning_rates=rate_grid(count), defaults=False), 2).seconds
        for count in (8, 16)
    )
    assert once < twice < 2 * once


def test_a_net_with_dropout_has_no_group_for_the_reference() -> None:
    made = plan(spec=PRESETS["dropout"].spec)
    assert len(list(group_seconds(made))) == len(made.optimizers)


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
    from overfit_core.models.layers import LAYERS

    assert set(LAYER_COSTS) <= set(LAYERS)
    assert set(OPTIMIZER_COSTS) <= set(OPTIMIZERS)
    for name in OPTIMIZERS:
        for preset in PRESETS.values():
            assert 0 < epoch_seconds(preset.spec, OptimizerSpec(name=name)) < 0.1


def test_a_race_takes_about_as_long_as_was_told() -> None:
    """Loosely, for other machines and a busy one: the table that it rests on is not off by far."""
    made = plan(spec=SPEC, learning_rates=rate_grid(8), seeds=(0, 1, 2), defaults=False)
    PROGRAMS.clear()
    began = time.process_time()
    for _ in run_members(made, made.members()):
        pass
    taken = time.process_time() - began
    adam, sgd, _ = group_seconds(made)
    assert taken / 5 < adam + sgd < 5 * taken


def test_a_plan_of_any_size_is_told_at_once() -> None:
    largest = RacePlan.load(
        {
            "spec": SPEC,
            "optimizers": [{"name": name} for name in OPTIMIZERS],
            "learning_rates": rate_grid(36),
            "seeds": tuple(range(20)),
            "target": {"kind": "loss", "value": 0.1},
        }
    )
    began = time.process_time()
    assert estimate([largest] * 8, 8).runs > 80_000
    assert time.process_time() - began < 0.5
