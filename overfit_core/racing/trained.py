"""A run of a race as it was trained: to its end, or to where it was left for another process."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from overfit_core.racing.plan import Member
    from overfit_core.racing.results import RaceRun
    from overfit_core.training.checkpoint import Checkpoint
    from overfit_core.training.history import History
    from overfit_core.training.result import RunSummary


class Trained(NamedTuple):
    """One run of a race, with all that is kept of it.

    Attributes:
        run: Its scores.
        history: All of its epochs, equal to the last bit to those of the same run trained alone.
        summary: What that one says of its end; its loss may differ in the last digits, see
            ``RaceSession``. None for a reference, which is no run of ours.
        batch_hash: SHA-256 (hex) of the batch; None for a reference.
        weights_hash: SHA-256 (hex) of the weights that it started from; None for a reference.
    """

    run: RaceRun
    history: History
    summary: RunSummary | None = None
    batch_hash: str | None = None
    weights_hash: str | None = None


class Paused(NamedTuple):
    """One run of a race that was left in the middle, for the sake of what waited.

    Attributes:
        member: Which one.
        history: Of the epochs that it has done.
        checkpoint: Where it stands; None for a reference, which begins again.
    """

    member: Member
    history: History
    checkpoint: Checkpoint | None = None
