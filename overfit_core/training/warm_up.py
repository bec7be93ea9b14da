"""Loading programs before somebody asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from overfit_core.spec import RunSpec


def warm_up(spec: RunSpec) -> float:
    """Compile the program of a spec, or load it from disk, so that its first run starts at once.

    Returns:
        The seconds that took; 0 when it was there already.
    """
    from overfit_core.training.spec_session import SpecSession

    session = SpecSession(spec)
    session.compile()
    return session.compile_seconds
