"""What drawings have in common, and the loss of a rate that is too high, on numbers made up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from overfit_core.diagnosis.drawings import (
    MOST_LINES,
    MOST_NAMES,
    MOST_VALUES,
    bars,
    headed,
    lines,
    loss_line,
    sample_rows,
)
from overfit_core.diagnosis.facts import Drawing
from tests.diagnosis.test_drawings import BY_ID, assert_sound


def ran(losses: list[float], **columns: Any) -> Any:  # noqa: ANN401
    """Facts of a run with these losses, and nothing else."""
    run = SimpleNamespace(
        losses=np.array(losses), epochs=len(losses), layers_with=lambda _: list(columns),
        column=lambda _, name: np.array(columns[name]),
    )  # fmt: skip
    return SimpleNamespace(run=run)


def too_high(facts: Any, **evidence: Any) -> Drawing:  # noqa: ANN401
    drawing = BY_ID["learning_rate_too_high"].drawing(facts, evidence)
    assert drawing is not None
    assert_sound(drawing)
    return drawing


def test_a_leap_of_one_epoch_is_not_thinned_away() -> None:
    losses = [1.0] * 1_000
    losses[700] = 50.0
    drawing = too_high(ran(losses), problem="the loss leapt above where it began", epoch=701)
    (values,) = drawing.values
    assert drawing.every == 1 and values.index(50.0) + drawing.first_epoch == 701
    assert drawing.band == (None, 1.0)


def test_a_loss_that_ends_is_drawn_to_its_end() -> None:
    losses = [1.0, 30.0, 900.0, float("nan")]
    drawing = too_high(ran(losses), problem="the loss is no finite number any more", epoch=4)
    assert drawing.values == ((1.0, 30.0, 900.0, None),) and drawing.log


def test_swings_are_drawn_epoch_by_epoch_to_the_last() -> None:
    drawing = too_high(ran([1.0, 2.0] * 300), problem="the loss swings", share_of_turns=1.0)
    assert (drawing.first_epoch, drawing.every) == (401, 1)
    assert drawing.values == ((1.0, 2.0) * 100,)


def test_a_loss_that_rose_is_drawn_over_its_smallest() -> None:
    drawing = too_high(ran([4.0, 1.0, 3.0]), problem="the loss is far above its smallest")
    assert drawing.values == ((4.0, 1.0, 3.0), (4.0, 1.0, 1.0)) and drawing.marked == (0,)


def test_large_steps_are_drawn_without_the_first_five() -> None:
    facts = ran([1.0] * 8, a=[9.0] * 5 + [0.2, 0.3, 0.4], b=[9.0] * 5 + [0.01] * 3)
    drawing = too_high(facts, problem="steps are large beside the weights", layer="a")
    assert dict(zip(drawing.names, drawing.values, strict=True)) == {"a": 0.3, "b": 0.01}
    assert (drawing.marked, drawing.band) == ((0,), (None, 0.1))


def test_long_lines_are_thinned_to_every_nth_epoch_with_the_last() -> None:
    epochs = np.arange(1, 1_001)
    drawing = lines("T.", {"loss": epochs}, axis="Loss")
    assert drawing is not None
    (values,) = drawing.values
    assert len(values) <= MOST_VALUES and values[-1] == 1_000
    assert list(values) == [drawing.first_epoch + drawing.every * i for i in range(len(values))]


def test_what_is_at_fault_is_kept_of_many() -> None:
    values = {f"layer {place}": np.float32(place) for place in range(100)}
    drawing = bars("T.", values, axis="Norm", marked=["layer 99", "layer 70"])
    assert drawing is not None
    assert_sound(drawing)
    assert [drawing.names[place] for place in drawing.marked] == ["layer 70", "layer 99"]
    assert drawing.title == f"T. {100 - MOST_NAMES} more are not drawn."
    many = lines("T.", {name: [0.0] for name in values}, axis="Norm", marked=["layer 50"])
    assert many is not None and len(many.names) == MOST_LINES
    assert many.names[many.marked[0]] == "layer 50"


def test_numbers_that_are_not_finite_are_none_and_nothing_is_no_drawing() -> None:
    drawing = bars("T.", {"a": np.inf, "b": np.nan, "c": np.int64(3)}, axis="")
    assert drawing is not None and drawing.values == (None, None, 3.0)
    assert bars("T.", {}, axis="") is lines("T.", {"a": []}, axis="") is None
    assert sample_rows("T.", [], {}) is None
    assert loss_line(SimpleNamespace(run=None), "T.") is None  # type: ignore[arg-type]


def test_columns_are_named_as_numpy_names_them() -> None:
    images = np.arange(2 * 2 * 3 * 1).reshape(2, 2, 3, 1)
    table = headed("x", images, [4, 5])
    assert list(table) == ["x[:, 1, 1, 0]", "x[:, 1, 2, 0]", "x[…]"]
    np.testing.assert_array_equal(table["x[:, 1, 1, 0]"], images[:, 1, 1, 0])
    assert list(headed("y", np.zeros(3))) == list(headed("y", np.zeros((3, 1)))) == ["y"]
