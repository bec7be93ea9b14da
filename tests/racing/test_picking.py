"""What a click or a list picks, and what is there to pick."""

import math

import pytest

from overfit_core.racing import Member
from overfit_core.racing.picking import Picked, choices, picked_words
from tests.racing.plans import plan
from tests.racing.stored import run, standing

THERE = standing(
    run(0, 0.1, 3, 10),
    run(0, 0.1, 4, math.inf, loss=0.7),
    run(0, 0.01, 3, 50),
    run(0, 0.001, 3, math.inf, bad=4),
    run(1, 0.1, 3, 5),
    of=plan(learning_rates=(0.1, 0.01)),
)


def test_without_a_pick_it_is_the_best_cell_of_all() -> None:
    assert Picked.read(THERE, None) == Picked(1, 0.1)


def test_a_pick_that_is_there_is_kept() -> None:
    assert Picked.read(THERE, [0, 0.1, 4]) == Picked(0, 0.1, 4)
    assert Picked.read(THERE, [0, 0.01, None]) == Picked(0, 0.01)


@pytest.mark.parametrize(
    ("data", "meant"),
    [
        ([0, 7.0, 3], Picked(0, 0.01, 3)),
        ([0, 0.1, 99], Picked(0, 0.1)),
        ([9, 0.1, 3], Picked(1, 0.1)),
        (["x", None, None], Picked(1, 0.1)),
        ([], Picked(1, 0.1)),
        ([[0], {}, "3"], Picked(1, 0.1)),
        ("nonsense", Picked(1, 0.1)),
    ],
)
def test_what_is_not_there_becomes_what_is_nearest(data: object, meant: Picked) -> None:
    assert Picked.read(THERE, data) == meant


def test_what_can_be_picked_is_what_is_there() -> None:
    found = choices(THERE, Picked(0, 0.1))
    assert found.optimizers == {0: "Adam", 1: "SGD"}
    assert found.rates == {0.001: "0.001 (default)", 0.01: "0.01", 0.1: "0.1"}
    assert found.seeds == {None: "All seeds", 3: "Seed 3", 4: "Seed 4"}
    assert found.members == (Member(0, 0.1, 3), Member(0, 0.1, 4))
    assert found.said == "1 of 2 runs reach the target."


@pytest.mark.parametrize(
    ("picked", "said"),
    [
        (Picked(0, 0.1, 3), "It reaches the target after 10 epochs."),
        (Picked(0, 0.1, 4), "It misses the target: best loss 0.7."),
        (Picked(0, 0.001, 3), "It diverged: its loss was no finite number at epoch 4."),
    ],
)
def test_one_run_is_told_in_a_sentence(picked: Picked, said: str) -> None:
    assert choices(THERE, picked).said == said


def test_what_is_picked_in_a_few_words() -> None:
    assert picked_words(THERE, None) == "SGD at 0.1, all seeds"
    assert picked_words(THERE, [0, 0.1, 4]) == "Adam at 0.1, seed 4"
