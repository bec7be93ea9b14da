"""Nannies that never give a worker up: whatever ends one, another takes its place."""

from __future__ import annotations

import asyncio
import logging

from distributed import LocalCluster, Nanny, Status

LOOK_SECONDS = 1.0
"""How often somebody looks whether a nanny has ended."""

_log = logging.getLogger(__name__)


class LastingNanny(Nanny):
    """Starts a worker process anew whenever it is gone, also when that said that it leaves."""

    def close_gracefully(self, reason: str = "") -> None:
        """Decline to end with the worker.

        A worker asks for this whenever the scheduler has let go of it: because it was about to be
        replaced, because it was silent for too long, because a connection broke. On a machine that
        is busy that may be heard before the process ends, and no worker would ever come again.
        """
        _log.info("A worker leaves (%s) and is started anew.", reason)


async def keep_up(cluster: LocalCluster) -> None:
    """Give every nanny that has ended a successor, for as long as the cluster's loop runs.

    A nanny ends when its worker could not be started even once, which nobody else would mend.
    """
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        ended = [
            name
            for name, nanny in cluster.workers.items()
            if nanny.status in (Status.closed, Status.failed)
        ]
        if ended:
            _log.warning("The nannies of the workers %s have ended: others come.", ended)
            for name in ended:
                del cluster.workers[name]
            cluster.scale(len(cluster.worker_spec))
