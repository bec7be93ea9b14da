"""Something done again and again beside the work, from a thread of its own."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Pulse(ABC):
    """Beats in a thread of its own while the ``with`` block lasts.

    Args:
        name: Of the thread.
        seconds: Between two beats.
    """

    def __init__(self, name: str, seconds: float) -> None:
        """Prepare; the ``with`` block starts it."""
        self._seconds = seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, once a beat that has begun is over."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._seconds):
            if not self._beat():
                return

    @abstractmethod
    def _beat(self) -> bool:
        """Do it once; tells whether to go on."""
