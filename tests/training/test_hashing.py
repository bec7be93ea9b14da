import numpy as np
import pytest

from overfit_core.presets import PRESETS
from overfit_core.spec import OptimizerSpec, RunSpec
from overfit_core.training.hashing import weights_hash
from overfit_core.training.spec_session import SpecSession


def _with_seed(spec: RunSpec, seed: int) -> RunSpec:
    return spec.model_copy(update={"training": spec.training.model_copy(update={"seed": seed})})


def _hashes(spec: RunSpec, optimizer: str) -> tuple[str, str]:
    session = SpecSession(spec.model_copy(update={"optimizer": OptimizerSpec(name=optimizer)}))
    return session.batch_hash, session.weights_hash


@pytest.mark.few(6)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_optimizer_starts_from_the_same_weights_on_the_same_batch(preset: str) -> None:
    spec = PRESETS[preset].spec
    batch, weights = _hashes(spec, "SGD")
    assert _hashes(spec, "Adam") == (batch, weights)
    other_batch, other_weights = _hashes(_with_seed(spec, spec.training.seed + 1), "SGD")
    assert other_batch == batch
    # Weights that are all zero are the same for every seed.
    assert (other_weights == weights) == (preset == "zero-weights")


def test_training_does_not_change_what_a_run_started_from() -> None:
    session = SpecSession(RunSpec())
    before = session.weights_hash
    session.advance(3)
    session.finish()
    assert session.weights_hash == before == SpecSession(RunSpec()).weights_hash


def test_bytes_shapes_types_and_order_count() -> None:
    a, b = np.arange(6.0), np.ones(2)
    different = [
        [a, b],
        [b, a],
        [a.reshape(2, 3), b],
        [a.astype("float32"), b],
        [np.nextafter(a, 1), b],
        [a],
    ]
    assert len({weights_hash(arrays) for arrays in different}) == len(different)
    assert weights_hash([np.asfortranarray(a.reshape(2, 3)), b]) == weights_hash(different[2])
