"""Batches without scikit-learn are those that it makes, and what is known of its data is so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from overfit_core.batches import SOURCES, bundled, make_batch
from overfit_core.batches.known import KNOWN, quick_batch
from overfit_core.diagnosis.batch_facts import look_at
from overfit_core.spec import BatchSpec

MADE = [source for source in SOURCES if source not in KNOWN]


@pytest.mark.parametrize("scaling", ["none", "standard", "min-max"])
@pytest.mark.parametrize("source", MADE)
def test_a_quick_batch_is_the_batch(source: str, scaling: str) -> None:
    settings = {"features": 5, "classes": 3} if source in ("blobs", "quantiles") else {}
    for seed in (0, 7):
        samples = 4 if source == "article" else 48
        noise: dict[str, Any] = {"contradictions": 2 * (seed > 0)}
        if source != "article":
            noise |= {"held_out": 3, "label_noise": 0.25}
        spec = BatchSpec(
            source=source, samples=samples, seed=seed, scaling=scaling, **noise, **settings
        )
        quick, whole = quick_batch(spec, "float64"), make_batch(spec, "float64")
        assert quick is not None
        np.testing.assert_allclose(quick.x, whole.x, rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(quick.y, whole.y)
        assert (quick.x.dtype, quick.y.dtype) == (whole.x.dtype, whole.y.dtype)


def test_a_constant_column_is_scaled_as_by_scikit_learn() -> None:
    spec = BatchSpec(source="xor", samples=1, scaling="standard")
    quick = quick_batch(spec)
    assert quick is not None
    np.testing.assert_array_equal(quick.x, make_batch(spec).x)


@pytest.mark.parametrize("source", KNOWN)
def test_what_is_known_of_bundled_data_is_so(source: str) -> None:
    known, rows = KNOWN[source], getattr(bundled, source)(0, {})
    columns = look_at({"x": rows.x}, rows.y).columns["x"]
    for name in ("low", "high", "mean", "std"):
        np.testing.assert_allclose(
            getattr(known, name), getattr(columns, name), rtol=1e-5, atol=1e-12
        )
    if known.targets is not None:
        assert known.targets == (rows.y.min(), rows.y.max())
    assert known.names == rows.feature_names
    assert set(KNOWN) == set(SOURCES) - set(MADE)
