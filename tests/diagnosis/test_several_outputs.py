"""Models with several outputs: memorised when each output is, and each is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from overfit_core import Report, check
from overfit_core.testing import assert_memorises
from tests.diagnosis.two_heads import CLASS_LOSS, KIND, SIZE, X, model


def _subclassed(nested: str) -> keras.Model:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = keras.layers.Dense(32, "tanh")
            self.kind, self.size = keras.layers.Dense(3, "softmax"), keras.layers.Dense(2)

        def call(self, x: Any) -> Any:  # noqa: ANN401
            hidden = self.hidden(x)
            kind, size = self.kind(hidden), self.size(hidden)
            return {"kind": kind, "size": size} if nested == "dict" else (kind, size)

    keras.utils.set_random_seed(1)
    made = Own()
    made(X)
    losses = (CLASS_LOSS, "mse")
    loss = dict(zip(("kind", "size"), losses, strict=True)) if nested == "dict" else losses
    made.compile(keras.optimizers.Adam(0.02), loss)
    return made


NAMED = {"kind": KIND, "size": SIZE}
FORMS: dict[str, tuple[Callable[[], keras.Model], Any]] = {
    "lists": (lambda: model(), [KIND, SIZE]),
    "a list, and labels by name": (lambda: model(by_name=True), NAMED),
    "a dict": (lambda: model(nested="dict", by_name=True), NAMED),
    "a dict, and labels in a list": (lambda: model(nested="dict", by_name=True), [KIND, SIZE]),
    "weights": (lambda: model(weights=[0.5, 2.0]), [KIND, SIZE]),
    "a class that returns a tuple": (lambda: _subclassed("tuple"), (KIND, SIZE)),
    "a class that returns a dict": (lambda: _subclassed("dict"), NAMED),
}


@pytest.mark.few(2)
@pytest.mark.parametrize("form", FORMS)
def test_a_batch_is_memorised_when_every_output_is(form: str) -> None:
    made, y = FORMS[form]
    report = assert_memorises(made(), X, y, epochs=800)
    assert [one.right for one in report.outputs] == [True, True]
    assert (report.accuracy, report.outputs[0].accuracy) == (1.0, 1.0)
    assert report.r2 == report.outputs[1].r2
    assert report.outputs[1].r2 is not None
    assert report.outputs[1].r2 >= 0.99
    assert report.causes == ()


def _fares(report: Report) -> dict[str, bool | None]:
    return {one.name: one.right for one in report.outputs}


@pytest.mark.exhaustive
def test_an_output_that_is_not_memorised_is_named_with_what_is_missing() -> None:
    report = check(model(size="tanh"), X, [KIND, 4 * SIZE], epochs=400, seeds=1)
    assert not report.memorised
    assert _fares(report) == {"kind": True, "size": False}
    size = report.outputs[1]
    text = report.to_markdown()
    assert "- `kind`: memorised: accuracy 100 %.\n" in text
    assert f"- `size`: not memorised: R² {size.r2:.4g} of 0.99.\n" in text
    assert Report.from_json(report.to_json()).outputs == report.outputs


@pytest.mark.exhaustive
def test_the_loss_of_the_report_is_that_of_evaluate() -> None:
    made = model(weights=[0.5, 2.0])
    report = check(made, X, [KIND, SIZE], epochs=3, seeds=1, budget_seconds=5.0)
    made.fit(X, [KIND, SIZE], epochs=3, batch_size=len(X), verbose=0)
    expected = made.evaluate(X, [KIND, SIZE], batch_size=len(X), verbose=0)[0]
    assert report.loss == pytest.approx(expected, rel=1e-4)


@pytest.mark.exhaustive
def test_floors_add_up_by_their_weights_and_one_output_can_forbid_it() -> None:
    x, kind, size = (np.concatenate([part, part[:1]]) for part in (X, KIND, SIZE))
    kind[-1] = (kind[0] + 1) % 3
    size[-1] = size[0] + 1
    report = check(model(weights=[0.5, 2.0]), x, [kind, size], epochs=600, seeds=1)
    samples = len(x)
    # Two samples that cannot be told apart: each class half, each number in the middle.
    entropy, square = 2 * np.log(2) / samples, 2 * 0.25 / samples
    assert [one.floor for one in report.outputs] == pytest.approx([entropy, square])
    assert report.floor == pytest.approx(0.5 * entropy + 2 * square)
    assert report.verdict == "impossible"
    assert report.best_accuracy == pytest.approx(1 - 1 / samples)
    assert "at best" in report.to_markdown()
    causes = [(one.rule, one.evidence["output"]) for one in report.causes]
    assert causes[:1] == [("contradictory_labels", "kind")]


@pytest.mark.exhaustive
def test_numbers_that_cannot_be_right_forbid_it_though_all_classes_can() -> None:
    x, kind, size = (np.concatenate([part, part[:1]]) for part in (X, KIND, SIZE))
    size[-1] = size[0] + 3
    report = check(model(), x, [kind, size], epochs=20, seeds=1, budget_seconds=3.0)
    assert (report.verdict, report.best_accuracy) == ("impossible", 1.0)
    assert report.causes[0].evidence["output"] == "size"


def _without_loss(nested: str = "list") -> keras.Model:
    made, losses = model(nested=nested), [CLASS_LOSS, None]
    loss = dict(zip(NAMED, losses, strict=True)) if nested == "dict" else losses
    made.compile(keras.optimizers.Adam(0.02), loss)
    return made


UNJUDGED: dict[str, tuple[Callable[[], keras.Model], Any]] = {
    "labels for all": (_without_loss, [KIND, SIZE]),
    "labels for the other": (_without_loss, [KIND]),
    "None in its place": (_without_loss, [KIND, None]),
    "None by its name": (lambda: _without_loss("dict"), {"kind": KIND, "size": None}),
    "a weight of 0": (lambda: model(weights=[1.0, 0.0]), [KIND, SIZE]),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("form", UNJUDGED)
def test_an_output_whose_loss_counts_nothing_is_not_judged_and_the_report_says_so(
    form: str,
) -> None:
    made, y = UNJUDGED[form]
    report = check(made(), X, y, epochs=400, seeds=1)
    assert report.memorised, report.to_markdown()
    assert _fares(report) == {"kind": True, "size": None}
    assert "- `size`: not looked at, for it has no loss that counts.\n" in report.to_markdown()


@pytest.mark.parametrize(("losses", "weights"), [([None, None], None), ("mse", [0.0, 0.0])])
def test_a_model_of_which_no_loss_counts_is_a_report(losses: Any, weights: Any) -> None:  # noqa: ANN401
    made = model()
    made.compile("adam", losses, weights)
    report = check(made, X, [KIND, SIZE], epochs=3, seeds=1)
    assert "No output of the model has a loss that counts" in report.causes[0].evidence["error"]


@pytest.mark.parametrize(
    ("y", "said"),
    [
        ([KIND], "a list of 1; the model's outputs are kind, size"),
        (KIND, "one array; the model's outputs are kind, size"),
        ({"kind": KIND, "other": SIZE}, "a dict with kind, other"),
        ([KIND, SIZE[:3]], "samples; give one number"),
    ],
)
def test_labels_that_are_not_those_of_the_outputs_are_a_report(y: object, said: str) -> None:
    report = check(model(), X, y, epochs=3, seeds=1)
    assert report.verdict == "impossible"
    assert said in report.causes[0].evidence["error"]


@pytest.mark.parametrize("loss", [[CLASS_LOSS, "mse", "mae"], {"kind": CLASS_LOSS, "b": "mse"}])
def test_losses_that_are_not_those_of_the_outputs_are_a_report(loss: Any) -> None:  # noqa: ANN401
    made = model()
    made.compile("adam", loss)
    report = check(made, X, [KIND, SIZE], epochs=3, seeds=1)
    assert "the model's outputs are kind, size" in report.causes[0].evidence["error"]


def test_what_keras_refuses_is_a_report() -> None:
    def broken(y_true: object, y_pred: object) -> object:
        raise RuntimeError("no such loss")

    made = model()
    made.compile("adam", [CLASS_LOSS, broken])
    report = check(made, X, [KIND, SIZE], epochs=3, seeds=1)
    assert "no such loss" in report.causes[0].evidence["error"]
    assert [one.sentence() for one in report.outputs] == ["not trained", "not trained"]
    assert check(model(), np.ones((24, 7)), [KIND, SIZE], epochs=3).verdict == "impossible"


@pytest.mark.exhaustive
def test_an_output_that_two_share_and_one_that_nobody_names_are_told_apart() -> None:
    into, layer = keras.Input((2,)), keras.layers.Dense(1)
    made = keras.Model(into, [layer(into), keras.layers.Activation("sigmoid")(layer(into)),
                              layer(into)])  # fmt: skip
    made.compile("adam", ["mse", "binary_crossentropy", "mae"])
    yes = (SIZE[:, :1] > 0).astype("float32")
    report = check(made, X, [SIZE[:, :1], yes, SIZE[:, 1:]], epochs=3, seeds=1, budget_seconds=3.0)
    assert [one.name for one in report.outputs] == ["0", "1", "2"]
    assert [one.accuracy is not None for one in report.outputs] == [False, True, False]


@pytest.mark.exhaustive
def test_masked_steps_count_in_no_output() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(5, 4, 2)).astype("float32")
    counted = np.arange(4) < np.array([[2], [4], [3], [4], [1]])
    x[~counted] = 0
    keras.utils.set_random_seed(1)
    into = keras.Input((4, 2))
    hidden = keras.layers.SimpleRNN(32, return_sequences=True)(keras.layers.Masking()(into))
    outputs = {
        "a": keras.layers.Dense(1)(hidden),
        "b": keras.layers.Dense(2, "softmax")(hidden),
    }
    made = keras.Model(into, outputs)
    made.compile(keras.optimizers.Adam(0.02), {"a": "mse", "b": CLASS_LOSS})
    a, b = draw.normal(size=(5, 4, 1)), draw.integers(0, 2, (5, 4))
    reports = [
        check(
            made, x,
            {"a": np.where(counted[..., None], a, filling), "b": np.where(counted, b, filling)},
            epochs=300, seeds=1,
        )
        for filling in (0, 1)
    ]  # fmt: skip
    assert reports[0].memorised, reports[0].to_markdown()
    assert reports[0].epoch == reports[1].epoch
    assert reports[0].outputs == reports[1].outputs
