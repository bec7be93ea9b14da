"""Batches without scikit-learn: its generators in NumPy, and what is known of its data sets.

What looks at a batch in the web process, before anything runs, may not load scikit-learn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.batches.catalogue import SOURCES
from overfit_core.batches.contradictions import with_contradictions
from overfit_core.batches.making import MAKERS, Batch, Maker, _typed, _with_label_noise
from overfit_core.batches.rows import POOL, Array, Rows, Settings, chosen, settings_of

if TYPE_CHECKING:
    from overfit_core.spec import BatchSpec


@dataclass(frozen=True)
class Known:
    """What is known of a data set that is bundled with scikit-learn: of all its samples.

    Attributes:
        low: Smallest value of each column; an image has one column, its channel.
        high: Largest value.
        mean: Mean, to six digits.
        std: Standard deviation, to six digits.
        targets: Smallest and largest target of a regression.
        names: Names of the columns, as scikit-learn has them.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    targets: tuple[float, float] | None = None
    names: tuple[str, ...] = ()


_NUCLEUS = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity",
    "concave points", "symmetry", "fractal dimension",
)  # fmt: skip

# fmt: off
KNOWN: Mapping[str, Known] = MappingProxyType({
    "iris": Known(
        low=(4.3, 2, 1, 0.1),
        high=(7.9, 4.4, 6.9, 2.5),
        mean=(5.84333, 3.05733, 3.758, 1.19933),
        std=(0.825301, 0.434411, 1.7594, 0.759693),
        names=(
            "sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)",
        ),
    ),
    "wine": Known(
        low=(11.03, 0.74, 1.36, 10.6, 70, 0.98, 0.34, 0.13, 0.41, 1.28, 0.48, 1.27, 278),
        high=(14.83, 5.8, 3.23, 30, 162, 3.88, 5.08, 0.66, 3.58, 13, 1.71, 4, 1680),
        mean=(
            13.0006, 2.33635, 2.36652, 19.4949, 99.7416, 2.29511, 2.02927, 0.361854, 1.5909,
            5.05809, 0.957449, 2.61169, 746.893,
        ),
        std=(
            0.809543, 1.114, 0.273572, 3.33017, 14.2423, 0.624091, 0.996049, 0.124103, 0.570749,
            2.31176, 0.227929, 0.707993, 314.022,
        ),
        names=(
            "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols",
            "flavanoids", "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue",
            "od280/od315_of_diluted_wines", "proline",
        ),
    ),
    "breast_cancer": Known(
        low=(
            6.981, 9.71, 43.79, 143.5, 0.05263, 0.01938, 0, 0, 0.106, 0.04996,
            0.1115, 0.3602, 0.757, 6.802, 0.001713, 0.002252, 0, 0, 0.007882, 0.0008948,
            7.93, 12.02, 50.41, 185.2, 0.07117, 0.02729, 0, 0, 0.1565, 0.05504,
        ),
        high=(
            28.11, 39.28, 188.5, 2501, 0.1634, 0.3454, 0.4268, 0.2012, 0.304, 0.09744,
            2.873, 4.885, 21.98, 542.2, 0.03113, 0.1354, 0.396, 0.05279, 0.07895, 0.02984,
            36.04, 49.54, 251.2, 4254, 0.2226, 1.058, 1.252, 0.291, 0.6638, 0.2075,
        ),
        mean=(
            14.1273, 19.2896, 91.969, 654.889, 0.0963603, 0.104341, 0.0887993, 0.0489191,
            0.181162, 0.0627976, 0.405172, 1.21685, 2.86606, 40.3371, 0.00704098, 0.0254781,
            0.0318937, 0.0117961, 0.0205423, 0.0037949, 16.2692, 25.6772, 107.261, 880.583,
            0.132369, 0.254265, 0.272188, 0.114606, 0.290076, 0.0839458,
        ),
        std=(
            3.52095, 4.29725, 24.2776, 351.605, 0.0140518, 0.0527663, 0.0796497, 0.0387687,
            0.0273902, 0.00705416, 0.277069, 0.551163, 2.02008, 45.451, 0.00299988, 0.0178924,
            0.0301595, 0.00616486, 0.0082591, 0.00264374, 4.82899, 6.14085, 33.573, 568.856,
            0.0228124, 0.157198, 0.208441, 0.0656746, 0.0618131, 0.0180454,
        ),
        names=(
            *(f"mean {name}" for name in _NUCLEUS),
            *(f"{name} error" for name in _NUCLEUS),
            *(f"worst {name}" for name in _NUCLEUS),
        ),
    ),
    "diabetes": Known(
        low=(
            -0.107226, -0.0446416, -0.0902753, -0.112399, -0.126781, -0.115613, -0.102307,
            -0.0763945, -0.126097, -0.137767,
        ),
        high=(
            0.110727, 0.0506801, 0.170555, 0.132044, 0.153914, 0.198788, 0.181179, 0.185234,
            0.133597, 0.135612,
        ),
        mean=(0.0,) * 10,
        std=(0.0475651,) * 10,
        targets=(25.0, 346.0),
        names=("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"),
    ),
    "digits": Known(low=(0,), high=(16,), mean=(4.88416,), std=(6.01679,), names=("brightness",)),
})
# fmt: on
"""The data sets that are bundled with scikit-learn, by source."""


