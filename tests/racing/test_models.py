"""The networks of a race: each as it would be made by itself, but made once."""

import numpy as np
import pytest

from overfit_core.models.build import build_model
from overfit_core.racing import Member
from overfit_core.racing.models import Models, _models
from overfit_core.spec import RunSpec
from tests.racing.plans import plan

LAYERS = [
    {"kind": "dense", "units": 8, "activation": "relu"},
    {"kind": "batch_normalization"},
    {"kind": "dropout", "rate": 0.5},
    {"kind": "dense", "units": 4, "activation": "tanh"},
]
OPTIMIZERS = [{"name": "Adam"}, {"name": "ScheduleFreeAdamW"}, {"name": "SGD"}]


def everything(model: object) -> list[np.ndarray]:
    variables = [*model.variables, *model.optimizer.variables]  # type: ignore[attr-defined]
    return [variable.numpy() for variable in variables]


@pytest.mark.exhaustive
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_is_what_it_would_be_if_it_were_made_by_itself(dtype: str) -> None:
    spec = RunSpec.load({"model": {"layers": LAYERS}, "training": {"dtype": dtype}})
    race = plan(spec=spec, optimizers=OPTIMIZERS, seeds=(3, 4, 5))
    for models in (Models(race), Models(race)):
        for member in race.members():
            alone = build_model(race.spec_of(member))
            found = models.of(member)
            mine, theirs = everything(found), everything(alone)
            # The learning rate is that of the run, and no part of the network.
            rate = [v is found.optimizer._learning_rate for v in found.optimizer.variables]
            kept = [False] * len(found.variables) + rate
            for value, wanted, skipped in zip(mine, theirs, kept, strict=True):
                if not skipped:
                    np.testing.assert_array_equal(value, wanted)


def test_what_the_first_optimizer_has_made_is_given_to_the_others() -> None:
    race = plan(optimizers=[{"name": "Adam"}, {"name": "SGD"}], seeds=(70, 71, 72))
    models = Models(race)
    hashes = {}
    for member in race.members():
        models.of(member)
        hashes.setdefault(member.seed, set()).add(models.weights_hash)
    assert models.made == 3 + 1
    assert all(len(found) == 1 for found in hashes.values())
    assert len(set.union(*hashes.values())) == 3


def test_a_second_race_makes_nothing_again() -> None:
    layers = [{"kind": "dense", "units": 7}]
    spec = RunSpec.load({"model": {"layers": layers}})
    race = plan(spec=spec, optimizers=[{"name": "Adam"}, {"name": "SGD"}], seeds=(1, 2))
    first, second = Models(race), Models(race)
    for member in race.members():
        first.of(member)
    assert first.made == 2 + 1
    for member in race.members():
        second.of(member)
    assert second.made == 0
    # Other settings of an optimizer are another network with it.
    nesterov = {"name": "SGD", "arguments": {"momentum": 0.9}}
    third = Models(plan(spec=spec, optimizers=[nesterov], seeds=(1,)))
    assert third.of(Member(0, 0.1, 1)) is not first.of(Member(1, 0.1, 1))


def test_two_races_that_take_turns_have_each_its_own_weights() -> None:
    race = plan(optimizers=[{"name": "Adam"}], seeds=(61, 62))
    first, second = Models(race), Models(race)
    start = everything(first.of(Member(0, 0.1, 61)))
    second.of(Member(0, 0.1, 62))
    again = everything(first.of(Member(0, 0.2, 61)))
    for mine, theirs in zip(start, again, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert first.weights_hash != second.weights_hash


def test_who_takes_turns_knows_whose_weights_a_network_has_that_is_kept_no_more() -> None:
    race = plan(optimizers=[{"name": "Adam"}], seeds=(63, 64))
    Models(plan(optimizers=[{"name": "SGD"}], seeds=(64,))).of(Member(0, 0.1, 64))
    first, second = Models(race), Models(race)
    found = first.of(Member(0, 0.1, 63))
    start, told = everything(found), first.weights_hash
    assert second.of(Member(0, 0.1, 64)) is found
    assert first.weights_hash == told
    _models.clear()
    again = everything(first.of(Member(0, 0.2, 63)))
    assert first.weights_hash == told
    for mine, theirs in zip(start, again, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_one_that_starts_from_its_weights_is_always_made() -> None:
    race = plan(optimizers=[{"name": "ScheduleFreeAdamW"}], seeds=(80, 81))
    models = Models(race)
    for _ in range(2):
        for member in race.members():
            models.of(member)
    assert models.made == 4
    assert models.of(Member(0, 0.1, 81)) is models.of(Member(0, 0.3, 81))
