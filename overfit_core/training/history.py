"""What a run recorded: one value per epoch and column, and a few snapshots per sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from overfit_core.training.types import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

_FIRST_EPOCH = b"overfit.first_epoch"
_SNAPSHOTS = b"overfit.snapshots"


@dataclass(frozen=True)
class Snapshots:
    """Predictions and losses of every sample, at a few epochs spaced by their logarithm.

    Attributes:
        epochs: Shape ``(snapshots,)``, rising, counted from 1.
        predictions: Shape ``(snapshots, samples, outputs)``, before the epoch's update, as the
            network predicts (inference mode).
        losses: Shape ``(snapshots, samples)``, each sample's own loss for these predictions.
    """

    epochs: IntArray
    predictions: FloatArray
    losses: FloatArray

    def __len__(self) -> int:
        """Return the number of epochs that were kept."""
        return len(self.epochs)

    def joined(self, later: Snapshots) -> Snapshots:
        """Return these snapshots followed by ``later`` ones of the same run."""
        return Snapshots(
            np.concatenate([self.epochs, later.epochs]),
            np.concatenate([self.predictions, later.predictions]),
            np.concatenate([self.losses, later.losses]),
        )

    def to_arrow(self) -> bytes:
        """Return the snapshots as one Arrow IPC stream."""
        count, samples, outputs = self.predictions.shape
        table = pa.table(
            {
                "epoch": pa.array(self.epochs.astype(np.int64)),
                "predictions": _rows(self.predictions.reshape(count, samples * outputs)),
                "losses": _rows(self.losses),
            }
        ).replace_schema_metadata({b"shape": f"{samples},{outputs}".encode()})
        return write_table(table)

    @classmethod
    def from_arrow(cls, data: bytes) -> Self:
        """Read what ``to_arrow`` wrote."""
        table = read_table(data)
        samples, outputs = (int(n) for n in table.schema.metadata[b"shape"].split(b","))
        predictions = table["predictions"].combine_chunks().flatten().to_numpy()
        losses = table["losses"].combine_chunks().flatten().to_numpy()
        return cls(
            table["epoch"].to_numpy(),
            predictions.reshape(len(table), samples, outputs),
            losses.reshape(len(table), samples),
        )


class History:
    """Columns named as Keras names them, one value per epoch, epochs counted from 1.

    ``loss`` and ``accuracy`` (or ``r2``) of an epoch are those before its update and in training
    mode, as Keras reports them; ``val_…`` are taken after it. ``inference_…`` columns are there
    only for networks that behave differently in training and in inference. ``learning_rate`` is
    the rate of the epoch's step. A layer's measure is named ``measure/layer``, for example
    ``gradient_norm/dense_1``.

    Args:
        columns: Column name to values, all of one length.
        first_epoch: The epoch of the first value, at least 1. A chunk of a run starts later.
        snapshots: Predictions per sample at a few epochs, when they were asked for.

    Raises:
        ValueError: If the columns differ in length or ``first_epoch`` is below 1.
    """

    def __init__(
        self,
        columns: Mapping[str, npt.ArrayLike],
        first_epoch: int = 1,
        snapshots: Snapshots | None = None,
    ) -> None:
        """Hold the columns; see the class."""
        arrays = {name: np.asarray(values) for name, values in columns.items()}
        if len({len(values) for values in arrays.values()}) > 1:
            lengths = {name: len(values) for name, values in arrays.items()}
            raise ValueError(f"The columns of a history must have one length, got {lengths}.")
        if first_epoch < 1:
            raise ValueError(f"Epochs are counted from 1, got first_epoch={first_epoch}.")
        self.first_epoch = first_epoch
        self.snapshots = snapshots
        self._parts = [arrays]

    @property
    def columns(self) -> dict[str, FloatArray]:
        """Column name to values, each of shape ``(epochs,)``."""
        if len(self._parts) > 1:
            names = self._parts[0]
            self._parts = [{n: np.concatenate([p[n] for p in self._parts]) for n in names}]
        return self._parts[0]

    @property
    def epochs(self) -> IntArray:
        """The epochs of the values, shape ``(epochs,)``, counted from 1."""
        return np.arange(self.first_epoch, self.first_epoch + len(self))

    @property
    def last_epoch(self) -> int:
        """The last epoch recorded; ``first_epoch - 1`` when there is none."""
        return self.first_epoch + len(self) - 1

    def __len__(self) -> int:
        """Return the number of epochs recorded."""
        return sum(len(next(iter(part.values()), ())) for part in self._parts)

    def __getitem__(self, name: str) -> FloatArray:
        """Return one column, shape ``(epochs,)``."""
        return self.columns[name]

    def __contains__(self, name: object) -> bool:
        """Tell whether a column of this name was recorded."""
        return name in self._parts[0]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the column names."""
        return iter(self._parts[0])

    def append(self, chunk: History) -> None:
        """Add the epochs that follow the last one.

        Raises:
            ValueError: If ``chunk`` does not start right after the last epoch, or has other
                columns.
        """
        if not len(self) and not self._parts[0]:
            self.first_epoch, self._parts = chunk.first_epoch, list(chunk._parts)
        elif chunk.first_epoch != self.last_epoch + 1:
            raise ValueError(
                f"The chunk starts at epoch {chunk.first_epoch}, but the history ends at "
                f"{self.last_epoch}: it must start at {self.last_epoch + 1}."
            )
        elif set(chunk) != set(self):
            raise ValueError(f"The chunk has columns {sorted(chunk)}, not {sorted(self)}.")
        else:
            self._parts.extend(chunk._parts)
        if chunk.snapshots is not None:
            self.snapshots = (
                self.snapshots.joined(chunk.snapshots) if self.snapshots else chunk.snapshots
            )

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas frame, one row per epoch, index ``epoch`` from ``first_epoch``."""
        import pandas as pd  # 50 MB that a worker does without

        return pd.DataFrame(self.columns, index=pd.Index(self.epochs, name="epoch"))

    def to_arrow(self) -> bytes:
        """Return the history as one zstd-compressed Arrow IPC stream, snapshots included."""
        metadata = {_FIRST_EPOCH: str(self.first_epoch).encode()}
        if self.snapshots is not None:
            metadata[_SNAPSHOTS] = self.snapshots.to_arrow()
        table = pa.table({name: pa.array(values) for name, values in self.columns.items()})
        return write_table(table.replace_schema_metadata(metadata))

    @classmethod
    def from_arrow(cls, data: bytes) -> Self:
        """Read what ``to_arrow`` wrote."""
        table = read_table(data)
        metadata = table.schema.metadata
        snapshots = metadata.get(_SNAPSHOTS)
        return cls(
            {name: table[name].to_numpy() for name in table.column_names},
            int(metadata[_FIRST_EPOCH]),
            Snapshots.from_arrow(snapshots) if snapshots else None,
        )


def _rows(matrix: FloatArray) -> pa.FixedSizeListArray:
    flat = pa.array(np.ascontiguousarray(matrix).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, matrix.shape[1])


def write_table(table: pa.Table) -> bytes:
    """Return a table as one zstd-compressed Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def read_table(data: bytes) -> pa.Table:
    """Read what ``write_table`` wrote."""
    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()
