import numpy as np

from overfit_core.batches import make_batch
from overfit_core.spec import BatchSpec


def test_xor_is_one_where_one_coordinate_alone_is_one() -> None:
    batch = make_batch(BatchSpec(source="xor"))
    np.testing.assert_array_equal(batch.x, [[0, 0], [0, 1], [1, 0], [1, 1]])
    np.testing.assert_array_equal(batch.y, [[0], [1], [1], [0]])


def test_noise_moves_the_corners_of_xor() -> None:
    spec = BatchSpec(source="xor", samples=400, noise=0.1)
    x, corner = make_batch(spec, "float64").x, np.arange(400) % 4
    offset = x - np.array([[0, 0], [0, 1], [1, 0], [1, 1]])[corner]
    np.testing.assert_allclose(offset.std(), 0.1, rtol=0.1)


def test_each_arm_of_a_spiral_is_the_first_one_turned() -> None:
    batch = make_batch(BatchSpec(source="spirals", samples=300, classes=3, noise=0.0), "float64")
    radius = np.hypot(*batch.x.T)
    angle = np.arctan2(batch.x[:, 1], batch.x[:, 0])
    expected = 2 * np.pi * (1.5 * radius + batch.y / 3)
    np.testing.assert_allclose(np.cos(angle), np.cos(expected), atol=1e-9)
    assert 0.05 <= radius.min() and radius.max() <= 1.0


def test_curves_without_noise_are_exact() -> None:
    sine = make_batch(BatchSpec(source="sine", samples=50), "float64")
    np.testing.assert_allclose(sine.y, np.sin(sine.x))
    line = make_batch(BatchSpec(source="line", samples=50, noise=0.0), "float64")
    np.testing.assert_allclose(line.y, 2 * line.x - 1)
    assert abs(sine.x).max() <= np.pi and abs(line.x).max() <= 1


def test_noise_is_added_to_the_targets_of_a_curve() -> None:
    batch = make_batch(BatchSpec(source="line", samples=1000, noise=0.5), "float64")
    np.testing.assert_allclose((batch.y - (2 * batch.x - 1)).std(), 0.5, rtol=0.1)


def test_random_labels_do_not_depend_on_the_inputs() -> None:
    batch = make_batch(BatchSpec(source="random_labels", samples=2048, classes=4), "float64")
    np.testing.assert_allclose(batch.x.mean(), 0, atol=0.02)
    np.testing.assert_allclose(batch.x.std(), 1, atol=0.02)
    assert np.bincount(batch.y).min() > 2048 / 4 * 0.85
    means = np.stack([batch.x[batch.y == label].mean(0) for label in range(4)])
    assert abs(means).max() < 0.2