def quick_batch(spec: BatchSpec, dtype: str = "float32") -> Batch | None:
    """The batch that `spec` describes, as `make_batch` makes it, without scikit-learn.

    Args:
        spec: checked settings; what they hold out is left out.
        dtype: "float32" or "float64", the type of all floats of the batch.

    Returns:
        The batch, equal to that of `make_batch` up to rounding; None for bundled data.
    """
    if spec.source in KNOWN:
        return None
    source = SOURCES[spec.source]
    shape = source.shape(spec)
    maker = _MAKERS.get(spec.source, MAKERS[spec.source])
    rows, _ = maker(spec.model_copy(update={"held_out": 0}), settings_of(source, spec))
    y = _with_label_noise(rows.y, spec, shape)
    x, y = with_contradictions(rows.x, y, spec.contradictions, shape.classes)
    x, y = scaled(x, spec.scaling).astype(dtype), _typed(y, shape, dtype)
    return Batch(x, y, None, None, shape.task, rows.feature_names, rows.class_names)


def stand_in(spec: BatchSpec, dtype: str = "float32") -> Batch:
    """A few rows in place of bundled data: its smallest and its largest values, in turn.

    Args:
        spec: settings of a source in `KNOWN`.
        dtype: "float32" or "float64", the type of all floats of the batch.

    Returns:
        A row for each class or each end of the targets, as many as `spec` has samples at most.
    """
    known, shape = KNOWN[spec.source], SOURCES[spec.source].shape(spec)
    count = min(spec.samples, shape.classes or 2)
    ends = np.array([known.low, known.high])[np.arange(count) % 2]
    ends = ends.reshape(count, *[1] * (len(shape.inputs) - 1), -1)
    x = scaled(np.broadcast_to(ends, (count, *shape.inputs)), spec.scaling).astype(dtype)
    y = np.arange(count) if known.targets is None else np.array(known.targets)[:count]
    return Batch(x, _typed(y, shape, dtype), None, None, shape.task, known.names, ())


def scaled(x: Array, scaling: str) -> Array:
    """`x` as scikit-learn's StandardScaler or MinMaxScaler scales it, fitted on each last axis."""
    if scaling == "none":
        return x
    flat = x.reshape(-1, x.shape[-1])
    eps = np.finfo(float).eps
    if scaling == "standard":
        shift, size = flat.mean(axis=0), flat.std(axis=0)
        # What differs by rounding alone is constant, as in scikit-learn.
        count, variance = len(flat), np.square(size)
        constant = variance <= count * eps * variance + np.square(count * shift * eps)
    else:
        shift, size = flat.min(axis=0), np.ptp(flat, axis=0)
        constant = size < 10 * eps
    result: Array = (x - shift) / np.where(constant, 1.0, size)
    return result


def _two_curves(first: Array, second: Array, seed: int, settings: Settings) -> Rows:
    rng = np.random.RandomState(seed)
    order = _order(rng)
    x = np.concatenate([first, second])[order]
    y = np.repeat([0, 1], POOL // 2)[order]
    return Rows(x + rng.normal(scale=settings["noise"], size=x.shape), y, ("x1", "x2"), ("0", "1"))


def _moons(seed: int, settings: Settings) -> Rows:
    angle = np.linspace(0, np.pi, POOL // 2)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    return _two_curves(upper, [1.0, 0.5] - upper, seed, settings)


def _circles(seed: int, settings: Settings) -> Rows:
    angle = np.linspace(0, 2 * np.pi, POOL // 2, endpoint=False)
    outer = np.column_stack([np.cos(angle), np.sin(angle)])
    return _two_curves(outer, 0.5 * outer, seed, settings)


def _blobs(seed: int, settings: Settings) -> Rows:
    features, classes = int(settings["features"]), int(settings["classes"])
    rng = np.random.RandomState(seed)
    centres = rng.uniform(-10.0, 10.0, (classes, features))
    sizes = [len(part) for part in np.array_split(np.arange(POOL), classes)]
    clouds = [
        rng.normal(centre, settings["noise"], (size, features))
        for centre, size in zip(centres, sizes, strict=True)
    ]
    order = _order(rng)
    y = np.repeat(np.arange(classes), sizes)[order]
    return Rows(np.concatenate(clouds)[order], y, (), _names(classes))


def _quantiles(seed: int, settings: Settings) -> Rows:
    features, classes = int(settings["features"]), int(settings["classes"])
    rng = np.random.RandomState(seed)
    x = rng.multivariate_normal(np.zeros(features), np.identity(features), (POOL,))
    x = x[np.argsort(np.sum(x**2, axis=1))]
    y = np.minimum(np.arange(POOL) // (POOL // classes), classes - 1)
    order = _order(rng)
    return Rows(x[order], y[order], (), _names(classes))


def _order(rng: np.random.RandomState) -> Array:
    """scikit-learn's shuffling."""
    order = np.arange(POOL)
    rng.shuffle(order)
    return order


def _names(classes: int) -> tuple[str, ...]:
    return tuple(map(str, range(classes)))


_MAKERS: Mapping[str, Maker] = {
    "moons": partial(chosen, _moons),
    "circles": partial(chosen, _circles),
    "blobs": partial(chosen, _blobs),
    "quantiles": partial(chosen, _quantiles),
}
"""What scikit-learn's functions of the same names make, number for number."""
