"""Loss and gradient of a network on its batch, as a function of all its weights in a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from overfit_core.batches import make_batch
from overfit_core.errors import ModelError
from overfit_core.models.build import build_model, floatx
from overfit_core.models.targets import target_for
from overfit_core.training.forward import forward
from overfit_core.training.plan import Data
from overfit_core.training.preparing import reason, tensors, without_collections
from overfit_core.training.spec_session import criterion_of
from overfit_core.training.structure import backend_for, differs_in_training
from overfit_core.training.types import FloatArray, Tensor

if TYPE_CHECKING:
    import keras

    from overfit_core.spec import RunSpec

DTYPE = "float64"
"""What everything here is computed in."""


class Evaluation(NamedTuple):
    """What one pass over the batch gave.

    Attributes:
        figures: The loss and the measures, in the order of ``Objective.columns``.
        right: Whether the whole batch was right; never where only inference mode could say.
        gradient: Shape ``(weights,)``.
    """

    figures: FloatArray
    right: bool
    gradient: FloatArray


class Objective:
    """Loss and gradient of a network on its batch, as a function of all its weights in a row.

    Everything is float64, and compiled once for all initial weights.

    Args:
        spec: Batch and network. The batch is made in the precision of the run, as for the run.

    Attributes:
        columns: Names of the figures: ``loss``, and ``accuracy`` or ``r2``.

    Raises:
        SpecError: If the batch cannot be made, or the layers do not take it.
        ModelError: If Keras cannot train the network.
    """

    def __init__(self, spec: RunSpec) -> None:
        """Make the batch, build the network, compile."""
        import tensorflow as tf

        training = spec.training.model_copy(update={"dtype": DTYPE})
        self._model = model = build_model(spec.model_copy(update={"training": training}))
        batch = make_batch(spec.batch, spec.training.dtype)
        x, y = batch.x.astype(DTYPE), target_for(spec, batch)
        y = y.astype(DTYPE) if y.dtype.kind == "f" else y
        self._data, self._criterion = tensors(Data((x, y, None))), criterion_of(spec)
        self._shapes = [tuple(weight.shape) for weight in model.trainable_variables]
        self._sizes = [int(np.prod(shape, dtype=int)) for shape in self._shapes]
        # In training mode BatchNormalization judges by other statistics than it predicts by.
        self._judges = not differs_in_training(model)
        xla = backend_for(model) == "xla"
        self._function = tf.function(self._trace, jit_compile=xla, autograph=False)
        try:
            with floatx(DTYPE), without_collections():
                model._symbolic_build(data_batch=self._data.batch)
                names = model.get_metrics_result()
                self.columns = ("loss", *(name for name in names if name != "loss"))
                self(weights_of(model), others_of(model))
        except Exception as error:
            raise ModelError(reason(error)) from error

    def __call__(self, weights: FloatArray, others: list[Tensor]) -> Evaluation:
        """Evaluate loss, measures and gradient.

        Args:
            weights: Shape ``(weights,)``; see ``weights_of``.
            others: Values of what is not trained; see ``others_of``.
        """
        import tensorflow as tf

        found = self._function(tf.convert_to_tensor(weights), others, self._data.batch)
        figures, right, gradient = (part.numpy() for part in found)
        return Evaluation(figures, bool(right), gradient)

    def _trace(
        self, weights: Tensor, others: list[Tensor], batch: tuple[Tensor, Tensor, None]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Trace one pass forward and one back."""
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            parts = zip(tf.split(weights, self._sizes), self._shapes, strict=True)
            shaped = [tf.reshape(part, shape) for part, shape in parts]
            passed = forward(self._model, shaped, others, batch, training=True)
        gradient = tape.gradient(passed.loss, weights)
        figures = [tf.cast(v, DTYPE) for v in (passed.loss, *passed.metrics.values())]
        everything = tf.constant(False)
        if self._judges:
            right = self._criterion.right(batch[1], passed.prediction)
            everything = self._criterion.all_right(batch[1], passed.prediction, right)
        return tf.stack(figures), everything, gradient


def weights_of(model: keras.Model) -> FloatArray:
    """Return the weights of a model in a row, shape ``(weights,)``, float64."""
    values = [np.asarray(weight.value).reshape(-1) for weight in model.trainable_variables]
    return np.concatenate(values).astype(DTYPE)


def others_of(model: keras.Model) -> list[Tensor]:
    """Return what is not trained: frozen weights and moving statistics, in float64."""
    import tensorflow as tf

    values = [tf.convert_to_tensor(variable.value) for variable in model.non_trainable_variables]
    return [tf.cast(value, DTYPE) if value.dtype.is_floating else value for value in values]
