"""The catalogue names what there is, and the web process makes its part without TensorFlow."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from overfit_core.exports import EXPORTS, Run, export, file_name
from overfit_core.spec import RunSpec
from overfit_core.workers.export_task import _BUILDERS
from tests.exports.fakes import FakeRecord, history, samples, summary

STARTS = {
    "script": b'"""Can this network',
    "notebook": b"{",
    "csv": b'"epoch"',
    "parquet": b"PAR1",
    "settings": b"{",
    "report": b"<!doctype html>",
}


@pytest.mark.parametrize("kind", [kind for kind, each in EXPORTS.items() if not each.needs_worker])
def test_the_web_process_makes_every_kind_that_needs_no_worker(kind: str) -> None:
    record = FakeRecord("r1", RunSpec(), summary())
    data = export(kind, Run(record, history(), samples()))
    assert data.startswith(STARTS[kind])
    assert data == export(kind, Run(record, history(), samples()))
    assert file_name(kind, record) == f"overfit-lab-r1{EXPORTS[kind].ending}"


def test_a_worker_makes_every_kind_that_needs_one() -> None:
    assert {kind for kind, each in EXPORTS.items() if each.needs_worker} == set(_BUILDERS)


@pytest.mark.parametrize(
    ("kind", "words"), [("keras_model", "is made by a worker"), ("pdf", "does not exist")]
)
def test_other_kinds_are_refused(kind: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        export(kind, Run(FakeRecord("r1", RunSpec()), history()))


def test_a_run_without_samples_or_summary_can_be_exported() -> None:
    record = FakeRecord("r1", RunSpec(), status="running")
    assert b"Training." in export("report", Run(record, history()))


def test_exports_are_made_without_tensorflow(root: Path) -> None:
    code = """
import json, sys
from overfit_core.exports import EXPORTS, Run, export
heavy = {"tensorflow", "keras", "sklearn", "jinja2", "streamlit"}
before = sorted(heavy & set(sys.modules))
from overfit_core.spec import RunSpec
from tests.exports.fakes import FakeRecord, history, samples, summary
for kind, each in EXPORTS.items():
    if not each.needs_worker:
        export(kind, Run(FakeRecord("r1", RunSpec(), summary()), history(), samples()))
print(json.dumps([before, sorted({"tensorflow", "keras", "streamlit"} & set(sys.modules))]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[], []]
