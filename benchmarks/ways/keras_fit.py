"""Keras: ``model.fit``, the whole batch in each epoch."""

from benchmarks.ways import Run, arguments, measure
from benchmarks.ways.subject import batch_of, model_of


def main() -> None:
    """Time ``fit``; a first call of two epochs compiles."""
    preset, epochs, repeats = arguments()
    x, y = batch_of(preset)
    model = model_of(preset)
    model.fit(x, y, epochs=2, batch_size=len(x), verbose=0)

    def prepare() -> Run:
        return lambda: model.fit(x, y, epochs=epochs, batch_size=len(x), verbose=0)

    measure(prepare, repeats)


if __name__ == "__main__":
    main()
