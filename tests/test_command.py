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
