import warnings

import pytest

from overfit_core.batches import Array, BatchShape
from overfit_core.models.heads import Head
from overfit_core.models.losses import (
    DEFAULT_ACTIVATION,
    DEFAULT_LOSS,
    LOSSES,
    loss_problem,
    target_form,
)

BATCHES = {
    "binary": BatchShape((3,), 1, "binary", 2),
    "multiclass": BatchShape((3,), 3, "multiclass", 3),
    "regression": BatchShape((3,), 1, "regression", None),
}


def labels(form: str, batch: BatchShape) -> Array:
    import numpy as np

    if batch.classes is None:
        return np.linspace(-1, 2, 4).reshape(4, 1)
    classes = np.arange(4) % batch.classes
    if form == "classes":
        return classes
    return classes.reshape(4, 1) * 1.0 if form == "column" else np.eye(batch.classes)[classes]


def keras_runs(loss: str, units: int, batch: BatchShape) -> bool:
    """Whether Keras takes the loss, and the metric that goes with it, for such targets."""
    import numpy as np

    from overfit_core.models.build import build_loss, build_metric

    form = target_form(loss, units, batch)
    y, prediction = labels(form, batch), np.full((4, units), 0.3)
    head = Head(units, "sigmoid", "glorot_uniform", loss, form)
    metric = build_metric(head, batch, "float64")
    try:
        with warnings.catch_warnings():
            # Keras says that one output is too few for a categorical loss, and goes on.
            warnings.simplefilter("ignore", SyntaxWarning)
            value = build_loss(loss, "float64")(y, prediction)
        metric.update_state(y, prediction)
    except Exception:
        return False
    return value.shape == () and metric.result().shape == ()


@pytest.mark.parametrize("task", BATCHES)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_a_problem_exactly_where_keras_refuses_it(loss: str, task: str) -> None:
    batch = BATCHES[task]
    for units in (1, 2, 3, 5):
        if loss.startswith("sparse_") and task == "regression":
            # Keras would cut the numbers to class numbers, or find them out of range, as it falls.
            assert "needs classes" in loss_problem(loss, units, batch)
            continue
        assert (loss_problem(loss, units, batch) is None) == keras_runs(loss, units, batch), units


@pytest.mark.parametrize("task", BATCHES)
def test_the_loss_that_follows_from_the_task_fits_it(task: str) -> None:
    batch = BATCHES[task]
    assert task in LOSSES[DEFAULT_LOSS[task]].fits
    assert loss_problem(DEFAULT_LOSS[task], batch.outputs, batch) is None
    assert task in DEFAULT_ACTIVATION


@pytest.mark.parametrize(
    ("loss", "task", "units", "form"),
    [
        ("binary_crossentropy", "binary", 1, "column"),
        ("binary_crossentropy", "binary", 2, "one_hot"),
        ("sparse_categorical_crossentropy", "binary", 2, "classes"),
        ("sparse_categorical_crossentropy", "multiclass", 3, "classes"),
        ("categorical_crossentropy", "multiclass", 3, "one_hot"),
        ("mean_squared_error", "multiclass", 3, "one_hot"),
        ("mean_squared_error", "multiclass", 1, "column"),
        ("mean_squared_error", "regression", 1, "column"),
    ],
)
def test_the_form_of_the_targets_follows_from_loss_and_head(
    loss: str, task: str, units: int, form: str
) -> None:
    assert target_form(loss, units, BATCHES[task]) == form


def test_too_few_outputs_for_the_classes_are_named_with_the_way_out() -> None:
    message = loss_problem("sparse_categorical_crossentropy", 1, BATCHES["binary"])
    assert message is not None
    assert "each of the 2 classes" in message and "give it 2 units" in message
