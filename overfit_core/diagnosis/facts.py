"""Everything that rules look at, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from overfit_core.diagnosis.batch_facts import BatchFacts
from overfit_core.diagnosis.floor import Floor
from overfit_core.diagnosis.model_facts import ModelFacts
from overfit_core.diagnosis.target import Target
from overfit_core.diagnosis.trained import Trained

LAST = 50
"""So many of the last epochs say how a run ends."""


@dataclass(frozen=True)
class Facts:
    """A batch, a model, and how training went.

    Attributes:
        batch: The batch.
        model: The model.
        target: What the labels mean.
        floor: What the batch allows.
        run: How training went; None where it was not tried.
        outputs: The same of each output by itself, by name, where there are several; these facts
            are then those of the whole model, with labels and answers side by side as columns.
    """

    batch: BatchFacts
    model: ModelFacts
    target: Target
    floor: Floor
    run: Trained | None = None
    outputs: Mapping[str, Facts] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """One smallest change of a program.

    Attributes:
        rule: Whose fix it is.
        setting: What is set: ``optimizer.learning_rate``; see ``changes.APPLY``.
        value: What it is set to.
        text: The change in words.
        code: The change as a line of Keras.
        output: Name of the output that the rule looked at; empty for the whole model.
    """

    rule: str
    setting: str
    value: Any
    text: str
    code: str
    output: str = ""

    @property
    def of_output(self) -> bool:
        """Whether it changes this one of several outputs, or its labels."""
        return bool(self.output) and self.setting in OF_AN_OUTPUT

    @property
    def what(self) -> str:
        """What is set; two changes of it cannot both be made."""
        return f"{self.setting} of {self.output}" if self.of_output else self.setting

    @property
    def key(self) -> tuple[str, str]:
        """The rule, and the output that it looked at."""
        return self.rule, self.output


OF_AN_OUTPUT = frozenset(
    {
        "loss", "labels", "labels.like_first", "targets", "output.activation", "output.classes",
        "output.several_labels",
        "output.units",
    }
)  # fmt: skip
"""What is set for each output by itself."""

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
        stands: Whether what it found is a fault of its own, which no other rule explains; says so
            of the evidence.
        drawing: Returns what shows it to the eye, from its evidence; None where words do.
        of_outputs: Whether it looks at each output by itself, where there are several.
        output: Name of the one of several outputs that it looks at; empty for the whole model.
    """

    id: str
    title: str
    why: str
    source: str
    find: Callable[[Facts], Evidence | None] = field(compare=False)
    changes: Callable[[Facts], Sequence[Change]] = field(default=lambda _facts: (), compare=False)
    silences: frozenset[str] = field(default=frozenset(), compare=False)
    from_start: bool = False
    suspicion: bool = field(default=False, compare=False)
    forbids: bool = False
    doubtful: Callable[[Evidence], bool] = lambda _evidence: False
    stands: Callable[[Facts, Evidence], bool] = lambda _facts, _evidence: False
    drawing: Callable[[Facts, Evidence], Drawing | None] = field(
        default=lambda _facts, _evidence: None, compare=False
    )
    of_outputs: bool = False
    output: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Its name, and the output that it looks at."""
        return self.id, self.output


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
