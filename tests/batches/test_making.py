import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from overfit_core.batches import SOURCES, Array, Batch, make_batch
from overfit_core.batches.contradictions import with_contradictions
from overfit_core.spec import BatchSpec

BUNDLED = ["iris", "wine", "breast_cancer", "diabetes", "digits"]
CHOSEN = [*BUNDLED, "moons", "circles", "blobs", "quantiles"]
DRAWN = ["xor", "spirals", "sine", "line", "sensor", "random_labels"]


def batch_of(source: str, dtype: str = "float64", **settings: Any) -> Batch:  # noqa: ANN401
    return make_batch(BatchSpec(source=source, **settings), dtype)


def held_out_of(batch: Batch) -> tuple[Array, Array]:
    assert batch.x_held_out is not None and batch.y_held_out is not None
    return batch.x_held_out, batch.y_held_out


def test_the_article_batch_is_the_one_published() -> None:
    batch = batch_of("article")
    np.testing.assert_array_equal(batch.x, [[1, 2], [3, 4], [5, 6], [7, 8]])
    np.testing.assert_array_equal(batch.y, [[0], [1], [0], [1]])


def test_fewer_samples_of_the_article_are_the_first_ones() -> None:
    batch = batch_of("article", samples=3, held_out=1, seed=9)
    np.testing.assert_array_equal(batch.x[:, 0], [1, 3, 5])
    np.testing.assert_array_equal(held_out_of(batch)[0], [[7, 8]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("source", SOURCES)
def test_types_follow_the_task(source: str, dtype: str) -> None:
    batch = batch_of(source, dtype)
    assert batch.x.dtype == dtype
    if batch.task == "multiclass":
        assert batch.y.shape == (4,) and batch.y.dtype == np.int64
        assert 0 <= batch.y.min() and batch.y.max() < len(batch.class_names)
    else:
        assert batch.y.shape == (4, 1) and batch.y.dtype == dtype
    if batch.task == "binary":
        assert set(batch.y.ravel()) <= {0.0, 1.0}
    assert len(batch.feature_names) == batch.x.shape[-1]
    assert batch.x_held_out is None and batch.y_held_out is None


@pytest.mark.parametrize("source", [source for source in SOURCES if source != "article"])
def test_the_seed_alone_decides(source: str) -> None:
    noise = {"noise": 0.1} if "noise" in SOURCES[source].settings else {}
    same, again, other = (batch_of(source, samples=8, seed=s, **noise) for s in (1, 1, 2))
    assert same.hash == again.hash != other.hash


def test_the_hash_is_the_same_in_another_process(root: Path) -> None:
    code = (
        "from overfit_core.batches import make_batch; from overfit_core.spec import BatchSpec;"
        "print(*(make_batch(BatchSpec(source=s, seed=3)).hash for s in ('blobs', 'sensor')))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    hashes = [batch_of(source, "float32", seed=3).hash for source in ("blobs", "sensor")]
    assert result.stdout.split() == hashes


def test_the_hash_sees_types_and_labels() -> None:
    hashes = {batch_of("iris", dtype).hash for dtype in ("float32", "float64")}
    hashes.add(batch_of("iris", label_noise=1.0).hash)
    assert len(hashes) == 3


@pytest.mark.parametrize("source", [*CHOSEN, *DRAWN])
def test_a_larger_batch_begins_with_the_smaller_one(source: str) -> None:
    small, large = batch_of(source, samples=5), batch_of(source, samples=40)
    np.testing.assert_array_equal(large.x[:5], small.x)
    np.testing.assert_array_equal(large.y[:5], small.y)


@pytest.mark.parametrize("source", [*CHOSEN, *DRAWN])
def test_holding_samples_out_leaves_the_batch_as_it_was(source: str) -> None:
    settings = {"scaling": "standard", "label_noise": 0.3, "samples": 10}
    batch = batch_of(source, held_out=20, **settings)
    assert batch.hash == batch_of(source, **settings).hash
    x, y = held_out_of(batch)
    assert x.shape == (20, *batch.x.shape[1:]) and y.shape == (20, *batch.y.shape[1:])
    assert x.dtype == batch.x.dtype and y.dtype == batch.y.dtype


@pytest.mark.parametrize("source", ["wine", "diabetes", "digits", "moons", "sensor"])
def test_no_held_out_sample_is_in_the_batch(source: str) -> None:
    batch = batch_of(source, samples=60, held_out=60)
    rows = {row.tobytes() for row in (*batch.x, *held_out_of(batch)[0])}
    assert len(rows) == 120


@pytest.mark.parametrize("samples", [4, 10, 30])
@pytest.mark.parametrize("source", ["iris", "wine", "breast_cancer", "digits", "moons", "sensor"])
def test_the_classes_are_balanced_as_far_as_can_be(source: str, samples: int) -> None:
    batch = batch_of(source, samples=samples)
    counts = np.bincount(batch.y.ravel().astype(int), minlength=len(batch.class_names))
    assert counts.max() - counts.min() <= 1


def test_a_class_that_runs_out_leaves_its_turn_to_the_others() -> None:
    batch = batch_of("wine", samples=178)
    np.testing.assert_array_equal(np.bincount(batch.y), [59, 71, 48])


@pytest.mark.parametrize("source", ["iris", "sensor", "digits"])
def test_standard_scaling_gives_each_channel_mean_0_and_variance_1(source: str) -> None:
    x = batch_of(source, samples=40, scaling="standard").x
    flat = x.reshape(-1, x.shape[-1])
    np.testing.assert_allclose(flat.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(flat.std(0), 1)


def test_min_max_scaling_gives_each_channel_0_to_1() -> None:
    x = batch_of("wine", samples=20, scaling="min-max").x
    np.testing.assert_allclose([x.min(0), x.max(0)], [np.zeros(13), np.ones(13)], atol=1e-12)


def test_scaling_is_fitted_on_the_batch_and_applied_to_what_is_held_out() -> None:
    plain = batch_of("iris", samples=10, held_out=10)
    scaled = batch_of("iris", samples=10, held_out=10, scaling="standard")
    expected = (held_out_of(plain)[0] - plain.x.mean(0)) / plain.x.std(0)
    np.testing.assert_allclose(held_out_of(scaled)[0], expected)


@pytest.mark.parametrize("scaling", ["none", "standard", "min-max"])
@pytest.mark.parametrize("source", SOURCES)
def test_one_sample_is_a_batch(source: str, scaling: str) -> None:
    batch = batch_of(source, samples=1, scaling=scaling)
    assert np.isfinite(batch.x).all() and len(batch.x) == 1


def test_label_noise_redraws_its_share_of_the_labels() -> None:
    clean, noisy = (batch_of("digits", samples=1000, label_noise=s) for s in (0.0, 0.5))
    np.testing.assert_array_equal(noisy.x, clean.x)
    # A tenth of the redrawn labels come out right again.
    assert (noisy.y != clean.y).mean() == pytest.approx(0.45, abs=0.03)
    assert (batch_of("digits", samples=1000, label_noise=1.0).y != clean.y).mean() > 0.85


def test_label_noise_leaves_what_is_held_out() -> None:
    clean, noisy = (batch_of("iris", samples=50, held_out=50, label_noise=s) for s in (0.0, 1.0))
    np.testing.assert_array_equal(held_out_of(noisy)[1], held_out_of(clean)[1])


def test_label_noise_in_regression_stays_within_the_targets() -> None:
    clean, noisy = (batch_of("diabetes", samples=100, label_noise=s) for s in (0.0, 0.3))
    assert (noisy.y != clean.y).sum() == 30
    assert clean.y.min() <= noisy.y.min() and noisy.y.max() <= clean.y.max()


@pytest.mark.parametrize("scaling", ["none", "standard", "min-max"])
@pytest.mark.parametrize("source", SOURCES)
def test_contradictions_repeat_the_first_inputs_with_other_labels(
    source: str, scaling: str
) -> None:
    count = 2 if source == "article" else 5
    settings: dict[str, Any] = {"samples": 4, "label_noise": 0.3, "scaling": scaling}
    if source != "article":
        settings |= {"samples": 12, "held_out": 3}
    for dtype in ("float32", "float64"):
        clean = batch_of(source, dtype, **settings)
        batch = batch_of(source, dtype, **settings, contradictions=count)
        np.testing.assert_array_equal(batch.x[-count:], batch.x[:count])
        np.testing.assert_array_equal(batch.y[:-count], clean.y[:-count])
        assert (batch.y[-count:] != batch.y[:count]).all()
        assert (batch.x.dtype, batch.y.dtype) == (clean.x.dtype, clean.y.dtype)
        if scaling == "none":
            np.testing.assert_array_equal(batch.x[:-count], clean.x[:-count])
        if batch.task != "regression":
            assert set(batch.y.ravel()) <= set(range(len(batch.class_names)))
        if "held_out" in settings:
            np.testing.assert_array_equal(held_out_of(batch)[1], held_out_of(clean)[1])


def test_a_contradiction_is_the_next_class_and_the_last_one_becomes_the_first() -> None:
    batch = batch_of("iris", samples=12, contradictions=6)
    np.testing.assert_array_equal(batch.y[6:], (batch.y[:6] + 1) % 3)
    assert set(batch.y[:6]) == {0, 1, 2}


def test_contradicting_targets_are_mirrored_within_the_range_of_the_batch() -> None:
    clean, batch = (batch_of("diabetes", samples=40, contradictions=k) for k in (0, 20))
    np.testing.assert_allclose(batch.y[20:], clean.y.min() + clean.y.max() - batch.y[:20])
    assert clean.y.min() <= batch.y.min() and batch.y.max() <= clean.y.max()


@pytest.mark.parametrize(
    ("targets", "contradicting"), [([0.0, 2.0, 1.0, 2.0], [2.0, 0.0]), ([3.0] * 4, [4.0, 4.0])]
)
def test_a_contradicting_target_is_never_the_same(
    targets: list[float], contradicting: list[float]
) -> None:
    _, y = with_contradictions(np.arange(4.0)[:, None], np.array(targets), 2, None)
    assert list(y[2:]) == contradicting
    _, y = with_contradictions(np.zeros((4, 1)), np.array([1.0, 1.001, 0.0, 2.0]), 2, None)
    assert list(y[2:]) == [2.0, 2.0]


@pytest.mark.parametrize("source", SOURCES)
def test_the_largest_settings_make_a_batch(source: str) -> None:
    entry = SOURCES[source]
    settings = {name: setting.maximum for name, setting in entry.settings.items()}
    batch = batch_of(source, samples=min(64, entry.max_samples or 64), **settings)
    assert batch.x.shape[1:] == entry.shape(BatchSpec(source=source, **settings)).inputs
