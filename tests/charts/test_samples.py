import base64
import io

import numpy as np
import pandas as pd
import pytest

from overfit_core.charts.samples import sample_table
from overfit_core.charts.thumbnail import thumbnails
from overfit_core.training.result import Samples

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def binary(prediction: list[float], correct: list[bool]) -> Samples:
    return Samples(
        x=X,
        y=np.array([[0], [1], [1]]),
        task="binary",
        class_names=("no", "yes"),
        prediction=np.array(prediction).reshape(-1, 1),
        learned_epoch=np.array([12, 0, 7]),
        correct=np.array(correct),
    )


def test_a_binary_prediction_comes_with_the_probability_of_its_class() -> None:
    frame = sample_table(binary([0.1, 0.2, 0.9], [True, False, True])).frame
    assert list(frame["input"]) == ["1, 2", "3, 4", "5, 6"]
    assert list(frame["label"]) == ["no", "yes", "yes"]
    assert list(frame["prediction"]) == ["no", "no", "yes"]
    np.testing.assert_allclose(frame["confidence"], [90, 80, 90])


def test_outputs_that_are_no_probabilities_have_no_confidence() -> None:
    frame = sample_table(binary([-3.0, -0.4, 2.0], [True, False, True])).frame
    assert list(frame["prediction"]) == ["no", "no", "yes"]
    assert "confidence" not in frame


def test_a_logit_between_zero_and_a_half_is_judged_as_the_run_judged_it() -> None:
    frame = sample_table(binary([-1.0, 0.3, 2.0], [True, True, True])).frame
    assert list(frame["prediction"]) == ["no", "yes", "yes"]


def test_a_sample_that_was_not_learned_has_no_epoch() -> None:
    learned = sample_table(binary([0.1, 0.2, 0.9], [True, False, True])).frame["learned"]
    assert learned.iloc[0] == 12
    assert learned.iloc[1] is pd.NA


def test_before_the_first_update_there_are_inputs_and_labels_only() -> None:
    samples = Samples(x=X, y=np.array([0, 1, 2]), task="multiclass", class_names=("a", "b", "c"))
    frame = sample_table(samples).frame
    assert list(frame) == ["input", "label"]
    assert list(frame["label"]) == ["a", "b", "c"]
    assert list(frame.index) == [1, 2, 3]


def test_the_largest_output_is_the_predicted_class() -> None:
    samples = Samples(
        x=X,
        y=np.array([0, 1, 2]),
        task="multiclass",
        class_names=("a", "b", "c"),
        prediction=np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.0, 0.0, 1.0]]),
        learned_epoch=np.array([1, 0, 1]),
        correct=np.array([True, False, True]),
    )
    frame = sample_table(samples).frame
    assert list(frame["prediction"]) == ["a", "c", "c"]
    np.testing.assert_allclose(frame["confidence"], [70, 40, 100])


def test_a_regression_has_an_error_in_place_of_a_confidence() -> None:
    samples = Samples(
        x=X,
        y=np.array([[1.0], [2.0], [3.0]]),
        task="regression",
        prediction=np.array([[1.5], [2.0], [2.0]]),
        learned_epoch=np.array([0, 4, 0]),
        correct=np.array([False, True, False]),
    )
    frame = sample_table(samples).frame
    np.testing.assert_allclose(frame["error"], [0.5, 0.0, -1.0])
    assert "confidence" not in frame


def test_a_net_that_diverged_has_no_errors() -> None:
    samples = Samples(
        x=X,
        y=np.ones((3, 1)),
        task="regression",
        prediction=np.full((3, 1), np.nan),
        learned_epoch=np.zeros(3, dtype=int),
        correct=np.zeros(3, dtype=bool),
    )
    frame = sample_table(samples).frame
    assert list(frame["prediction"]) == ["not a number"] * 3
    assert "error" not in frame


def test_long_inputs_are_cut_and_counted() -> None:
    samples = Samples(x=np.ones((1, 30)), y=np.zeros((1, 1)), task="binary", class_names=("0", "1"))
    assert sample_table(samples).frame["input"].iloc[0] == "1, 1, 1, 1, 1, 1, … and 24 more"


@pytest.mark.parametrize(
    ("channels", "names"), [(1, ["input"]), (2, ["input 1", "input 2"]), (8, 3)]
)
def test_sequences_are_lists_by_channel(channels: int, names: list[str] | int) -> None:
    x = np.arange(2 * 5 * channels, dtype=float).reshape(2, 5, channels)
    table = sample_table(Samples(x=x, y=np.array([0, 1]), task="binary", class_names=("0", "1")))
    shown = [name for name in table.frame if name.startswith("input")]
    assert table.inputs == "sequence"
    assert (len(shown) if isinstance(names, int) else shown) == names
    assert table.frame[shown[0]].iloc[1] == x[1, :, 0].tolist()


def test_a_thumbnail_is_the_image_enlarged() -> None:
    image_module = pytest.importorskip("PIL.Image")
    images = np.arange(2 * 8 * 8, dtype=float).reshape(2, 8, 8, 1)
    first, second = thumbnails(images)
    png = base64.b64decode(second.removeprefix("data:image/png;base64,"))
    image = image_module.open(io.BytesIO(png))
    assert (image.size, image.mode) == ((32, 32), "L")
    pixels = np.asarray(image)
    np.testing.assert_array_equal(pixels[::4, ::4], np.round(255 * images[1, :, :, 0] / 127))
    np.testing.assert_array_equal(pixels[::4], pixels[3::4])
    assert first != second


def test_images_of_one_grey_are_drawn_too() -> None:
    assert len(thumbnails(np.ones((2, 8, 8, 1)))) == 2
