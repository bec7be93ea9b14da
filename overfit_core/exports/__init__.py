"""What a run can be taken away as: code, tables, a report, the trained network.

`EXPORTS` lists the kinds for a page. `export` makes those that need no TensorFlow, in the web
process; the others are made by a worker (`Cluster.export`), for TensorFlow is loaded there alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from overfit_core.exports.kinds import Kind
from overfit_core.exports.tables import (
    Record,
    Run,
    history_csv,
    history_parquet,
    runs_csv,
    runs_parquet,
    spec_json,
)


@dataclass(frozen=True)
class Export(Kind):
    """One kind of file that a run can be taken away as.

    Attributes:
        make: what makes it; None where that needs TensorFlow, and so a worker.
    """

    make: Callable[[Run], bytes] | None = None

    @property
    def needs_worker(self) -> bool:
        """Whether it needs TensorFlow, and so a worker."""
        return self.make is None


def _script(run: Run) -> bytes:
    from overfit_core.exports.script import keras_script

    return keras_script(run.spec).encode()


def _notebook(run: Run) -> bytes:
    from overfit_core.exports.notebook import keras_notebook

    return keras_notebook(run.spec)


def _report(run: Run) -> bytes:
    from overfit_core.exports.report import report_html

    return report_html([run])


_ALL = (
    Export(
        "script",
        "Keras script",
        "A Python script that repeats the run with Keras alone, batch included.",
        ".py",
        "text/x-python",
        _script,
    ),
    Export(
        "notebook",
        "Jupyter notebook",
        "The same script, cell by cell, with a plot.",
        ".ipynb",
        "application/x-ipynb+json",
        _notebook,
    ),
    Export(
        "csv",
        "CSV",
        "The history, one row per epoch.",
        ".csv",
        "text/csv",
        lambda run: history_csv(run.history),
    ),
    Export(
        "parquet",
        "Parquet",
        "The history, one row per epoch, to the last bit.",
        ".parquet",
        "application/vnd.apache.parquet",
        lambda run: history_parquet(run.history),
    ),
    Export(
        "settings",
        "Settings (JSON)",
        "Every setting of the run.",
        ".json",
        "application/json",
        lambda run: spec_json(run.spec),
    ),
    Export(
        "report",
        "Report (HTML)",
        "One page with charts, result, samples and settings, which needs nothing else.",
        ".html",
        "text/html",
        _report,
    ),
    Export(
        "keras_model",
        "Trained network (.keras)",
        "The network as it was at the end, trained once more to get there.",
        ".keras",
        # It is a zip, but a browser that knows so may unpack it.
        "application/octet-stream",
    ),
    Export(
        "tensorboard",
        "TensorBoard (zip)",
        "The history as event files; unpack it into a folder that TensorBoard looks at.",
        ".zip",
        "application/zip",
    ),
)

EXPORTS: Mapping[str, Export] = MappingProxyType({export.kind: export for export in _ALL})
"""Every kind by its name, in the order in which they are offered."""


def file_name(kind: str, record: Record) -> str:
    """Return the name of the file of an export, such as ``overfit-lab-1f3a.csv``."""
    return f"overfit-lab-{record.id}{EXPORTS[kind].ending}"


def export(kind: str, run: Run) -> bytes:
    """Return the file of one run.

    Args:
        kind: One of ``EXPORTS`` that needs no worker.
        run: The run, and whether it is for who made it.

    Raises:
        ValueError: There is no such kind, or it needs a worker.
        SpecError: The run was stored by a version whose specs this one cannot read.
    """
    known = EXPORTS.get(kind)
    if known is None:
        raise ValueError(f"The export {kind!r} does not exist; there are {', '.join(EXPORTS)}.")
    if known.make is None:
        raise ValueError(f"The export {kind!r} is made by a worker; ask the cluster for it.")
    return known.make(run)


__all__ = [
    "EXPORTS",
    "Export",
    "Record",
    "Run",
    "export",
    "file_name",
    "runs_csv",
    "runs_parquet",
]
