"""What a check found, to read by people and by programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from overfit_core.diagnosis.facts import Cause, Change
from overfit_core.diagnosis.verdict import Verdict
from overfit_core.training.history import History

Outcome = Literal["memorised", "better", "no_better"]

_WORDS: Mapping[Verdict, str] = {
    "memorised": "Memorised",
    "still_descending": "Not memorised: the loss is still falling",
    "stuck": "Not memorised: the loss stays where it is",
    "oscillating": "Not memorised: the loss swings",
    "diverged": "Not memorised: the loss has blown up",
    "impossible": "Not memorised: no training can",
}


@dataclass(frozen=True)
class Fix:
    """A change, and what came of it.

    Attributes:
        changes: What is changed, one after the other.
        tried: Whether it was run; what was not run is never said to work.
        outcome: What came of it with the first seed; None where it was not tried.
        epochs: Epochs to memorise, by seed; None where it was not memorised.
    """

    changes: tuple[Change, ...]
    tried: bool = False
    outcome: Outcome | None = None
    epochs: tuple[int | None, ...] = ()

    @property
    def rule(self) -> str:
        """The rule that it mends first."""
        return self.changes[0].rule

    @property
    def change(self) -> list[dict[str, Any]]:
        """The changes as data."""
        return [change.to_dict() for change in self.changes]

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

    def sentence(self) -> str:
        """Say in plain words what came of it."""
        if not self.tried:
            return "not tried"
        if self.outcome == "memorised":
            known = sorted(epoch for epoch in self.epochs if epoch is not None)
            of = f"{self.seeds_memorised} of {self.seeds} seed{'s' if self.seeds > 1 else ''}"
            return f"memorised at epoch {known[len(known) // 2]:,} on {of}"
        return "better, but not memorised" if self.outcome == "better" else "no better"

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
        }


@dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes:
        verdict: One word.
        epoch: First of five epochs running in which the batch was right, or None.
        forgotten: First later epoch in which it was not, or None.
        epochs: How many were trained.
        accuracy: Share of right samples in inference mode at the end; None for numbers.
        r2: R² of the worst output in inference mode at the end; None for classes.
        loss: Loss in inference mode at the end; None where it could not be trained.
        floor: The smallest loss that this batch allows.
        best_accuracy: The largest accuracy that this batch allows; None for numbers.
        causes: Why it was not memorised, the primary cause first; empty where it was.
        fixes: What may mend it, the one to take first in front.
        history: Loss, metrics and probes, epoch by epoch.
        seconds: How long the check took.
    """

    verdict: Verdict
    epoch: int | None
    forgotten: int | None
    epochs: int
    accuracy: float | None
    r2: float | None
    loss: float | None
    floor: float
    best_accuracy: float | None
    causes: tuple[Cause, ...]
    fixes: tuple[Fix, ...]
    history: History
    seconds: float

    @property
    def excess(self) -> float | None:
        """Loss above the floor."""
        return None if self.loss is None else self.loss - self.floor

    @property
    def memorised(self) -> bool:
        """Whether the batch was memorised."""
        return self.verdict == "memorised"

    def sentence(self) -> str:
        """Say in one sentence how it went."""
        numbers = ", ".join(self._numbers())
        if self.epoch is None:
            return f"{_WORDS[self.verdict]} ({numbers})." if numbers else f"{_WORDS[self.verdict]}."
        lost = f", lost again at epoch {self.forgotten:,}" if self.forgotten is not None else ""
        return f"{_WORDS[self.verdict]} at epoch {self.epoch:,}{lost} ({numbers})."

    def _numbers(self) -> list[str]:
        made = [] if self.loss is None else [f"loss {self.loss:.4g}"]
        if self.floor > 1e-6:
            made.append(f"of which {self.floor:.4g} cannot be avoided on this batch")
        if self.accuracy is not None:
            made.append(f"accuracy {100 * self.accuracy:.4g} %")
        if self.best_accuracy is not None and self.best_accuracy < 1:
            made.append(f"at best {100 * self.best_accuracy:.4g} %")
        if self.r2 is not None:
            made.append(f"R² {self.r2:.4g}")
        return made

    def to_markdown(self) -> str:
        """Return the report for people."""
        lines = [f"**{self.sentence()}**", ""]
        for place, cause in enumerate(self.causes):
            head = "Cause" if place == 0 else "Also"
            lines += [f"## {head}: {cause.title} (`{cause.rule}`)", "", cause.why, ""]
            lines += [
                f"- {name.replace('_', ' ')}: {_shown(v)}" for name, v in cause.evidence.items()
            ]
            lines += [f"- source: {cause.source}", ""]
        if self.fixes:
            lines += ["## What was tried", ""]
            lines += [
                f"{n}. {f.text} `{f.code}`: {f.sentence()}." for n, f in enumerate(self.fixes, 1)
            ]
        return "\n".join(lines).rstrip() + "\n"

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the history as data."""
        return {
            "verdict": self.verdict,
            "epoch": self.epoch,
            "forgotten": self.forgotten,
            "epochs": self.epochs,
            "accuracy": self.accuracy,
            "r2": self.r2,
            "loss": self.loss,
            "floor": self.floor,
            "excess": self.excess,
            "best_accuracy": self.best_accuracy,
            "causes": [asdict(cause) for cause in self.causes],
            "fixes": [fix.to_dict() for fix in self.fixes],
            "seconds": self.seconds,
        }

    def to_json(self, indent: int | None = None) -> str:
        """Return ``to_dict`` as JSON; numbers that are not finite become null."""
        return json.dumps(
            _plain(self.to_dict()), indent=indent, ensure_ascii=False, allow_nan=False
        )


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(_shown(one) for one in value)
    return str(value)


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
