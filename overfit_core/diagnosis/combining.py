"""Changes on top of each other: what each of them sets is set once."""

from __future__ import annotations

from collections.abc import Iterable

from overfit_core.diagnosis.facts import Change, Facts
from overfit_core.diagnosis.proposals import RATE, rate_after

Changes = tuple[Change, ...]

SAME_PROGRAM = frozenset({RATE, "epochs", "inputs", "targets", "layers.kernel_initializer"})
"""What is set without another network, loss or shape: nothing has to be compiled anew."""


def without_epochs(changes: Changes) -> Changes:
    """Leave out how long is trained."""
    return tuple(change for change in changes if change.setting != "epochs")


def joined(*groups: Iterable[Change]) -> Changes:
    """Return changes in order, of those that set the same the first one."""
    made: dict[str, Change] = {}
    for change in (change for group in groups for change in group):
        made.setdefault(change.what, change)
    return tuple(made.values())


def on_top(kept: Changes, change: Change, facts: Facts) -> Changes | None:
    """Return changes with another one on top.

    A learning rate is multiplied once more: what else was changed may call for another one.

    Args:
        kept: What is there already.
        change: What is set besides.
        facts: Of the program as it is.

    Returns:
        All of them; None where ``kept`` sets it already, or where nothing is changed any more.
    """
    before = next((one for one in kept if one.what == change.what), None)
    if before is None:
        return (*kept, change)
    if change.setting != RATE:
        return None
    both = rate_after(before, change, facts)
    instead = () if both is None else (both,)
    made = tuple(new for one in kept for new in (instead if one is before else (one,)))
    return made or None


def program_of(changes: Changes) -> frozenset[tuple[str, str]]:
    """Return what is equal for changes that are run by one compiled program."""
    return frozenset((c.what, repr(c.value)) for c in changes if c.setting not in SAME_PROGRAM)
