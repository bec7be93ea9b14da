"""A script is run in a fresh process, without this project, and gives what its run gave."""

import ast
import base64
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from overfit_core.exports.code import ARRAY, array, literal
from overfit_core.exports.model_code import WRITERS
from overfit_core.exports.script import keras_script, sections
from overfit_core.models.layers import LAYERS
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.presets import PRESETS
from overfit_core.schedules import SCHEDULES
from overfit_core.spec import RunSpec
from overfit_core.training import RunResult, run
from tests.exports.script_specs import ALL_SPECS, FIRST
from tests.random_specs import random_spec

REPLAY = Path(__file__).with_name("replay.py")
# A dozen models are built, traced by Keras and trained in a Python loop.
pytestmark = pytest.mark.timeout(400)
Replayed = dict[str, tuple[dict[str, Any], RunResult]]


def replayed(specs: dict[str, RunSpec], folder: Path) -> Replayed:
    """What each script printed and recorded, and the result of its run."""
    for name, spec in specs.items():
        (folder / f"{name}.py").write_text(keras_script(spec), encoding="utf-8")
    # From a folder where `import overfit_core` would fail.
    process = subprocess.Popen(
        [sys.executable, str(REPLAY), str(folder)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": ""},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        results = {name: run(spec) for name, spec in specs.items()}
        _, errors = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 0, errors[-3000:]
    found = {name: json.loads((folder / f"{name}.json").read_text()) for name in specs}
    failed = {name: each["error"] for name, each in found.items() if "error" in each}
    assert not failed
    return {name: (found[name], results[name]) for name in specs}


REST = [name for name in ALL_SPECS if name not in FIRST]
GROUPS = [
    pytest.param(FIRST, id="first"),
    *(
        pytest.param(REST[place::4], id=f"rest-{place}", marks=pytest.mark.exhaustive)
        for place in range(4)
    ),
]


@pytest.mark.parametrize("group", GROUPS)
def test_a_script_gives_what_its_run_gave(group: Sequence[str], tmp_path: Path) -> None:
    specs = {name: ALL_SPECS[name] for name in group}
    for name, (script, result) in replayed(specs, tmp_path).items():
        if specs[name].training.dtype == "float64":
            assert_is_the_run(name, script, result)
        else:
            assert_begins_as_the_run_and_ends_with_its_verdict(name, script, result)


def assert_is_the_run(name: str, script: dict[str, Any], result: RunResult) -> None:
    recorded = {
        column
        for column in result.history
        if column != "learning_rate" and not column.startswith("inference_")
    }
    assert set(script["history"]) == recorded, name
    for column, values in script["history"].items():
        expected = result.history[column]
        np.testing.assert_allclose(values, expected, 1e-9, 1e-13, err_msg=f"{name} {column}")
    assert script["memorised"] == result.summary.memorised_epoch, name
    prediction = result.samples.prediction
    np.testing.assert_allclose(script["prediction"], prediction, 1e-8, 1e-9, err_msg=name)
    verdict = "Memorised at" if script["memorised"] else "Not memorised"
    assert verdict in script["out"], name


def assert_begins_as_the_run_and_ends_with_its_verdict(
    name: str, script: dict[str, Any], result: RunResult
) -> None:
    for column, values in script["history"].items():
        expected = result.history[column][:20]
        np.testing.assert_allclose(values[:20], expected, 1e-4, err_msg=f"{name} {column}")
    assert (script["memorised"] is None) == (result.summary.memorised_epoch is None), name


def test_the_scripts_that_are_run_hold_every_layer_optimizer_and_schedule() -> None:
    specs = [spec for spec in ALL_SPECS.values()]
    assert {layer.kind for spec in specs for layer in spec.model.layers} == set(LAYERS)
    assert {spec.optimizer.name for spec in specs} == set(OPTIMIZERS)
    assert {spec.optimizer.schedule.kind for spec in specs} == set(SCHEDULES)
    assert set(WRITERS) == set(LAYERS)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_script_of_a_preset_is_python_with_short_lines(preset: str) -> None:
    text = keras_script(PRESETS[preset].spec)
    ast.parse(text)
    assert max(map(len, text.splitlines())) <= 100
    imported = set(re.findall(r"^(?:import|from) (\w+)", text, flags=re.MULTILINE))
    assert imported <= {"base64", "os", "keras", "numpy"}


@pytest.mark.parametrize("seed", range(30))
def test_the_script_of_any_spec_is_python(seed: int) -> None:
    ast.parse(keras_script(random_spec(random.Random(seed))))


def test_the_articles_batch_is_written_out() -> None:
    text = keras_script(RunSpec())
    written = "".join(line.strip() for line in text.splitlines())
    assert "[[1.0, 2.0],[3.0, 4.0],[5.0, 6.0],[7.0, 8.0],]" in written
    assert "base64" not in text


def test_a_float32_script_says_that_rounding_grows() -> None:
    text = " ".join(line.removeprefix("# ") for line in keras_script(RunSpec()).splitlines())
    assert "Adam amplify it: only the first epochs agree closely" in text


NAMES = [
    '"""',
    "'''",
    '"""\nimport os',
    "\\",
    "\\'",
    "'; import os; '",
    '" + __import__("os").getcwd() + "',
    "{__import__('os')}",
    "line\u2028separator\u2029\x85",
    "right to left \u202e",
    "Ein Öre, „so“ 🙂",
    "mixed ' and \"",
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_stays_a_text_whatever_is_in_it(name: str) -> None:
    # A spec's own check would refuse some of these; the script must not rely on it.
    spec = RunSpec().model_copy(update={"name": name})
    text = keras_script(spec)
    changed = ast.parse(text)
    assigned = [
        node.value
        for node in changed.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "NAME"
    ]
    assert [ast.literal_eval(value) for value in assigned] == [name]
    # Apart from that one value it is the script of a run with another name.
    other = ast.parse(keras_script(spec.model_copy(update={"name": "other"})))
    for tree in (changed, other):
        for node in tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "NAME":
                node.value = ast.Constant("")
    assert ast.dump(changed) == ast.dump(other)
    assert not any(name in section.text for section in sections(spec))


@pytest.mark.parametrize("value", ["a", 'a"b', "a'b", "\\", "\u202e", 1, 0.1, True, None, [1, "a"]])
def test_a_literal_reads_back(value: object) -> None:
    assert ast.literal_eval(literal(value)) == value  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@pytest.mark.parametrize("shape", [(3,), (4, 2), (20, 1), (3, 4, 5, 2), (1, 1)])
def test_an_array_reads_back_to_the_last_bit(dtype: str, shape: tuple[int, ...]) -> None:
    names: dict[str, Any] = {"np": np, "base64": base64}
    exec(ARRAY, names)
    values = np.random.default_rng(0).normal(size=shape) * 1e3
    values = values.astype(dtype)
    read = eval(array(values), names)
    assert (read.dtype, read.shape) == (values.dtype, values.shape)
    assert read.tobytes() == values.tobytes()
