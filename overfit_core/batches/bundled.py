"""The real data that comes with scikit-learn; nothing is downloaded."""

from __future__ import annotations

import numpy as np

from overfit_core.batches.rows import Rows, Settings


def iris(seed: int, settings: Settings) -> Rows:
    """150 flowers, four lengths in cm, three kinds."""
    return _table("load_iris")


def wine(seed: int, settings: Settings) -> Rows:
    """178 wines, thirteen measurements, three cultivars."""
    return _table("load_wine")


def breast_cancer(seed: int, settings: Settings) -> Rows:
    """569 tumours, thirty measurements; 0 malignant, 1 benign."""
    return _table("load_breast_cancer")


def diabetes(seed: int, settings: Settings) -> Rows:
    """442 patients, ten measurements as scikit-learn scales them; the target is 25 to 346."""
    return _table("load_diabetes")


def digits(seed: int, settings: Settings) -> Rows:
    """1797 images (8, 8, 1), brightness 0 to 16, ten classes."""
    from sklearn.datasets import load_digits

    data = load_digits()
    names = tuple(str(name) for name in data.target_names)
    return Rows(data.images[..., None].astype(np.float64), data.target, ("brightness",), names)


def _table(loader: str) -> Rows:
    from sklearn import datasets

    data = getattr(datasets, loader)()
    class_names = tuple(str(name) for name in getattr(data, "target_names", ()))
    return Rows(
        np.asarray(data.data, dtype=np.float64),
        np.asarray(data.target),
        tuple(str(name) for name in data.feature_names),
        class_names,
    )
