"""Several outputs are right where each of them is, by its own measure."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras.src.backend import set_keras_mask

from overfit_core.training.criteria import Criteria
from overfit_core.training.criterion import Criterion
from overfit_core.training.plan import Carry, Data, Plan
from overfit_core.training.session import Session

CLASSES, YES, NUMBERS = Criterion("multiclass"), Criterion("binary"), Criterion("regression")
Y = {
    "kind": np.array([0, 1, 2, 1]),
    "size": np.array([[1.0], [2.0], [3.0], [4.0]], "float32"),
    "yes": np.array([[0.0], [1.0], [1.0], [0.0]], "float32"),
}
RIGHT = {"kind": np.eye(3, dtype="float32")[Y["kind"]], "size": Y["size"], "yes": Y["yes"]}
# Keras lays the parts of a dict out by name.
ALL = Criteria(each=(CLASSES, NUMBERS, YES))


def _judged(criteria: Criteria, prediction: dict[str, np.ndarray]) -> tuple[list[bool], bool]:
    right = criteria.right(Y, prediction)
    return list(np.asarray(right)), bool(criteria.all_right(Y, prediction, right))


def test_a_sample_is_right_where_every_output_is() -> None:
    assert _judged(ALL, RIGHT) == ([True] * 4, True)
    wrong = RIGHT | {"kind": np.eye(3, dtype="float32")[[0, 2, 2, 1]], "yes": 1 - RIGHT["yes"]}
    assert _judged(Criteria(each=(CLASSES, NUMBERS, None)), wrong) == (
        [True, False, True, True], False
    )  # fmt: skip
    assert _judged(ALL, wrong) == ([False] * 4, False)
    assert _judged(Criteria(each=(None, NUMBERS, None)), wrong) == ([True] * 4, True)


def test_numbers_are_right_on_the_whole_by_r2_and_classes_by_each_sample() -> None:
    # Three errors of 0 and one of 0.2: R² is 1 - 0.01 / 1.25, and that sample is wrong.
    near = RIGHT | {"size": Y["size"] + np.array([[0.0], [0.0], [0.0], [0.2]], "float32")}
    assert _judged(ALL, near) == ([True, True, True, False], True)
    far = RIGHT | {"size": Y["size"] + np.array([[0.0], [0.0], [0.0], [0.3]], "float32")}
    assert _judged(ALL, far)[1] is False


def test_each_output_has_its_own_mask() -> None:
    y = [np.zeros((2, 3, 1), "float32"), np.zeros((2, 3, 1), "float32")]
    answers = [keras.ops.convert_to_tensor(np.eye(3)[:2, :, None]) for _ in y]
    both = Criteria(each=(YES, YES))
    assert list(np.asarray(both.right(y, answers))) == [False, False]
    set_keras_mask(answers[0], keras.ops.convert_to_tensor([[False, True, True], [True] * 3]))
    set_keras_mask(answers[1], keras.ops.convert_to_tensor([[False, True, True]] * 2))
    assert list(np.asarray(both.right(y, answers))) == [True, False]


@pytest.mark.exhaustive
@pytest.mark.parametrize("nested", ["list", "dict"])
def test_a_run_is_memorised_in_the_epoch_in_which_the_last_output_is(nested: str) -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(8, 2)).astype("float32")
    labels = [draw.integers(0, 3, 8), draw.normal(size=(8, 1)).astype("float32")]

    def made() -> keras.Model:
        keras.utils.set_random_seed(1)
        into = keras.Input((2,))
        hidden = keras.layers.Dense(32, "tanh")(into)
        outputs = [
            keras.layers.Dense(3, "softmax", name="a")(hidden),
            keras.layers.Dense(1, name="b")(hidden),
        ]
        model = keras.Model(into, outputs if nested == "list" else dict(zip("ab", outputs)))  # noqa: B905
        losses = ["sparse_categorical_crossentropy", "mse"]
        model.compile(
            keras.optimizers.Adam(0.02),
            losses if nested == "list" else dict(zip("ab", losses)),  # noqa: B905
        )
        return model

    y = labels if nested == "list" else dict(zip("ab", labels, strict=True))
    plan = Plan(criterion=Criteria(each=(CLASSES, NUMBERS)))
    data = Data((x, y, None))
    assert Carry.start(data).learned.shape == (8,)
    session = Session(made(), data, epochs=1_000, plan=plan, stop_when_memorised=True)
    session.advance(1_000)
    model, right = made(), []
    for _ in range(session.epoch):
        classes, numbers = keras.tree.flatten(model(x, training=False))
        errors = np.square(np.asarray(numbers) - labels[1]).mean() / labels[1].var()
        right.append(
            bool((np.asarray(classes).argmax(-1) == labels[0]).all()) and bool(1 - errors >= 0.99)
        )
        model.train_on_batch(x, y)
    running = [n + 1 for n in range(len(right) - 4) if all(right[n : n + 5])]
    assert session.memorisation.epoch == running[0] == session.epoch - 4
