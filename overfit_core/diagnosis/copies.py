"""Copies of a model, compiled anew and given out to be trained."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

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
from overfit_core.errors import ModelError
from overfit_core.training.cache import has_foreign_code
from overfit_core.training.preparing import reason
from overfit_core.training.twins import copy_exclusions
from overfit_core.training.types import AnyArray, Arrays

if TYPE_CHECKING:
    import keras


class Copies:
    """Makes copies of a model.

    A model that cannot be copied is given out itself, where nothing but its compilation or the
    batch is changed, and is put back as it was.

    Attributes:
        model: The caller's; the same after every run.
    """

    def __init__(self, model: keras.Model) -> None:
        """Take a compiled model."""
        self.model = model
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
    def ready(self, setup: Setup, seed: int) -> Iterator[keras.Model]:
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
