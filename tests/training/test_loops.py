"""Loops kept on disk: a later process traces nothing and computes the same to the last bit."""

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tensorflow.python.eager.context import context

from overfit_core.training.loops import LoopFile, _loops_with

CODE = """
import json, sys
from pathlib import Path
from overfit_core.training.xla import configure
configure(Path(sys.argv[1]))
import keras
from overfit_core import RunSpec
from overfit_core.presets import PRESETS
from overfit_core.training.spec_session import SpecSession

class Own(keras.layers.Layer):
    def call(self, x):
        return 2 * x

def trained(spec):
    session = SpecSession(spec)
    history = session.advance(12)
    columns = {name: [float(v).hex() for v in history[name]] for name in history}
    return session.program.traces, columns

done = {}
for name in sys.argv[2:]:
    if name == "own":
        from overfit_core.training import overfit
        from overfit_core.training.cache import PROGRAMS
        model = keras.Sequential([keras.Input((2,)), Own(), keras.layers.Dense(1)])
        model.compile("sgd", loss="mse")
        overfit(model, [[1.0, 2.0]], [[1.0]], epochs=2)
        done[name] = next(reversed(PROGRAMS._programs.values())).traces, {}
        continue
    preset, _, kind = name.partition("/")
    spec = PRESETS[preset].spec
    if kind:
        training = {"dtype": "float64", "probes": ["gradient_norm", "dead_share", "samples"]}
        spec = RunSpec.load(spec.model_dump() | {"training": training})
    done[name] = trained(spec)
print(json.dumps(done))
"""
NETS = ("article-1", "article-2", "article-2/probes", "digits-cnn", "dropout", "article-3")


Done = dict[str, tuple[int, dict[str, list[str]]]]


def trained_in_a_process(folder: Path, *nets: str, code: str = CODE) -> Done:
    command = [sys.executable, "-c", code, str(folder), *nets]
    environment = os.environ | {"TF_XLA_FLAGS": ""}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("programs")


@pytest.fixture(scope="module")
def first(folder: Path) -> Done:
    return trained_in_a_process(folder, *NETS)


def test_a_later_process_traces_nothing_and_computes_the_same(folder: Path, first: Done) -> None:
    later = trained_in_a_process(folder, *reversed(NETS))
    assert {name: traces for name, (traces, _) in first.items()} == dict.fromkeys(NETS, 1)
    assert {name: traces for name, (traces, _) in later.items()} == dict.fromkeys(NETS, 0)
    assert {name: h for name, (_, h) in later.items()} == {
        name: h for name, (_, h) in first.items()
    }


@pytest.mark.exhaustive
def test_a_damaged_file_is_traced_again_and_replaced(folder: Path, first: Done) -> None:
    files = sorted(folder.glob("loop-*.pb"))
    assert len(files) == len(NETS)
    sound = {file: file.read_bytes() for file in files}
    for file, content in sound.items():
        file.write_bytes(content[:100] + bytes(20) + content[120:])

    again = trained_in_a_process(folder, "article-1")["article-1"]

    assert again == [1, first["article-1"][1]]
    mended = [file for file in files if file.read_bytes() == sound[file]]
    assert len(mended) == 1
    for file, content in sound.items():
        file.write_bytes(content)


@pytest.mark.exhaustive
def test_a_model_with_code_of_the_callers_own_is_not_kept(tmp_path: Path) -> None:
    for _ in range(2):
        assert trained_in_a_process(tmp_path, "own")["own"][0] == 1
    assert not list(tmp_path.glob("loop-*.pb"))


@pytest.mark.exhaustive
def test_a_folder_that_is_gone_stops_nobody(tmp_path: Path) -> None:
    code = CODE.replace(
        "import keras", "import shutil; shutil.rmtree(sys.argv[1]); import keras", 1
    )
    done = trained_in_a_process(tmp_path / "programs", "article-1", code=code)
    assert done["article-1"][0] == 1


@pytest.mark.exhaustive
def test_functions_are_forgotten_with_the_last_loop_that_has_them(tmp_path: Path) -> None:
    import tensorflow as tf

    state = [tf.Variable(3.0)]
    traced = tf.function(lambda x: [x * state[0]]).get_concrete_function(
        tf.TensorSpec((), "float32")
    )
    file = LoopFile(tmp_path, "key")
    loop = file.adopt(traced, state, xla=False)
    file.save()
    again = LoopFile(tmp_path, "key").load(state)
    assert loop is not None
    assert again is not None
    name = loop.name
    del loop
    gc.collect()
    assert [float(y) for y in again([tf.constant(2.0)])] == [6.0]
    del again
    gc.collect()
    assert not context().has_function(name)
    assert name.decode() not in _loops_with
