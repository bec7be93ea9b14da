"""A notebook is valid, and runs from its first cell to its last."""

import asyncio
import json
import warnings

import nbformat
import pytest
from nbclient import NotebookClient

from overfit_core.exports.notebook import keras_notebook
from overfit_core.exports.script import sections
from overfit_core.presets import PRESETS
from overfit_core.spec import RunSpec, TrainingSpec


@pytest.mark.parametrize("preset", PRESETS)
def test_the_notebook_of_a_preset_is_valid(preset: str) -> None:
    text = keras_notebook(PRESETS[preset].spec).decode()
    nbformat.validate(nbformat.reads(text, as_version=4))
    assert json.loads(text)["nbformat_minor"] == 5


def test_a_notebook_holds_the_script_and_no_name_in_its_text() -> None:
    spec = RunSpec(name="<img src=x onerror=alert(1)> [a](javascript:b)")
    cells = nbformat.reads(keras_notebook(spec).decode(), as_version=4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    assert code[:-1] == [section.code.strip() for section in sections(spec)]
    assert not any("onerror" in cell.source for cell in cells if cell.cell_type == "markdown")


@pytest.mark.exhaustive
@pytest.mark.timeout(300)
def test_a_notebook_runs_to_its_end() -> None:
    spec = RunSpec(name="Mine", training=TrainingSpec(epochs=12))
    notebook = nbformat.reads(keras_notebook(spec).decode(), as_version=4)
    with warnings.catch_warnings():
        # Of Jupyter's own libraries: about event loops and the place of its settings.
        warnings.simplefilter("ignore")
        asyncio.run(NotebookClient(notebook, timeout=200).async_execute())
    said = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", [])
    )
    assert "Mine" in said
    assert "Not memorised after 12 epochs" in said
    drawn = [output for output in notebook.cells[-1].outputs if output.output_type != "stream"]
    assert drawn and "application/vnd.plotly.v1+json" in drawn[0].data
