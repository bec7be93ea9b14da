import numpy as np
import pytest

from overfit_core.batches import Array
from overfit_core.batches.sensor import FAULTS, sensor


def windows(samples: int = 400, steps: int = 32, channels: int = 2, noise: float = 0.0) -> Array:
    settings = {"steps": steps, "features": channels, "noise": noise}
    rows = sensor(np.random.default_rng(0), samples, settings)
    np.testing.assert_array_equal(rows.y, np.arange(samples) % 2)
    return rows.x


def test_a_normal_window_is_a_sinusoid_with_a_drift() -> None:
    normal = windows()[::2]
    assert abs(normal).max() <= 1.3 + 0.5
    assert abs(np.diff(normal, axis=1)).max() <= 1.3 * 2 * np.pi / 8 + 0.5 / 31


def test_every_anomalous_window_has_something_that_no_normal_one_has() -> None:
    anomalous = windows()[1::2]
    jump = abs(np.diff(anomalous, axis=1)).max((1, 2))
    zeros = (anomalous == 0).sum((1, 2))
    kinds = {
        "large step": jump > 1.3 * 2 * np.pi / 8 + 0.5 / 31,
        "zeros": zeros == 32 // 4,
    }
    # The rest are changes of frequency, which are seen in no single step.
    share = np.any(list(kinds.values()), axis=0).mean()
    assert share > 0.7
    assert kinds["zeros"].mean() == pytest.approx(0.25, abs=0.08)


def test_one_channel_alone_is_at_fault() -> None:
    with_noise = windows(channels=8, noise=0.1)[1::2]
    dropped = (with_noise == 0).sum(1)
    assert ((dropped == 0) | (dropped == 8)).all()
    assert ((dropped == 8).sum(1) <= 1).all()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fits_the_shortest_window(fault) -> None:  # noqa: ANN001
    for seed in range(50):
        signal = np.full(8, 0.5)
        fault(np.random.default_rng(seed), signal)
        assert (signal != 0.5).any() and np.isfinite(signal).all()


def test_noise_has_the_standard_deviation_asked_for() -> None:
    clean, noisy = windows(noise=0.0)[0], windows(noise=0.3)[0]
    assert (noisy - clean).std() == pytest.approx(0.3, rel=0.2)
