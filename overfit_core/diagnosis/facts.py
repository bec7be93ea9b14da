"""Everything that rules look at, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from overfit_core.diagnosis.batch_facts import BatchFacts
from overfit_core.diagnosis.floor import Floor
from overfit_core.diagnosis.model_facts import ModelFacts
from overfit_core.diagnosis.target import Target
from overfit_core.training.history import History
from overfit_core.training.types import FloatArray

LAST = 50
"""So many of the last epochs say how a run ends."""


@dataclass(frozen=True)
class Trained:
    """What came out of one training run.

    Attributes:
        history: Loss, rates and probes, epoch by epoch.
        planned: Epochs that it was to have; fewer where it ended early.
        memorised: First of five epochs running in which all samples were right, or None.
        forgotten: First later epoch in which they were not, or None.
        non_finite: First epoch whose loss is not a finite number, or None.
        prediction: Output in inference mode after the last update.
        in_training: Output in training mode after the last update.
        loss: Loss in inference mode after the last update, penalties included.
        penalty: The part of it that is penalties on weights and outputs.
        attained: Whether all samples are right in inference mode after the last update.
        attained_in_training: Whether they are in training mode.
        score: Share of right samples, or R² of the worst output.
    """

    history: History
    planned: int
    memorised: int | None
    forgotten: int | None
    non_finite: int | None
    prediction: FloatArray
    in_training: FloatArray
    loss: float
    penalty: float
    attained: bool
    attained_in_training: bool
    score: float

    @property
    def epochs(self) -> int:
        """How many it had."""
        return len(self.history)

    @property
    def losses(self) -> FloatArray:
        """Loss per epoch, in inference mode where it differs."""
        history = self.history
        return history["inference_loss" if "inference_loss" in history else "loss"]

    def column(self, measure: str, layer: str) -> FloatArray:
        """Return a probe's column of a layer, shape ``(epochs,)``; empty if there is none."""
        name = f"{measure}/{layer}"
        return self.history[name] if name in self.history else np.zeros(0)

    def layers_with(self, measure: str) -> list[str]:
        """Return the layers that a probe has columns of, from the input on."""
        return [name.partition("/")[2] for name in self.history if name.startswith(f"{measure}/")]


@dataclass(frozen=True)
class Facts:
    """A batch, a model, and how training went.

    Attributes:
        batch: The batch.
        model: The model.
        target: What the labels mean.
        floor: What the batch allows.
        run: How training went; None where it was not tried.
    """

    batch: BatchFacts
    model: ModelFacts
    target: Target
    floor: Floor
    run: Trained | None = None


@dataclass(frozen=True)
class Change:
    """One smallest change of a program.

    Attributes:
        rule: Whose fix it is.
        setting: What is set: ``optimizer.learning_rate``; see ``changes.APPLY``.
        value: What it is set to.
        text: The change in words.
        code: The change as a line of Keras.
    """

    rule: str
    setting: str
    value: Any
    text: str
    code: str


Evidence = dict[str, Any]


@dataclass(frozen=True)
class Drawing:
    """What shows a cause to the eye; ``overfit_core.charts.evidence`` draws it.

    Attributes:
        kind: ``bars``: one value for each name. ``ranges``: a smallest and a largest value for
            each name. ``lines``: one value per epoch for each name. ``samples``: a table, one row
            for each name, one column for each of ``columns``.
        title: What is to be seen, in a sentence without numbers that a look would give.
        names: Layers, columns of the inputs, samples: what the values belong to.
        values: A number for each name; ``(low, high)`` for ranges; for lines and samples a
            sequence of numbers. None where a number is not finite.
        axis: Name of the axis of values, with its unit if it has one.
        marked: Places in ``names`` of what is at fault.
        band: ``(low, high)`` between which values are sound; None at an end for no limit there.
        log: Whether the values span decades.
        columns: Headings of the table of samples.
        first_epoch: Epoch of the first value of lines.
        every: Epochs from one value of lines to the next.
    """

    kind: Literal["bars", "ranges", "lines", "samples"]
    title: str
    names: tuple[str, ...]
    values: tuple[Any, ...]
    axis: str = ""
    marked: tuple[int, ...] = ()
    band: tuple[float | None, float | None] | None = None
    log: bool = False
    columns: tuple[str, ...] = ()
    first_epoch: int = 1
    every: int = 1


SYMPTOMS = frozenset(
    {
        "dead_relu",
        "saturation",
        "vanishing_gradients",
        "learning_rate_too_high",
        "learning_rate_too_low",
        "too_few_epochs",
    }
)
"""Rules that look at how training goes: a fault that is there before it may be all they see."""


@dataclass(frozen=True)
class Rule:
    """A fault that can be told from facts.

    Attributes:
        id: Its name in reports.
        title: What is wrong, in a few words.
        why: Two sentences on what it does to training.
        source: Where that is known from.
        find: Returns the evidence where it holds, None where it does not.
        changes: Returns the changes that may mend it, the smallest first.
        silences: Rules that it explains, and that say nothing beside it.
        from_start: Whether it needs no training.
        suspicion: Whether it counts only where its change was tried and helped.
        forbids: Whether nothing memorises while it holds, so that its change is needed whatever
            else is.
        doubtful: Whether what it found makes it a suspicion that explains nothing; says so of the
            evidence.
        drawing: Returns what shows it to the eye, from its evidence; None where words do.
    """

    id: str
    title: str
    why: str
    source: str
    find: Callable[[Facts], Evidence | None]
    changes: Callable[[Facts], Sequence[Change]] = lambda _facts: ()
    silences: frozenset[str] = field(default=frozenset(), compare=False)
    from_start: bool = False
    suspicion: bool = field(default=False, compare=False)
    forbids: bool = False
    doubtful: Callable[[Evidence], bool] = lambda _evidence: False
    drawing: Callable[[Facts, Evidence], Drawing | None] = lambda _facts, _evidence: None


@dataclass(frozen=True)
class Cause:
    """A rule that holds.

    Attributes:
        rule: Its id.
        title: What is wrong.
        evidence: The numbers, layers, epochs and samples that show it.
        why: Two sentences on what it does.
        source: Where that is known from.
        upstream_of: Ids of rules that hold as well and are explained by it.
        drawing: What shows it to the eye; None where words do.
    """

    rule: str
    title: str
    evidence: Mapping[str, Any]
    why: str
    source: str
    upstream_of: tuple[str, ...] = field(default=())
    drawing: Drawing | None = None
