"""How large a run of a check may be, in a place that many people share."""

from __future__ import annotations

import math
from dataclasses import dataclass

from overfit_core.errors import OverfitError


class TooLargeError(OverfitError):
    """A run would be larger than is allowed."""


@dataclass(frozen=True)
class Allowance:
    """The most that a run may be, as ``fit.check_work`` measures it.

    Attributes:
        work: Epochs x parameters x samples; infinity for no limit.
        held_out: Samples that count as well, though a check trains without them.
    """

    work: float = math.inf
    held_out: int = 0

    def epochs(self, parameters: int, samples: int) -> float:
        """Return how many epochs a network may be trained; infinity for no limit.

        Args:
            parameters: Weights that it has, those that are not trained included.
            samples: Samples that it is trained on.

        Raises:
            TooLargeError: If not even one is allowed.
        """
        epoch = max(parameters, 1) * (samples + self.held_out)
        if epoch > self.work:
            raise TooLargeError(
                f"an epoch takes {epoch:,} (parameters x samples); here a run may take "
                f"{self.work:,.0f} (epochs x parameters x samples)."
            )
        return self.work if math.isinf(self.work) else self.work // epoch

    def said(self, epochs: int) -> str:
        """Say that a network may have no more than so many epochs."""
        return (
            f"here a run may take {self.work:,.0f} (epochs x parameters x samples), which is "
            f"{epochs:,} epoch{'s' if epochs != 1 else ''} of this network."
        )
