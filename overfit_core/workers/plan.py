"""How many workers, and how much memory for each."""

from __future__ import annotations

from typing import NamedTuple

from dask.system import CPU_COUNT
from distributed.system import MEMORY_LIMIT

from overfit_core.settings import Settings

GB = 10**9
WORKER_GB = 1.2
"""What one worker needs: TensorFlow and its compiled programs take 0.9 GB at most."""
WEB_GB = 0.5
"""What the web process and the scheduler need."""
MAX_WORKERS = 8
"""Not more by default: each takes seconds to start, and a person watches a few runs at most."""
MAX_WORKER_GB = 8.0
"""Not more by default for one worker: one batch and its network need far less."""


class Plan(NamedTuple):
    """Worker processes to start.

    Attributes:
        workers: How many, 1 or more.
        memory: Limit of each, in bytes.
    """

    workers: int
    memory: int


def plan(settings: Settings, cores: int = CPU_COUNT, memory: int = MEMORY_LIMIT) -> Plan:
    """Return what to start on a machine, or in a container, with so many cores and bytes.

    One worker per core, as far as the memory reaches, at least one; what is left of the memory
    is shared evenly. What the settings say goes first.
    """
    free = memory / GB - WEB_GB
    each = settings.worker_memory
    fitting = int(free / (each or WORKER_GB))
    workers = settings.workers or max(1, min(cores, fitting, MAX_WORKERS))
    if each is None:
        each = max(WORKER_GB, min(free / workers, MAX_WORKER_GB))
    return Plan(workers, int(each * GB))
