"""What scikit-learn's makers make: moons, circles, blobs, Gaussian quantiles."""

from __future__ import annotations

from overfit_core.batches.points import PLANE, numbered
from overfit_core.batches.rows import POOL, Rows, Settings


def moons(seed: int, settings: Settings) -> Rows:
    """Two half circles that reach into each other."""
    from sklearn.datasets import make_moons

    x, y = make_moons(POOL, noise=settings["noise"], random_state=seed)
    return Rows(x, y, PLANE, ("upper moon", "lower moon"))


def circles(seed: int, settings: Settings) -> Rows:
    """A circle of radius 1 and one of radius 0.5 inside it."""
    from sklearn.datasets import make_circles

    x, y = make_circles(POOL, noise=settings["noise"], factor=0.5, random_state=seed)
    return Rows(x, y, PLANE, ("outer", "inner"))


def blobs(seed: int, settings: Settings) -> Rows:
    """Round clouds whose centres are uniform in -10 .. 10."""
    from sklearn.datasets import make_blobs

    features, classes = int(settings["features"]), int(settings["classes"])
    x, y = make_blobs(
        POOL,
        n_features=features,
        centers=classes,
        cluster_std=settings["noise"],
        random_state=seed,
    )
    return Rows(x, y, numbered(features, "x", 1), numbered(classes))


def quantiles(seed: int, settings: Settings) -> Rows:
    """A standard normal cloud, cut into shells with the same number of points in each."""
    from sklearn.datasets import make_gaussian_quantiles

    features, classes = int(settings["features"]), int(settings["classes"])
    x, y = make_gaussian_quantiles(
        n_samples=POOL, n_features=features, n_classes=classes, random_state=seed
    )
    return Rows(x, y, numbered(features, "x", 1), numbered(classes))
