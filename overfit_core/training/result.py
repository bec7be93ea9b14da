"""What came out of a run: the summary, the samples, and both with the history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from overfit_core.training.history import History, read_table, write_table
from overfit_core.training.types import AnyArray, BoolArray, FloatArray, IntArray

R2_MEMORISED = 0.99
"""R² of the worst output from which on a regression counts as memorised."""
NO_SPREAD = 1e-4
"""What the errors of targets that are 0 throughout are measured against: 1 % of it is 0.001²."""

Ended = Literal["epochs", "memorised", "non_finite", "stopped"]
Task = Literal["binary", "multiclass", "regression"]


class RunSummary(BaseModel):
    """How a run ended, in numbers.

    ``loss``, ``accuracy`` and ``r2`` are those after the last update, in inference mode: what the
    trained network gives. ``memorised_epoch`` is the first of five epochs running in which every
    sample was right (a regression: R² of the worst output at least 0.99), or None.
    Times are in seconds; ``train_seconds`` leaves out compiling and waiting.
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    ended: Ended
    epochs: int
    memorised_epoch: int | None = None
    forgotten_epoch: int | None = None
    non_finite_epoch: int | None = None
    loss: float
    accuracy: float | None = None
    r2: float | None = None
    best_loss: float | None = None
    best_loss_epoch: int | None = None
    compile_seconds: float
    train_seconds: float
    backend: Literal["xla", "tensorflow"]
    parameters: int
    versions: dict[str, str]

    def sentence(self) -> str:
        """Say in one plain sentence how the run ended."""
        score = self._score()
        if self.non_finite_epoch is not None:
            return (
                f"The loss stopped being a finite number at epoch {self.non_finite_epoch:,}: "
                "the run diverged and was ended there."
            )
        if self.memorised_epoch is None:
            after = f"{self.epochs:,} epoch{'s' if self.epochs != 1 else ''}"
            stopped = " when it was stopped" if self.ended == "stopped" else ""
            return f"Not memorised after {after}{stopped}: {score}."
        if self.forgotten_epoch is not None:
            now = "right again at the end" if self._right_now else "not right at the end"
            return (
                f"Memorised at epoch {self.memorised_epoch:,}, lost at epoch "
                f"{self.forgotten_epoch:,} and {now}: {score} after {self.epochs:,} epochs."
            )
        return f"Memorised at epoch {self.memorised_epoch:,}: {score} after {self.epochs:,} epochs."

    @property
    def _right_now(self) -> bool:
        return self.accuracy == 1 or (self.r2 is not None and self.r2 >= R2_MEMORISED)

    def _score(self) -> str:
        parts = [f"loss {self.loss:.4g}"]
        if self.accuracy is not None:
            parts.append(f"accuracy {100 * self.accuracy:.4g} %")
        if self.r2 is not None:
            parts.append(f"R² {self.r2:.4g}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Samples:
    """The batch, sample by sample, and what the network makes of it.

    Attributes:
        x: Inputs after scaling, shape ``(samples, *inputs)``.
        y: Labels, shape ``(samples,)`` (class numbers) or ``(samples, outputs)``.
        task: What is learned.
        class_names: One name per class; empty for a regression.
        prediction: Inference-mode output, shape ``(samples, outputs)``; None before the first
            update.
        learned_epoch: Shape ``(samples,)``: the epoch since which the sample has been right
            without a break, 0 for a sample that is not right now. None before the first update.
        correct: Shape ``(samples,)``: right or not with ``prediction``.
    """

    x: FloatArray
    y: npt.NDArray[np.generic]
    task: Task
    class_names: tuple[str, ...] = ()
    prediction: FloatArray | None = None
    learned_epoch: IntArray | None = None
    correct: BoolArray | None = None

    def with_predictions(
        self, prediction: FloatArray, learned_epoch: IntArray, correct: BoolArray
    ) -> Samples:
        """Return the same samples with what the network makes of them now."""
        return replace(self, prediction=prediction, learned_epoch=learned_epoch, correct=correct)

    def to_arrow(self) -> bytes:
        """Return the samples as one zstd-compressed Arrow IPC stream."""
        arrays = {name: getattr(self, name) for name in _ARRAYS if getattr(self, name) is not None}
        table = pa.table({name: _flat_rows(values) for name, values in arrays.items()})
        metadata = {
            f"shape.{name}": ",".join(str(n) for n in values.shape)
            for name, values in arrays.items()
        }
        metadata |= {"task": self.task, "class_names": "\x1f".join(self.class_names)}
        return write_table(table.replace_schema_metadata(metadata))

    @classmethod
    def from_arrow(cls, data: bytes) -> Self:
        """Read what ``to_arrow`` wrote."""
        table = read_table(data)
        metadata = {k.decode(): v.decode() for k, v in table.schema.metadata.items()}
        arrays = {}
        for name in table.column_names:
            shape = tuple(int(n) for n in metadata[f"shape.{name}"].split(","))
            flat = table[name].combine_chunks().flatten().to_numpy(zero_copy_only=False)
            arrays[name] = flat.reshape(shape)
        names = metadata["class_names"]
        class_names = tuple(names.split("\x1f")) if names else ()
        return cls(task=metadata["task"], class_names=class_names, **arrays)


@dataclass(frozen=True)
class RunResult:
    """Everything that a run of a spec gives back."""

    history: History
    summary: RunSummary
    samples: Samples


def column_mean(values: Any, ops: Any = np, counted: Any = None) -> Any:  # noqa: ANN401
    """Return the mean of each column, over what counts in it; 0 where nothing does.

    Args:
        values: Shape ``(samples, columns)``.
        ops: NumPy; ``keras.ops`` for tensors.
        counted: Booleans, the same shape; None where everything counts.
    """
    if counted is None:
        return ops.mean(values, axis=0)
    none = ops.zeros_like(values)
    many = ops.sum(ops.where(counted, ops.ones_like(values), none), axis=0)
    return ops.sum(ops.where(counted, values, none), axis=0) / ops.maximum(many, 1)


def spread(y: Any, ops: Any = np, counted: Any = None) -> Any:  # noqa: ANN401  # or Keras's tensors
    """Return what the squared error of each column of targets is measured against.

    For a column that varies, its variance, so that 1 - error / spread is R². A column that is the
    same in all samples has none, and no network is right to the last bit: it is measured against
    the mean variance of the columns that vary; where none does (one sample, for instance) against
    the mean square of all targets; where they are all 0, against ``NO_SPREAD``.

    Args:
        y: Targets, shape ``(samples, columns)``.
        ops: NumPy; ``keras.ops`` for tensors.
        counted: Which targets count, the same shape; None where all do. A column of which none
            does is the same in all samples.

    Returns:
        Shape ``(columns,)``, each above 0.
    """
    variance, square = ops.var(y, axis=0), ops.mean(ops.square(y))
    if counted is not None:
        mean = column_mean(y, ops, counted)
        y = ops.where(counted, y, mean)
        variance = column_mean(ops.square(y - mean), ops, counted)
        whole = ops.reshape(counted, (-1, 1))
        square = column_mean(ops.square(ops.reshape(y, (-1, 1))), ops, whole)[0]
    # Not by the variance, which rounding makes larger than 0.
    varies = ops.max(y, axis=0) > ops.min(y, axis=0)
    none, one = ops.zeros_like(variance), ops.ones_like(variance)
    many = ops.sum(ops.where(varies, one, none))
    mean = ops.sum(ops.where(varies, variance, none)) / ops.maximum(many, 1)
    square = ops.where(square > 0, square, NO_SPREAD)
    return ops.where(varies, variance, ops.where(many > 0, mean, square))


def worst_r2(y: AnyArray, prediction: FloatArray, counted: BoolArray | None = None) -> float:
    """Return 1 - mean squared error / ``spread`` of the worst output.

    Args:
        y: Targets, samples first.
        prediction: Network output, as many numbers, or several outputs for one target.
        counted: Which numbers of the output count, in any shape; None where all do.
    """
    y = np.asarray(y, float).reshape(len(y), -1)
    counted = None if counted is None else counted.reshape(len(y), -1)
    squares = np.square(np.asarray(prediction, float).reshape(len(y), -1) - y)
    return float((1 - column_mean(squares, np, counted) / spread(y, np, counted)).min())


_ARRAYS = ("x", "y", "prediction", "learned_epoch", "correct")


def _flat_rows(values: npt.NDArray[np.generic]) -> pa.FixedSizeListArray:
    width = int(np.prod(values.shape[1:], dtype=int))
    return pa.FixedSizeListArray.from_arrays(
        pa.array(np.ascontiguousarray(values).reshape(-1)), width
    )
