"""Training runs of a diagnosis: of the model as it is, and of changed copies of it."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from overfit_core.diagnosis.allowance import Allowance
from overfit_core.diagnosis.backend import backend_of_check
from overfit_core.diagnosis.changes import Setup
from overfit_core.diagnosis.copies import Copies
from overfit_core.diagnosis.copying import shortened
from overfit_core.diagnosis.running import Limits, Trial, run_to_end
from overfit_core.diagnosis.target import Target
from overfit_core.diagnosis.trained import Trained
from overfit_core.errors import ModelError, OverfitError
from overfit_core.training.caller import arrays
from overfit_core.training.plan import Data, Plan
from overfit_core.training.preparing import reason
from overfit_core.training.probes import PROBES
from overfit_core.training.session import Session

__all__ = ["ALL_PROBES", "Workshop", "own_random_state"]

if TYPE_CHECKING:
    import keras


@contextmanager
def own_random_state() -> Iterator[None]:
    """Leave the caller's random state as it was: Keras draws the seeds of layers from Python's."""
    before = random.getstate()
    try:
        yield
    finally:
        random.setstate(before)


class Workshop(Copies):
    """Makes copies of a model and trains them; see ``Copies``.

    Attributes:
        allowance: How large a run may be.
    """

    def __init__(self, model: keras.Model, allowance: Allowance | None = None) -> None:
        """Take a compiled model, and how large a run of it may be; None for no limit."""
        super().__init__(model)
        self.allowance = allowance or Allowance()

    def train(
        self,
        setup: Setup,
        seed: int,
        target: Target,
        *,
        probes: tuple[str, ...] = (),
        limits: Limits | None = None,
    ) -> Trained:
        """Train a copy to its last epoch, judged in inference mode.

        Args:
            setup: What to train.
            seed: See ``build``.
            target: What the labels mean.
            probes: What to measure per layer.
            limits: When it ends; with its epochs if None.

        Raises:
            ModelError: If Keras cannot make or train it.
            TooLargeError: If not even one epoch of it is allowed.
        """
        plan = Plan(backend_of_check(self.model, setup.epochs), probes, criterion=target.criterion)
        return self._run(setup, seed, target, plan, limits or Limits()).end

    def try_out(self, setup: Setup, seed: int, target: Target, limits: Limits) -> Trial:
        """Train a copy until the batch is memorised.

        Args:
            setup: What to train.
            seed: See ``build``.
            target: What the labels mean.
            limits: When it ends, and at which epoch it is judged as well.

        Raises:
            ModelError: If Keras cannot make or train it.
            TooLargeError: If not even one epoch of it is allowed.
        """
        # The same program may be run with other rates and seeds.
        plan = Plan(backend_of_check(self.model, float("inf")), criterion=target.criterion)
        return self._run(setup, seed, target, plan, limits._replace(stop_when_memorised=True))

    def most_epochs(self, setup: Setup) -> float:
        """Return how many epochs the model as it is may be trained; infinity for no limit."""
        return self._most(self.model, setup)

    def _most(self, model: keras.Model, setup: Setup) -> float:
        if math.isinf(self.allowance.work):
            return math.inf
        import keras

        return self.allowance.epochs(model.count_params(), len(keras.tree.flatten(setup.x)[0]))

    def _run(self, setup: Setup, seed: int, target: Target, plan: Plan, limits: Limits) -> Trial:
        with self.ready(setup, seed) as model:
            most = self._most(model, setup)
            try:
                batch = arrays(setup.x, "x"), arrays(setup.y, "y")
                session = Session(
                    model, Data((*batch, None)), epochs=int(min(setup.epochs, most)), plan=plan,
                    stop_when_memorised=limits.stop_when_memorised,
                )  # fmt: skip
                return run_to_end(session, target, batch, limits)._replace(most=most)
            except Exception as error:
                # TensorFlow's kernels refuse some things only when they run, and a loss may take
                # labels inside a compiled program that it refuses when it is called by itself.
                text = str(error) if isinstance(error, OverfitError) else reason(error)
                raise ModelError(shortened(text)) from error


ALL_PROBES = tuple(PROBES)
"""Everything that can be measured per layer."""
