"""``python -m overfit_core``, as somebody types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from overfit_core.__main__ import BAD_INPUT, MEMORISED, NOT_MEMORISED, main
from overfit_core.presets import PRESETS
from tests.diagnosis import two_heads
from tests.diagnosis.programs import HEALTHY, X, Y

# Keras 3.15, when it saves.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A model that memorises, and its batch."""
    model, batch = tmp_path / "model.keras", tmp_path / "batch.npz"
    HEALTHY.model().save(model)
    np.savez(batch, x=X, y=Y)
    return str(model), str(batch)


def test_a_check_in_a_process_of_its_own(root: Path, files: tuple[str, str]) -> None:
    command = [sys.executable, "-m", "overfit_core", "check", *files, "--epochs", "300"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == MEMORISED, done.stderr
    assert done.stdout.startswith("**Memorised at epoch")


def test_a_model_that_does_not_memorise_ends_with_1(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["check", *files, "--epochs", "3", "--seeds", "1", "--budget", "3", "--json"]
    assert main(given) == NOT_MEMORISED
    assert json.loads(capsys.readouterr().out)["verdict"] != "memorised"


def test_a_run_of_a_file_of_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "spec.json"
    file.write_text(PRESETS["article-2"].spec.to_json())
    assert main(["run", str(file)]) == MEMORISED
    assert capsys.readouterr().out.startswith("Memorised at epoch 408")


@pytest.mark.parametrize(
    "name", ["a.npy", "cut.npz", "pickled.npz", "text.npz", "both.npz", "both_y.npz"]
)
def test_a_file_that_is_no_batch_is_bad_input(
    name: str, files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = tmp_path / name
    if name == "a.npy":
        np.save(batch, X)
    elif name == "cut.npz":
        batch.write_bytes(Path(files[1]).read_bytes()[:-40])
    elif name == "pickled.npz":
        np.savez(batch, x=np.array([{}, {}], object), y=Y)
    elif name == "both.npz":
        np.savez(batch, x=X, x_left=X, y=Y)
    elif name == "both_y.npz":
        np.savez(batch, x=X, y=Y, y_left=Y)
    else:
        batch.write_text("x,y")
    assert main(["check", files[0], str(batch)]) == BAD_INPUT
    said = capsys.readouterr().err
    assert said.startswith(f"overfit_core: {batch}")
    assert said.count("\n") == 1


class _Doubling(keras.layers.Layer):
    def call(self, x: object) -> object:
        return keras.ops.multiply(x, 2)


def test_a_model_with_an_unknown_layer_is_bad_input(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = keras.Sequential([keras.Input((2,)), _Doubling(), keras.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    model.save(tmp_path / "own.keras")
    assert main(["check", str(tmp_path / "own.keras"), files[1]]) == BAD_INPUT
    said = capsys.readouterr().err
    assert "own.keras cannot be read as a Keras model: " in said
    assert "_Doubling" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("text", ["[1, 2]", "no JSON", "null", "\xff", "[" * 100_000])
def test_settings_that_are_none_are_bad_input(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "spec.json"
    file.write_text(text, encoding="latin-1")
    assert main(["run", str(file)]) == BAD_INPUT
    assert capsys.readouterr().err.startswith("overfit_core: ")


@pytest.mark.exhaustive
def test_several_inputs_are_given_by_name(tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    left, right = keras.Input((2,), name="left"), keras.Input((2,), name="right")
    hidden = keras.layers.Dense(32, "tanh")(keras.layers.Subtract()([left, right]))
    model = keras.Model([left, right], keras.layers.Dense(1, "sigmoid")(hidden))
    model.compile(keras.optimizers.Adam(0.02), loss="binary_crossentropy")
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "batch.npz", x_right=0 * X, x_left=X, y=Y)
    given = ["check", str(tmp_path / "model.keras"), str(tmp_path / "batch.npz")]
    assert main([*given, "--epochs", "300"]) == MEMORISED


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "labels", [{"y_kind": two_heads.KIND, "y_size": two_heads.SIZE}, {"y_kind": two_heads.KIND}]
)
def test_several_outputs_are_given_by_name(
    labels: dict[str, np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two_heads.model(by_name=True).save(tmp_path / "model.keras")
    np.savez(tmp_path / "batch.npz", x=two_heads.X, **labels)
    given = ["check", str(tmp_path / "model.keras"), str(tmp_path / "batch.npz")]
    ends = MEMORISED if len(labels) == 2 else NOT_MEMORISED
    assert main([*given, "--epochs", "600"]) == ends
    said = capsys.readouterr().out
    assert ("- `size`: memorised: R²" in said) == (ends == MEMORISED)
    assert ("the model's outputs are kind, size" in said) == (ends == NOT_MEMORISED)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_is_told_what_is_being_tried(
    terminal: bool,
    files: tuple[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    assert main(["check", *files, "--epochs", "3", "--seeds", "1", "--budget", "3"]) == 1
    assert ("Trying: " in capsys.readouterr().err) == terminal


@pytest.mark.parametrize("what", ["no model", "no batch", "no y", "no model in it", "bad spec"])
def test_bad_input_ends_with_2_and_says_what_is_wrong(
    what: str, files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, batch = files
    said = {
        "no model": "nowhere.keras", "no batch": "nowhere.npz", "no y": "no y",
        "no model in it": "wrong.keras", "bad spec": "no optimizer called",
    }[what]  # fmt: skip
    if what == "no y":
        np.savez(batch, x=X)
    wrong = tmp_path / "wrong.keras"
    wrong.write_text("no model")
    spec = tmp_path / "spec.json"
    spec.write_text('{"optimizer": {"name": "Nobody"}}')
    given = {
        "no model": ["check", "nowhere.keras", batch],
        "no batch": ["check", model, "nowhere.npz"],
        "no y": ["check", model, batch],
        "no model in it": ["check", str(wrong), batch],
        "bad spec": ["run", str(spec)],
    }[what]
    assert main(given) == BAD_INPUT
    assert said in capsys.readouterr().err
    assert keras.config.floatx() == "float32"
