"""Processes that train runs, and the web side's handle on them (Dask distributed).

The database is the truth, Dask only places work: a task carries a run id and nothing else.
Runs that were started together are a group: whoever takes one of them takes all, and trains them
in turns, so that they are at the same epoch. A run by itself is a group of one.
A run that is paused keeps its worker, so that a step is done at once; after a few seconds it
gives it to a run that waits. When it is wanted again it repeats what was trained (the same spec
gives the same history) and goes on from there.
"""

from overfit_core.workers.cluster import Cluster
from overfit_core.workers.connection import WorkerState
from overfit_core.workers.status import ClusterStatus
from overfit_core.workers.task import train_run

__all__ = ["Cluster", "ClusterStatus", "WorkerState", "train_run"]
