"""Keras: ``train_on_batch`` in a Python loop."""

from benchmarks.ways import Run, arguments, measure
from benchmarks.ways.subject import batch_of, model_of


def main() -> None:
    """Time the loop."""
    preset, epochs, repeats = arguments()
    x, y = batch_of(preset)
    model = model_of(preset)

    def loop() -> None:
        for _ in range(epochs):
            model.train_on_batch(x, y, return_dict=True)

    def prepare() -> Run:
        return loop

    measure(prepare, repeats)


if __name__ == "__main__":
    main()
