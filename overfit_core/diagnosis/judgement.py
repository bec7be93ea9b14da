"""How a run went, in one word and the numbers behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from overfit_core.diagnosis.rules.learning_rate_too_high import swinging
from overfit_core.diagnosis.rules.too_few_epochs import FALL, falling
from overfit_core.training.types import FloatArray

Verdict = Literal["memorised", "still_descending", "stuck", "oscillating", "diverged", "impossible"]

BLOWN_UP = 10.0
"""A last loss so many times the first one has diverged, though it is a finite number."""
NO_FLOOR = 1e-6
"""A smaller floor is not worth a word."""
WORDS: Mapping[Verdict, str] = {
    "memorised": "Memorised",
    "still_descending": "Not memorised: the loss is still falling",
    "stuck": "Not memorised: the loss stays where it is",
    "oscillating": "Not memorised: the loss swings",
    "diverged": "Not memorised: the loss has blown up",
    "impossible": "Not memorised: no training can do it",
}
"""Each verdict as the beginning of a sentence."""
TOO_EARLY = "Not memorised: too early to say how the loss moves"
"""The same for a run that still descends for want of a second epoch."""
TREND = 2
"""With fewer epochs the loss has no direction."""


@dataclass(frozen=True)
class Judgement:
    """How a run went.

    Attributes:
        verdict: One word.
        epoch: First of five epochs running in which the batch was right, or None.
        forgotten: First later epoch in which it was not, or None.
        epochs: How many were trained.
        planned: How many it was to have; more where it ended early.
        accuracy: Share of right samples in inference mode at the end; None for numbers.
        r2: R² of the worst output in inference mode at the end; None for classes.
        loss: Loss in inference mode at the end; None where it could not be trained.
        floor: The smallest loss that this batch allows.
        best_accuracy: The largest accuracy that this batch allows; None for numbers.
    """

    verdict: Verdict
    epoch: int | None
    forgotten: int | None
    epochs: int
    planned: int
    accuracy: float | None
    r2: float | None
    loss: float | None
    floor: float
    best_accuracy: float | None

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
        said = self._course()
        return f"{said} ({numbers})." if numbers else f"{said}."

    def _course(self) -> str:
        """Say what happened, and when."""
        blown_up = self.verdict == "diverged"
        if self.epoch is not None and (blown_up or self.memorised):
            again = "" if blown_up else " again"
            lost = "" if self.forgotten is None else f", lost{again} at epoch {self.forgotten:,}"
            then = ", then the loss blew up" if blown_up else ""
            return f"{WORDS['memorised']} at epoch {self.epoch:,}{lost}{then}"
        if self.verdict == "impossible":
            return WORDS[self.verdict]
        early = self.verdict == "still_descending" and self.epochs < TREND
        of = f" of {self.planned:,}" if self.epochs < self.planned else ""
        many = "s" if max(self.epochs, self.planned) > 1 else ""
        said = TOO_EARLY if early else WORDS[self.verdict]
        return f"{said} after {self.epochs:,}{of} epoch{many}"

    def _numbers(self) -> list[str]:
        made = [] if self.loss is None else [f"loss {_shown(self.loss)}"]
        if self.floor > NO_FLOOR:
            of = "a loss of" if self.loss is None else "of which"
            made.append(f"{of} {self.floor:.4g} cannot be avoided on this batch")
        if self.accuracy is not None:
            made.append(f"accuracy {100 * self.accuracy:.4g} %")
        if self.best_accuracy is not None and self.best_accuracy < 1:
            made.append(f"at best {100 * self.best_accuracy:.4g} %")
        if self.r2 is not None:
            made.append(f"R² {_shown(self.r2)}")
        return made


def _shown(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "not finite"


def verdict_of(
    losses: FloatArray,
    floor: float,
    *,
    memorised: bool,
    diverged: bool = False,
    forbidden: bool = False,
) -> Verdict:
    """Return the word for a run.

    ``impossible`` where it could not be trained or the batch forbids it, ``memorised`` where all
    samples were right for five epochs running, ``diverged`` where the loss is no finite number or
    far above where it began; else ``oscillating``, ``still_descending`` or ``stuck``, by how the
    loss moves in the last epochs. After a single epoch it has not moved yet: that is
    ``still_descending``, for nothing says that it is stuck, and more epochs are what would tell.

    Args:
        losses: By epoch, in inference mode where it differs; empty for a run without epochs.
        floor: The smallest loss that the batch allows.
        memorised: Whether all samples were right for five epochs running.
        diverged: Whether the loss became a number that is not finite.
        forbidden: Whether no network can be right on the batch.
    """
    if diverged:
        return "diverged"
    if forbidden or not len(losses):
        return "impossible"
    if memorised:
        return "memorised"
    if losses[-1] > BLOWN_UP * max(losses[0], floor + 1e-6):
        return "diverged"
    if len(losses) < TREND:
        return "still_descending"
    if swinging(losses) is not None:
        return "oscillating"
    return "still_descending" if falling(losses, floor) >= FALL else "stuck"
