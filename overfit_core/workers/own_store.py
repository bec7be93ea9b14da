"""The store that this worker process works with."""

from __future__ import annotations

from functools import cache

from overfit_core.settings import Settings
from overfit_core.store import Store


@cache
def own_store() -> Store:
    """Return the store that ``OVERFIT_DATABASE_URL`` or ``OVERFIT_DATA_DIR`` names, opened once."""
    return Store(Settings.load().store_url)
