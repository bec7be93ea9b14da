"""How a script compiles its model: where something is dropped at random, as the run did."""

import pytest

from overfit_core.exports.script import keras_script
from overfit_core.exports.training_code import drops_by_xla
from overfit_core.models.build import build_model
from overfit_core.models.layers import LAYERS
from overfit_core.spec import RunSpec
from overfit_core.training.structure import backend_for

IMAGES = {"source": "digits", "samples": 4}
SEQUENCES = {"source": "sensor", "samples": 4, "steps": 8}


def dropping(*kinds: str) -> RunSpec:
    """A network of these layers that drops half of their outputs."""
    batch = IMAGES if any(kind.endswith("2d") for kind in kinds) else SEQUENCES
    layers = [{"kind": kind} for kind in (*kinds, "flatten")]
    return RunSpec.load(
        {
            "batch": batch,
            "model": {"layers": [*layers, {"kind": "dropout", "rate": 0.5}]},
        }
    )


@pytest.mark.parametrize("kind", LAYERS)
def test_a_script_takes_xla_for_the_layers_for_which_the_run_does(kind: str) -> None:
    spec = dropping(kind)
    assert drops_by_xla(spec) == (backend_for(build_model(spec)) == "xla")


@pytest.mark.parametrize(("kind", "said"), [("conv1d", "False"), ("lstm", "True")])
def test_a_script_with_dropout_leaves_nothing_to_what_keras_finds(kind: str, said: str) -> None:
    # On a GPU the "auto" of Keras means XLA, which drops other units than TensorFlow's kernels.
    assert f"jit_compile={said}" in keras_script(dropping(kind))


def test_a_script_without_dropout_says_nothing_of_xla() -> None:
    assert "jit_compile" not in keras_script(RunSpec())
