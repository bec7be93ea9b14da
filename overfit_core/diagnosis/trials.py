"""Training runs of a diagnosis: of the model as it is, and of changed copies of it."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from overfit_core.diagnosis.allowance import Allowance
from overfit_core.diagnosis.backend import backend_of_check
from overfit_core.diagnosis.changes import Setup
from overfit_core.diagnosis.copying import (
    CopyError,
    copy_of,
    give_weights,
    lent,
    own_objects,
    shortened,
)
from overfit_core.diagnosis.optimizing import made_from
from overfit_core.diagnosis.running import Limits, Trial, run_to_end
from overfit_core.diagnosis.target import Target
from overfit_core.diagnosis.trained import Trained
from overfit_core.errors import ModelError, OverfitError
from overfit_core.training.cache import has_foreign_code
from overfit_core.training.caller import arrays
from overfit_core.training.plan import Data, Plan
from overfit_core.training.preparing import reason
from overfit_core.training.probes import PROBES
from overfit_core.training.session import Session
from overfit_core.training.twins import copy_exclusions
from overfit_core.training.types import AnyArray, Arrays

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


class Workshop:
    """Makes copies of a model and trains them.

    A model that cannot be copied is trained itself, where nothing but its compilation or the batch
    is changed, and is put back as it was.

    Attributes:
        model: The caller's; the same after every run.
        allowance: How large a run may be.
    """

    def __init__(self, model: keras.Model, allowance: Allowance | None = None) -> None:
        """Take a compiled model, and how large a run of it may be; None for no limit."""
        self.model = model
        self.allowance = allowance or Allowance()
        self._refusal: CopyError | None = None
        self._compared = False

    @property
    def draws(self) -> bool:
        """Whether other initial weights can be drawn, as far as is known."""
        return self._refusal is None

    def build(self, setup: Setup, seed: int) -> keras.Model:
        """Return a compiled copy; the model itself, built, if it was not built and has no copy.

        Args:
            setup: What to make.
            seed: 0 starts from the model's own weights, where they still fit; others are drawn.

        Raises:
            ModelError: If Keras cannot make it.
        """
        try:
            return self._copy(setup, seed)
        except CopyError:
            if seed or setup.edited or self.model.built:
                raise
        with _told():
            self.model.build(_shapes(setup.x))
        return self.model

    def _copy(self, setup: Setup, seed: int) -> keras.Model:
        random.seed(seed)
        model = copy_of(self.model, setup.config, seed)
        with _told():
            if not model.built:
                model.build(_shapes(setup.x))
            if seed == 0 and setup.own_weights and self.model.built:
                give_weights(self.model, model)
            self._compile(model, setup)
        return model

    def _compile(self, model: keras.Model, setup: Setup) -> None:
        """Compile a model; what wraps its optimizer for mixed precision is there already."""
        import keras

        with keras.saving.custom_object_scope(own_objects(self.model)):
            optimizer = made_from(setup.optimizer)
        model.compile(optimizer, setup.loss, setup.loss_weights, auto_scale_loss=False)
        pairs = zip(self.model.trainable_variables, model.trainable_variables, strict=False)
        copy_exclusions(self.model.optimizer, model.optimizer, pairs)

    @contextmanager
    def _ready(self, setup: Setup, seed: int) -> Iterator[keras.Model]:
        """Give out a compiled copy, or the model itself where there is none."""
        itself = not seed and not setup.edited
        model: keras.Model | None = None
        if self._refusal is None:
            try:
                model = self._copy(setup, seed)
            except CopyError as error:
                # What is changed may be what cannot be made.
                self._refusal = error if itself else self._refusal
                if not itself:
                    raise
        if model is not None and itself and not self._compared:
            self._compared = True
            self._refusal = self._unlike(model, setup.x)
        if self._refusal is None:
            assert model is not None
            yield model
            return
        if not itself:
            raise self._refusal
        random.seed(seed)
        with lent(self.model):
            with _told():
                self._compile(self.model, setup)
            yield self.model

    def _unlike(self, copied: keras.Model, x: Arrays) -> CopyError | None:
        """Compare the answers of a copy with the model's: a layer may not say all that it is."""
        if not self.model.built or not has_foreign_code(self.model):
            return None
        try:
            with lent(self.model):
                theirs = _flat(self.model(x, training=False))
            ours = _flat(copied(x, training=False))
        except Exception:  # training will say it
            return None
        pairs = zip(ours, theirs, strict=True)
        if all(np.allclose(*pair, rtol=1e-5, atol=1e-6, equal_nan=True) for pair in pairs):
            return None
        return CopyError(
            "No copy of the model can be made: the one that its get_config describes gives other "
            "answers."
        )

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
        with self._ready(setup, seed) as model:
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


def _flat(outputs: Any) -> list[AnyArray]:  # noqa: ANN401  # nested, of several outputs
    import keras

    return [np.asarray(output) for output in keras.tree.flatten(outputs)]


def _shapes(x: Arrays) -> Any:  # noqa: ANN401
    import keras

    return keras.tree.map_structure(np.shape, x)


@contextmanager
def _told() -> Iterator[None]:
    """Say in few words why Keras cannot make something."""
    try:
        yield
    except Exception as error:
        raise ModelError(shortened(reason(error))) from error


ALL_PROBES = tuple(PROBES)
"""Everything that can be measured per layer."""
