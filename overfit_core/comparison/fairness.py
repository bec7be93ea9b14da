"""Whether the speed of runs can be compared: same batch, same initial weights, same task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from overfit_core.batches import SOURCES
from overfit_core.charts.numbers import count
from overfit_core.comparison.differences import Difference, differences
from overfit_core.comparison.run import ComparedRun
from overfit_core.models.heads import head_of
from overfit_core.spec import RunSpec

Tone = Literal["plain", "good", "open", "bad"]
"""As ``charts.status`` has it: ``open`` where something is not known, or to be kept in mind."""

VALUES_NAMED, SETTINGS_NAMED = 4, 3


class Fairness(NamedTuple):
    """What may be concluded, and why: ``text`` is one or two sentences."""

    tone: Tone
    text: str


def fairness(runs: Sequence[ComparedRun]) -> Fairness:
    """Say whether these runs can be compared for speed, and if not, which settings keep them apart.

    Hashes are the proof. Equal settings do not stand in for a missing hash of the weights: another
    version may draw them differently. Runs with different training seeds are meant to start from
    different weights; they are compared as groups.
    """
    if len(runs) < 2:
        return Fairness("plain", "Pick a second run to compare with.")
    rows = differences([run.spec for run in runs])
    batch = _alike(runs, lambda run: run.batch_hash)
    if batch is False:
        return Fairness(
            "bad", f"Different batches{_because(rows, 'Batch')}: speed cannot be compared."
        )
    if batch is None:
        unknown = sum(run.batch_hash is None for run in runs)
        which = f"of {count(unknown, 'run')} the batch was not recorded"
        others = _because(rows, "Batch")
        also = f", and the settings differ{others}" if others else ""
        return Fairness("open", f"It is not known whether the batch is the same: {which}{also}.")
    return _of_weights(runs, rows)


def _of_weights(runs: Sequence[ComparedRun], rows: Sequence[Difference]) -> Fairness:
    """Say whether runs of one batch can be compared for speed.

    Args:
        runs: What is compared.
        rows: The settings that differ.
    """
    weights = _alike(runs, lambda run: run.weights_hash)
    seeds = _alike_within_seeds(runs)
    if weights:
        return Fairness("good", f"Same batch, same initial weights: {_verdict(runs)}")
    if weights is None or seeds is None:
        return Fairness(
            "open",
            "Same batch. The initial weights were not recorded for all: speed may differ "
            "because of them.",
        )
    if seeds:
        return Fairness(
            "good",
            "Same batch, and the same initial weights for each seed: compare medians over the "
            f"seeds. {_verdict(runs).capitalize()}",
        )
    why = _because([row for row in rows if row.path in _DRAWS_WEIGHTS or row.part == "Model"])
    return Fairness(
        "open",
        f"Same batch, different initial weights{why}: speed may differ because of where each run "
        "started.",
    )


_DRAWS_WEIGHTS = {("training", "seed"), ("training", "dtype")}


def _verdict(runs: Iterable[ComparedRun]) -> str:
    """Return what holds once batch and weights are the same."""
    if len({_loss(run.spec) for run in runs}) > 1:
        return "epochs to full accuracy can be compared, but the losses are different measures."
    return "speed can be compared."


def _loss(spec: RunSpec) -> str:
    """Return the loss that is made small: the one that was asked for, or the task's."""
    return head_of(spec.model, SOURCES[spec.batch.source].shape(spec.batch)).loss


def _alike(runs: Iterable[ComparedRun], key: Callable[[ComparedRun], str | None]) -> bool | None:
    """Tell whether all have one value; None where that cannot be known.

    Two different values are enough to say no, whatever the unknown ones are.
    """
    values = {key(run) for run in runs}
    known = values - {None}
    if len(known) > 1:
        return False
    return None if None in values else True


def _alike_within_seeds(runs: Sequence[ComparedRun]) -> bool | None:
    """Tell whether all runs of a seed start alike, where there is more than one seed.

    False where there is one seed only, or where a seed has a run of its own: then nothing is
    paired.
    """
    seeds: dict[int, list[ComparedRun]] = {}
    for run in runs:
        seeds.setdefault(run.spec.training.seed, []).append(run)
    if len(seeds) < 2 or any(len(members) < 2 for members in seeds.values()):
        return False
    found = [_alike(members, lambda run: run.weights_hash) for members in seeds.values()]
    if False in found:
        return False
    return None if None in found else True


def _because(rows: Iterable[Difference], part: str | None = None) -> str:
    """Return the settings that differ, with their values: `` (samples 4 and 8)``."""
    named = [row for row in rows if part is None or row.part == part]
    if not named:
        return ""
    parts = [f"{_lower(row.label)} {_listed(row.values)}" for row in named[:SETTINGS_NAMED]]
    left = len(named) - SETTINGS_NAMED
    if left > 0:
        parts.append(f"and {count(left, 'more setting')}")
    return f" ({'; '.join(parts)})"


def _listed(values: Sequence[str]) -> str:
    different = list(dict.fromkeys(values))
    if len(different) > VALUES_NAMED:
        return f"{', '.join(different[:VALUES_NAMED])} and {len(different) - VALUES_NAMED} more"
    return f"{', '.join(different[:-1])} and {different[-1]}"


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]
