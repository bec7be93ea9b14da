import pytest

from overfit_core.comparison import measures
from overfit_core.comparison.measures import is_column, measure_of
from overfit_core.spec import PROBES


@pytest.mark.parametrize(
    ("column", "label", "better", "share"),
    [
        ("loss", "Loss", "low", False),
        ("val_loss", "Loss, held-out samples", "low", False),
        ("inference_accuracy", "Accuracy, inference mode", "high", True),
        ("r2", "R²", "high", False),
        ("learning_rate", "Learning rate", None, False),
        ("gradient_norm/dense_1", "Gradient norm, L2, layer dense_1", None, False),
        ("dead_share/head", "Dead units, % of the units, layer head", None, True),
    ],
)
def test_a_column_in_words(column: str, label: str, better: str | None, share: bool) -> None:
    assert is_column(column)
    measure = measure_of(column)
    assert (measure.label, measure.better, measure.share) == (label, better, share)


@pytest.mark.parametrize("column", ["", "Loss", "loss/x", "val_", "gradient_norm", "loss\n", "é"])
def test_what_no_history_has_is_no_column(column: str) -> None:
    assert not is_column(column)


def test_every_probe_per_layer_has_its_words() -> None:
    assert set(measures.PROBES) == set(PROBES) - {"samples"}
