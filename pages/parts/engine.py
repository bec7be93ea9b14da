"""The handles that all sessions share: the store, the feed of the charts, the workers.

What they are made of takes a second to import. A page without a run draws itself first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import streamlit as st

if TYPE_CHECKING:
    from overfit_core.charts.feed import Feed
    from overfit_core.settings import Settings
    from overfit_core.store import Store
    from overfit_core.workers import ClusterStatus


class Workers(Protocol):
    """Who trains the runs."""

    def submit(self, run_id: str) -> None:
        """Have a run trained; it is in the store already."""
        ...

    def submit_check(self, run_id: str) -> None:
        """Have the cause of a run looked for; the store knows of it already."""
        ...

    def submit_race(self, race_id: str) -> None:
        """Have a race trained; it is in the store already."""
        ...

    def export(self, run_id: str, kind: str) -> bytes:
        """Return a file of a run whose making needs TensorFlow."""
        ...

    def status(self) -> ClusterStatus:
        """Return how the workers are."""
        ...


@dataclass(frozen=True)
class Engine:
    """What pages work with. A Dask client cannot be cached by itself: it is awaitable."""

    store: Store
    feed: Feed
    workers: Workers
    settings: Settings


@st.cache_resource(show_spinner=False)
def engine() -> Engine:
    """Return the one engine of this process, started at the first call."""
    return make_engine()


def make_engine() -> Engine:
    """Open the store and start the workers."""
    from overfit_core.charts.feed import Feed
    from overfit_core.settings import Settings
    from overfit_core.store import Store
    from overfit_core.workers import Cluster

    settings = Settings.load()
    store = Store(settings.store_url)
    return Engine(store, Feed(store), Cluster.start(settings, store), settings)
