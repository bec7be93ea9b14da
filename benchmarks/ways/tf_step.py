"""TensorFlow: one step as a ``tf.function``, called in a Python loop."""

import tensorflow as tf

from benchmarks.ways import Run, arguments, measure
from benchmarks.ways.subject import batch_of, model_of


def main() -> None:
    """Time the loop; losses are fetched at the end, all at once."""
    preset, epochs, repeats = arguments()
    x, y = (tf.constant(a) for a in batch_of(preset))
    model = model_of(preset)
    weights = model.trainable_variables

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = model.compute_loss(x, y, model(x, training=True), training=True)
        model.optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    def loop() -> object:
        return tf.stack([step() for _ in range(epochs)]).numpy()

    def prepare() -> Run:
        return loop

    measure(prepare, repeats)


if __name__ == "__main__":
    main()
