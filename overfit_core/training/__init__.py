"""The compiled single-batch loop, what it records and what it reports.

Importing this package imports no TensorFlow; training does.
"""

from overfit_core.training.fitting import overfit, run
from overfit_core.training.history import History, Snapshots
from overfit_core.training.result import RunResult, RunSummary, Samples

__all__ = ["History", "RunResult", "RunSummary", "Samples", "Snapshots", "overfit", "run"]
