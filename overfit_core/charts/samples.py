"""The samples of a run as a table: input, label, prediction, confidence, epoch of learning."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from overfit_core.charts.numbers import number
from overfit_core.charts.thumbnail import thumbnails
from overfit_core.training.result import Samples
from overfit_core.training.types import FloatArray, IntArray

InputKind = Literal["image", "sequence", "numbers"]

NUMBERS_SHOWN = 6
"""Numbers of an input that are written out; the rest is counted."""
CHANNELS_SHOWN = 3


class SampleTable(NamedTuple):
    """What the page shows of the samples.

    Attributes:
        frame: One row per sample, counted from 1. Columns, where they apply: ``input`` (or
            ``input 1``, ``input 2``, … for the channels of a sequence), ``label``, ``prediction``,
            ``confidence`` (%), ``error`` (prediction minus label), ``learned`` (epoch; missing =
            not learned).
        inputs: How the input columns are meant to be shown.
    """

    frame: pd.DataFrame
    inputs: InputKind


def sample_table(samples: Samples) -> SampleTable:
    """Return the table of the samples; what is not known yet has no column."""
    columns, inputs = _inputs(np.asarray(samples.x))
    table: dict[str, object] = dict(columns)
    table["label"] = _labels(samples)
    if samples.prediction is not None:
        table |= _predictions(samples, np.asarray(samples.prediction, dtype=np.float64))
    if samples.learned_epoch is not None:
        learned = pd.array(np.asarray(samples.learned_epoch), dtype="Int64")
        learned[np.asarray(samples.learned_epoch) == 0] = pd.NA
        table["learned"] = learned
    index = pd.RangeIndex(1, len(samples.x) + 1, name="sample")
    return SampleTable(pd.DataFrame(table, index=index), inputs)


def _inputs(x: FloatArray) -> tuple[dict[str, object], InputKind]:
    if x.ndim == 4:
        return {"input": thumbnails(x)}, "image"
    if x.ndim == 3:
        channels = min(x.shape[-1], CHANNELS_SHOWN)
        rounded = np.round(x.astype(np.float64), 4)
        if x.shape[-1] == 1:
            return {"input": rounded[:, :, 0].tolist()}, "sequence"
        return {f"input {c + 1}": rounded[:, :, c].tolist() for c in range(channels)}, "sequence"
    return {"input": [_written(row) for row in x]}, "numbers"


def _written(row: FloatArray) -> str:
    text = ", ".join(number(float(value), 3) for value in row[:NUMBERS_SHOWN])
    left = len(row) - NUMBERS_SHOWN
    return f"{text}, … and {left} more" if left > 0 else text


def _labels(samples: Samples) -> list[str]:
    if samples.task == "regression":
        return [", ".join(number(float(v)) for v in row) for row in _rows(samples.y)]
    return [_named(samples, int(label)) for label in _classes(samples)]


def _classes(samples: Samples) -> IntArray:
    """Return each sample's class number; labels are class numbers or one column per class."""
    rows = _rows(samples.y)
    return (rows[:, 0] if rows.shape[1] == 1 else rows.argmax(axis=1)).astype(np.int64)


def _predictions(samples: Samples, prediction: FloatArray) -> dict[str, object]:
    if samples.task == "regression":
        error = prediction - _rows(samples.y)
        columns: dict[str, object] = {
            "prediction": [", ".join(number(float(v)) for v in row) for row in prediction]
        }
        if np.isfinite(error).all():
            columns["error"] = error[:, 0] if error.shape[1] == 1 else np.abs(error).max(axis=1)
        return columns
    if samples.task == "binary" and prediction.shape[1] == 1:
        predicted, confidence = _binary(samples, prediction[:, 0])
    else:
        predicted, confidence = prediction.argmax(axis=1), prediction.max(axis=1)
    columns = {"prediction": [_named(samples, int(k)) for k in predicted]}
    if _are_shares(prediction):
        columns["confidence"] = 100 * confidence
    return columns


def _binary(samples: Samples, output: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the predicted class and its probability.

    Which side of the threshold an output is on was decided when the run was judged, and logits
    have another threshold than probabilities: so the class is taken from ``correct``.
    """
    if samples.correct is None:
        predicted = (output > 0.5).astype(np.int64)
    else:
        labels = _classes(samples).clip(0, 1)
        predicted = np.where(samples.correct, labels, 1 - labels)
    return predicted, np.where(predicted == 1, output, 1 - output)


def _are_shares(prediction: FloatArray) -> bool:
    """Tell whether the outputs can be probabilities; a linear head's cannot."""
    inside = bool(((prediction >= 0) & (prediction <= 1)).all())
    if prediction.shape[1] == 1:
        return inside
    return inside and bool(np.allclose(prediction.sum(axis=1), 1, atol=1e-3))


def _named(samples: Samples, label: int) -> str:
    names = samples.class_names
    return names[label] if 0 <= label < len(names) else str(label)


def _rows(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> FloatArray:
    return np.asarray(values, dtype=np.float64).reshape(len(values), -1)
