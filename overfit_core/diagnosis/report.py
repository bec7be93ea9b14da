"""What a check found, to read by people and by programs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self

import numpy as np
from pydantic import TypeAdapter

from overfit_core.diagnosis.facts import Cause, Change
from overfit_core.diagnosis.judgement import Judgement
from overfit_core.diagnosis.wording import evidence_lines, in_words
from overfit_core.training.history import History
from overfit_core.training.result import R2_MEMORISED
from overfit_core.training.types import FloatArray

Outcome = Literal["memorised", "better", "no_better"]
OnProgress = Callable[["Report"], None]


@dataclass(frozen=True)
class Fix:
    """A change, and what came of it.

    Attributes:
        changes: What is changed, one after the other.
        tried: Whether it was run; what was not run is never said to work.
        outcome: What came of it with the first seed; None where it was not tried.
        epochs: Epochs to memorise, by seed; None where it was not memorised.
        asked: With how many seeds it was to be tried if it memorised.
        why: Why it could not be run, or not as long as it was to, in a sentence; empty where it
            could, or time was up.
        losses: Loss by epoch with the first seed, as it was tried; None where it was not, and in
            a fix that was read back.
    """

    changes: tuple[Change, ...]
    tried: bool = False
    outcome: Outcome | None = None
    epochs: tuple[int | None, ...] = ()
    asked: int = 0
    why: str = ""
    losses: FloatArray | None = field(default=None, repr=False, compare=False)

    @property
    def rule(self) -> str:
        """The rule that it mends first."""
        return self.changes[0].rule

    @property
    def key(self) -> tuple[str, str]:
        """That rule, and the output that it looked at."""
        return self.changes[0].key

    @property
    def change(self) -> list[dict[str, Any]]:
        """The changes as data."""
        return [asdict(change) for change in self.changes]

    @property
    def code(self) -> str:
        """The changes as one line of Keras."""
        return "; ".join(change.code for change in self.changes)

    @property
    def text(self) -> str:
        """The changes in words."""
        return " ".join(change.text for change in self.changes)

    @property
    def seeds(self) -> int:
        """How many seeds it was tried with."""
        return len(self.epochs)

    @property
    def seeds_memorised(self) -> int:
        """With how many of them it memorised."""
        return sum(epoch is not None for epoch in self.epochs)

    @property
    def confirmed(self) -> bool:
        """Whether it memorised with as many seeds as were asked for."""
        return self.outcome == "memorised" and self.seeds_memorised >= max(1, self.asked)

    def sentence(self) -> str:
        """Say in plain words what came of it."""
        if not self.tried:
            return f"not tried: {self.why.rstrip('.')}" if self.why else "not tried"
        if self.outcome == "memorised":
            known = sorted(epoch for epoch in self.epochs if epoch is not None)
            plural = "s" if max(self.seeds, self.asked) > 1 else ""
            of = f"{self.seeds_memorised} of {self.seeds} seed{plural}"
            missing = f" tried ({self.asked} asked)" if self.seeds < self.asked else ""
            return f"memorised at epoch {known[len(known) // 2]:,} on {of}{missing}"
        said = "better, but not memorised" if self.outcome == "better" else "no better"
        return f"{said}: {self.why.rstrip('.')}" if self.why else said

    def to_dict(self) -> dict[str, Any]:
        """Return it as data."""
        return {
            "change": self.change,
            "code": self.code,
            "rule": self.rule,
            "tried": self.tried,
            "outcome": self.outcome,
            "epochs": list(self.epochs),
            "seeds_memorised": self.seeds_memorised,
            "seeds_asked": self.asked,
            "why": self.why,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what ``to_dict`` gave."""
        changes = tuple(Change(**change) for change in data["change"])
        return cls(
            changes,
            data["tried"],
            data["outcome"],
            tuple(data["epochs"]),
            data.get("seeds_asked", len(data["epochs"])),
            data.get("why", ""),
        )


