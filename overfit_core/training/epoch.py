"""One epoch, traced: the step, what it is judged by, and what is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from overfit_core.training.forward import Pass, forward
from overfit_core.training.parameters import Parameters
from overfit_core.training.plan import Carry, Data, Plan
from overfit_core.training.probes import PROBES, Step
from overfit_core.training.probes.layer_norms import LayerNorms
from overfit_core.training.structure import differs_in_training
from overfit_core.training.twins import loss_scale_of
from overfit_core.training.types import Arrays, Tensor

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


class Epoch:
    """What one epoch of a program does.

    Args:
        model: A compiled Keras model; it lends its structure.
        plan: What to record.
        parameters: The weights and the optimizer that are trained.
        others: The program's own copies of the model's non-trainable variables.
        held_out: Whether held-out samples are evaluated.

    Attributes:
        differs: Whether training and inference can differ, so that both are recorded.
        columns: Names of the numbers that an epoch records.
        dtype: Precision of what is recorded: the finer one of the model's and of its loss's.
    """

    def __init__(
        self,
        model: keras.Model,
        plan: Plan,
        parameters: Parameters,
        others: Sequence[tf.Variable],
        *,
        held_out: bool,
    ) -> None:
        """Find out what there is to record."""
        import keras

        self._model, self._plan, self._parameters = model, plan, parameters
        self._others = others
        self.differs = differs_in_training(model)
        dtypes = {keras.config.floatx(), *(v.dtype for v in model.variables)}
        self.dtype = "float64" if "float64" in dtypes else "float32"
        self._probes = [PROBES[name](model) for name in plan.probes]
        self._layer_norms = LayerNorms(model, parameters.groups) if self._probes else None
        self._metrics = ("loss", *(n for n in model.get_metrics_result() if n != "loss"))
        self._held_out = held_out
        self.columns = self.columns_for(model)

    def columns_for(self, model: keras.Model) -> tuple[str, ...]:
        """Return the names of the columns for a model that shares this program."""
        metrics = self._metrics
        names = [*metrics]
        if self.differs:
            names += [f"inference_{name}" for name in metrics]
        if self._held_out:
            names += [f"val_{name}" for name in metrics]
        if self._plan.criterion is not None:
            names.append("right")
        for name in self._plan.probes:
            names += PROBES[name](model).columns
        return tuple(names)

    def __call__(self, data: Data, carry: Carry) -> tuple[Tensor, Pass, Carry]:
        """Trace one epoch: its row, the pass that predictions are judged by, the new carry."""
        import tensorflow as tf

        others = [tf.convert_to_tensor(v) for v in self._others]
        judged = None
        if self.differs:
            weights = self._parameters.shaped(self._parameters.values())
            judged = forward(self._model, weights, others, data.batch, training=False)
        trained, measured = self._step(data.batch, others)
        row = _figures(trained)
        if judged is not None:
            row += _figures(judged)
        if data.held_out is not None:
            row += _figures(self._evaluate(data.held_out))
        judged = judged or trained
        carry, right = self._judge(data, judged, carry)
        figures = tf.stack([tf.cast(v, self.dtype) for v in (*row, *right)])
        return tf.concat([figures, *(tf.cast(m, self.dtype) for m in measured)], 0), judged, carry

    def _step(
        self, batch: tuple[Arrays, Arrays, Arrays], others: list[Tensor]
    ) -> tuple[Pass, list[Tensor]]:
        """Trace a forward pass, its gradients, the update and the probes."""
        import tensorflow as tf

        watch = sorted({name for p in self._probes for name in p.watched})
        sources = self._parameters.values()
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(sources)
            weights = self._parameters.shaped(sources)
            trained = forward(self._model, weights, others, batch, training=True, watch=watch)
            loss = self._parameters.optimizer.scale_loss(trained.loss)
        gradients = tape.gradient(loss, sources) if sources else []
        self._parameters.apply(gradients)
        for own, after in zip(self._others, trained.others, strict=True):
            own.assign(after)
        return trained, self._measure(sources, gradients, trained.outputs)

    def _measure(
        self,
        before: Sequence[Tensor],
        gradients: Sequence[Tensor | None],
        outputs: dict[str, Tensor],
    ) -> list[Tensor]:
        """Trace the probes."""
        if self._layer_norms is None:
            return []
        held = slopes = updates = ()
        if before:
            descent = _dense(gradients, before)
            if (scale := loss_scale_of(self._parameters.optimizer)) is not None:
                # The gradient is of the scaled loss; the optimizer divides it again too.
                descent = [slope / scale for slope in descent]
            after = self._parameters.values()
            moved = [now - then for now, then in zip(after, before, strict=True)]
            held, slopes, updates = map(self._layer_norms, (before, descent, moved))
        step = Step(held, slopes, updates, outputs)
        return [probe.measure(step) for probe in self._probes if probe.columns]

    def _evaluate(self, held_out: tuple[Arrays, Arrays, Arrays]) -> Pass:
        """Trace a pass over the held-out samples with the weights as they are now."""
        import tensorflow as tf

        weights = self._parameters.shaped(self._parameters.values())
        others = [tf.convert_to_tensor(v) for v in self._others]
        return forward(self._model, weights, others, held_out, training=False)

    def _judge(self, data: Data, judged: Pass, carry: Carry) -> tuple[Carry, list[Tensor]]:
        """Count the epoch, and follow which samples are right."""
        import tensorflow as tf
        from keras.src.backend import get_keras_mask

        epoch = carry.epoch + 1
        criterion = self._plan.criterion
        if criterion is None:
            return Carry(epoch, carry.streak, carry.learned), []
        y, prediction = data.batch[1], judged.prediction
        # What a layer has masked does not count in Keras's loss either.
        mask = get_keras_mask(prediction)
        right = criterion.right(y, prediction, mask)
        everything = criterion.all_right(y, prediction, right, mask)
        streak = tf.where(everything, carry.streak + 1, 0)
        since = tf.where(carry.learned > 0, carry.learned, epoch)
        return Carry(epoch, streak, tf.where(right, since, 0)), [everything]

    def losses(self, data: Data, judged: Pass) -> Tensor:
        """Trace each sample's loss, penalties left out, shape ``(samples,)``."""
        import keras
        import tensorflow as tf

        function = keras.losses.get(self._model.loss)
        function = getattr(function, "call", function)
        y = tf.convert_to_tensor(data.batch[1])
        if y.shape.rank == 1 and judged.prediction.shape[-1] == 1:
            y = y[:, None]
        each = function(y, judged.prediction)
        return tf.reduce_mean(tf.reshape(each, (each.shape[0], -1)), axis=1)


def _figures(result: Pass) -> list[Tensor]:
    return [result.loss, *result.metrics.values()]


def _dense(gradients: Sequence[Any], sources: Sequence[Tensor]) -> list[Tensor]:
    """Give weights that the loss does not depend on a gradient of zero."""
    import tensorflow as tf

    return [
        tf.zeros_like(s) if g is None else tf.convert_to_tensor(g)
        for g, s in zip(gradients, sources, strict=True)
    ]
