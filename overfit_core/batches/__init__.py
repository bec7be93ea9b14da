"""Where a batch comes from: the catalogue of sources, and the making of a batch.

Importing this package imports neither Keras nor scikit-learn.
"""

from __future__ import annotations

from overfit_core.batches.catalogue import (
    MAX_SAMPLES,
    SETTING_NAMES,
    SOURCES,
    BatchShape,
    Setting,
    Source,
    Task,
)
from overfit_core.batches.making import Batch, make_batch
from overfit_core.batches.rows import Array

__all__ = [
    "MAX_SAMPLES",
    "SETTING_NAMES",
    "SOURCES",
    "Array",
    "Batch",
    "BatchShape",
    "Setting",
    "Source",
    "Task",
    "make_batch",
]
