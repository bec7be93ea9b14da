"""What a page hands out, and to whom."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from overfit_core.spec import RunSpec
from pages.parts import take_away
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers

Files = dict[str, Callable[[], bytes]]


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Files:
    """The files that a page offers, by the keys of their buttons."""
    offered: Files = {}

    def button(label: str, data: Callable[[], bytes], *, key: str, **_: object) -> None:
        offered[key] = data

    monkeypatch.setattr(take_away.st, "download_button", button)
    return offered


def noted(workers: FakeWorkers, owner: str | None) -> str:
    """A run of somebody's, with a note and a tag on it."""
    run_id = workers.store.create_run(RunSpec(), owner=owner)
    workers.train(run_id)
    workers.store.label(run_id, by=owner, notes=f"A note, {owner}.", tags=[f"tag of {owner}"])
    return run_id


def test_who_has_the_link_of_a_run_gets_no_notes_of_its_owner(
    open_app: OpenApp, workers: FakeWorkers, files: Files
) -> None:
    theirs = noted(workers, "somebody")
    everybodys = noted(workers, None)

    open_app(run=theirs)
    open_app("compare", runs=f"{theirs},{everybodys}")

    assert b"somebody" not in files["file-report"]()
    assert b"A note, None." in files["take-all-report"]()
    for kind in ("report", "csv", "parquet"):
        data = files[f"take-all-{kind}"]()
        assert b"tag of None" in data, kind
        assert b"somebody" not in data, kind


def test_who_made_a_run_gets_its_notes(
    open_app: OpenApp, workers: FakeWorkers, files: Files
) -> None:
    open_app().button(key="train").click().run()
    run = workers.store.run(workers.submitted[-1])
    workers.store.label(run.id, by=run.owner, notes="A note of mine.")

    open_app(run=run.id)
    open_app("compare", runs=run.id)

    for key in ("file-report", "take-all-report"):
        assert b"A note of mine." in files[key](), key
