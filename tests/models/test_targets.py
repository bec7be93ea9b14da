from typing import Any

import numpy as np
import pytest

from overfit_core.batches import Array, Batch, make_batch
from overfit_core.models.targets import target_for
from overfit_core.spec import RunSpec


def targets(
    source: str, model: dict[str, Any], *, of_held_out: bool = False, **batch: int
) -> tuple[Array, Batch]:
    spec = RunSpec.load({"batch": {"source": source, **batch}, "model": model})
    made = make_batch(spec.batch, "float64")
    return target_for(spec, made, held_out=of_held_out), made


def test_a_yes_no_question_has_one_column() -> None:
    target, _ = targets("article", {})
    np.testing.assert_array_equal(target, [[0.0], [1.0], [0.0], [1.0]])
    assert target.dtype == np.float64


def test_two_outputs_get_a_column_each() -> None:
    model = {"head": {"units": 2, "activation": "softmax"}, "loss": "categorical_crossentropy"}
    target, _ = targets("article", model)
    np.testing.assert_array_equal(target, [[1, 0], [0, 1], [1, 0], [0, 1]])
    assert target.dtype == np.float64


def test_sparse_losses_get_class_numbers() -> None:
    model = {"head": {"units": 2}, "loss": "sparse_categorical_crossentropy"}
    target, _ = targets("article", model)
    np.testing.assert_array_equal(target, [0, 1, 0, 1])
    assert target.dtype == np.int64


def test_a_batch_without_all_classes_still_has_a_column_for_each() -> None:
    target, batch = targets("digits", {"layers": [{"kind": "flatten"}], "loss": "hinge"})
    assert target.shape == (4, 10)
    np.testing.assert_array_equal(target.argmax(1), batch.y)


def test_numbers_stay_numbers() -> None:
    target, batch = targets("diabetes", {}, samples=6)
    np.testing.assert_array_equal(target, batch.y)


def test_what_is_held_out_has_targets_of_the_same_form() -> None:
    target, batch = targets("iris", {"loss": "mean_squared_error"}, of_held_out=True, held_out=3)
    assert target.shape == (3, 3)
    assert batch.y_held_out is not None
    np.testing.assert_array_equal(target.argmax(1), batch.y_held_out)


def test_held_out_targets_of_a_batch_without_any_are_refused() -> None:
    with pytest.raises(ValueError, match="no held-out samples"):
        targets("article", {}, of_held_out=True)
