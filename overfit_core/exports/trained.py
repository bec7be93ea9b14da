"""What TensorFlow writes: the trained network, and event files for TensorBoard. For workers."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.errors import WorkerError
from overfit_core.training.history import History
from overfit_core.training.pacing import ChunkLength
from overfit_core.training.types import IntArray

if TYPE_CHECKING:
    from overfit_core.spec import RunSpec

MAX_STEPS = 10_000
"""Most epochs of a history that go into event files: TensorBoard draws a thousand."""

ShouldStop = Callable[[], bool]


def keras_model(spec: RunSpec, epochs: int, should_stop: ShouldStop | None = None) -> bytes:
    """Return the ``.keras`` file of the model of a run, trained as it was, with its optimizer.

    The run is trained again, with the same engine, to the epoch where it ended: the same spec gives
    the same weights, to the last bit, on the same machine and with the same versions.

    Args:
        spec: What was run.
        epochs: Epochs that the run had, 0 or more; 0 gives the initial weights.
        should_stop: Asked about ten times a second; True gives up.

    Raises:
        SpecError: If the batch cannot be made.
        ModelError: If Keras cannot train the model on this batch.
        WorkerError: If it was given up.
    """
    from overfit_core.training.spec_session import SpecSession

    session, length = SpecSession(spec), ChunkLength()
    while session.epoch < epochs and not session.finished:
        start = time.perf_counter()
        chunk = session.advance(min(length.epochs, epochs - session.epoch))
        length.record(len(chunk), time.perf_counter() - start)
        if should_stop is not None and should_stop():
            raise WorkerError(
                f"Training the network again took too long: it is at epoch {session.epoch:,} of "
                f"{epochs:,}. The Keras script trains it on a machine of your own."
            )
    session.finish()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        session.model.save(path)
        return path.read_bytes()


def tensorboard_files(history: History, name: str) -> bytes:
    """Return a zip of the event files that TensorBoard shows a history from.

    One scalar per column, at step = epoch. Of more than 10,000 epochs that many are kept, evenly
    spaced, the first and the last among them.

    Args:
        history: What a run recorded.
        name: Name of the folder in the zip, which TensorBoard shows as the run's; whatever cannot
            stand in a file name becomes ``_``.
    """
    import tensorflow as tf

    safe = "".join(c if c.isalnum() or c in "-_ " else "_" for c in name).strip() or "run"
    kept = _kept(len(history))
    columns = {tag: np.asarray(values, float)[kept] for tag, values in history.columns.items()}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "events.out.tfevents.0.overfit-lab"
        # tf.summary.scalar needs TensorBoard's own package; what it writes are these records.
        with tf.io.TFRecordWriter(str(path)) as writer:
            version = tf.compat.v1.Event(wall_time=0.0, file_version="brain.Event:2")
            writer.write(version.SerializeToString())
            for row, epoch in enumerate(history.epochs[kept]):
                values = [
                    tf.compat.v1.Summary.Value(tag=tag, simple_value=column[row])
                    for tag, column in columns.items()
                ]
                summary = tf.compat.v1.Summary(value=values)
                event = tf.compat.v1.Event(wall_time=float(epoch), step=int(epoch), summary=summary)
                writer.write(event.SerializeToString())
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(path, f"{safe}/{path.name}")
    return sink.getvalue()


def _kept(rows: int) -> IntArray:
    return np.unique(np.linspace(0, rows - 1, min(rows, MAX_STEPS)).round().astype(int))
