"""What the optimizers of a race are called."""

from typing import Any

import pytest

from overfit_core.optimizers import OPTIMIZERS
from overfit_core.racing.names import optimizer_names
from tests.racing.plans import plan


def names(*optimizers: tuple[str, dict[str, Any]]) -> tuple[str, ...]:
    given = [{"name": name, "arguments": arguments} for name, arguments in optimizers]
    return optimizer_names(plan(optimizers=given))


def test_an_optimizer_that_races_once_has_its_label() -> None:
    assert names(*((name, {}) for name in OPTIMIZERS)) == tuple(
        optimizer.label for optimizer in OPTIMIZERS.values()
    )
    assert names(("SGD", {"momentum": 0.9}), ("Adam", {})) == ("SGD", "Adam")


@pytest.mark.parametrize(
    ("optimizers", "said"),
    [
        ([("SGD", {}), ("SGD", {"momentum": 0.9})], ("SGD", "SGD, momentum 0.9")),
        (
            [
                ("SGD", {"momentum": 0.9}),
                ("Adam", {"beta_1": 0.5}),
                ("SGD", {"momentum": 0.9, "nesterov": True}),
            ],
            ("SGD", "Adam", "SGD, nesterov"),
        ),
        (
            [("SGD", {"momentum": 0.9}), ("SGD", {"momentum": 0.99, "nesterov": True})],
            ("SGD, momentum 0.9", "SGD, momentum 0.99, nesterov"),
        ),
        ([("Adam", {"beta_1": 0.5}), ("Adam", {})], ("Adam, beta_1 0.5", "Adam")),
        ([("SGD", {"weight_decay": 1e-5}), ("SGD", {})], ("SGD, weight decay 1e-05", "SGD")),
        (
            [("Muon", {"weight_decay": None}), ("Muon", {"nesterov": False})],
            ("Muon, no weight decay", "Muon, no nesterov"),
        ),
        (
            [("Muon", {"exclude_layers": "head"}), ("Muon", {})],
            ("Muon, exclude layers head", "Muon"),
        ),
    ],
)  # fmt: skip
def test_one_that_races_twice_says_what_differs(
    optimizers: list[tuple[str, dict[str, Any]]], said: tuple[str, ...]
) -> None:
    assert names(*optimizers) == said


def test_no_two_names_are_equal_however_close_the_arguments_are() -> None:
    close = [("SGD", {"momentum": 0.9 + step * 1e-13}) for step in range(3)]
    assert len(set(names(*close))) == 3