@dataclass(frozen=True)
class OutputReport:
    """How one of several outputs fares at the end of a run.

    Attributes:
        name: What it is called.
        right: Whether its whole batch is right; None for one whose loss counts nothing.
        accuracy: See ``Judgement``, as for the others.
        r2: R² of its worst column.
        floor: The smallest loss of its own.
        best_accuracy: The largest accuracy that this batch allows.
    """

    name: str
    right: bool | None
    accuracy: float | None = None
    r2: float | None = None
    floor: float = 0.0
    best_accuracy: float | None = None

    def sentence(self) -> str:
        """Say how it fares, and what is missing."""
        if self.right is None:
            return "not looked at, for it has no loss that counts"
        said = "memorised" if self.right else "not memorised"
        if self.accuracy is not None:
            said += f": accuracy {100 * self.accuracy:.4g} %"
            best = 1.0 if self.best_accuracy is None else self.best_accuracy
            return said if best >= 1 else f"{said}, at best {100 * best:.4g} %"
        if self.r2 is None:
            return "not trained"
        return f"{said}: R² {in_words(self.r2)}" + ("" if self.right else f" of {R2_MEMORISED}")


@dataclass(frozen=True)
class Report(Judgement):
    """What a check found; what it says of the run itself, see ``Judgement``.

    Attributes:
        causes: Why it was not memorised, the primary cause first; empty where it was.
        fixes: What may mend it, the one to take first in front.
        seconds: How long the check took.
        trying: What is being tried at this moment; None at the end.
        history: Loss, metrics and probes, epoch by epoch; empty in a report that was read back.
        outputs: Each of several outputs by itself; accuracy and R² of the report are those of the
            worst of them. Empty for a model with one output.
    """

    causes: tuple[Cause, ...]
    fixes: tuple[Fix, ...]
    seconds: float
    trying: Fix | None = None
    history: History = field(default_factory=lambda: History({}), repr=False)
    outputs: tuple[OutputReport, ...] = ()

    def to_markdown(self) -> str:
        """Return the report for people."""
        lines = [f"**{self.sentence()}**", ""]
        if self.outputs:
            lines += ["## Outputs", ""]
            lines += [f"- `{one.name}`: {one.sentence()}." for one in self.outputs] + [""]
        for place, cause in enumerate(self.causes):
            head = "Cause" if place == 0 else "Also"
            lines += [f"## {head}: {cause.title} (`{cause.rule}`)", "", cause.why, ""]
            lines += [f"- {name}: {value}" for name, value in evidence_lines(cause.evidence)]
            lines += [f"- source: {cause.source}", ""]
        if self.fixes:
            lines += ["## What was tried", ""]
            lines += [
                f"{n}. {f.text} `{f.code}`: {f.sentence()}." for n, f in enumerate(self.fixes, 1)
            ]
        return "\n".join(lines).rstrip() + "\n"

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the history as data."""
        judged = {name: getattr(self, name) for name in _JUDGED}
        return {
            **judged,
            "excess": self.excess,
            "outputs": [asdict(one) for one in self.outputs],
            "causes": [asdict(cause) for cause in self.causes],
            "fixes": [fix.to_dict() for fix in self.fixes],
            "trying": None if self.trying is None else self.trying.to_dict(),
            "seconds": self.seconds,
        }

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the report that ``to_json`` wrote, without its history."""
        data = json.loads(text)
        trying = data["trying"]
        return cls(
            **{name: data[name] for name in _JUDGED},
            causes=_CAUSES.validate_python(data["causes"]),
            fixes=tuple(map(Fix.from_dict, data["fixes"])),
            seconds=data["seconds"],
            trying=None if trying is None else Fix.from_dict(trying),
            outputs=tuple(OutputReport(**one) for one in data.get("outputs", ())),
        )

    def to_json(self, indent: int | None = None) -> str:
        """Return ``to_dict`` as JSON; numbers that are not finite become null."""
        return json.dumps(
            _plain(self.to_dict()), indent=indent, ensure_ascii=False, allow_nan=False
        )


_JUDGED = tuple(one.name for one in fields(Judgement))
_CAUSES = TypeAdapter(tuple[Cause, ...])


def _plain(value: Any) -> Any:  # noqa: ANN401  # whatever JSON may hold
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
