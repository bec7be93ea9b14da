"""A report stands alone, shows what the run gave, and runs nothing that a person typed."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from overfit_core.diagnosis.facts import Cause, Change
from overfit_core.diagnosis.report import Fix, Report
from overfit_core.exports.report import report_html, script_json, settings_rows
from overfit_core.exports.sample_rows import MOST, sample_rows
from overfit_core.exports.tables import Run
from overfit_core.presets import PRESETS
from overfit_core.spec import OptimizerSpec, RunSpec
from overfit_core.training.history import History
from tests.exports.fakes import FakeRecord, history, run_of, samples

NASTY = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


class Page(HTMLParser):
    """What a browser would make of a report, without running it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self._open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            self.scripts[-1] += data
        elif self._open != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    @property
    def figures(self) -> dict[str, dict[str, dict]]:
        return json.loads(self.scripts[1])


def page(*runs: object) -> Page:
    return Page(report_html(runs).decode())  # type: ignore[arg-type]


def test_a_report_says_how_the_run_ended_and_with_which_settings() -> None:
    text = page(run_of(RunSpec(name="My run"), notes="Tried\nagain.")).text
    assert "My run" in text
    assert "Memorised at epoch 12: loss 0.0123, accuracy 100 % after 20 epochs." in text
    assert "Tried again." in text
    assert "Layer dense_1 units 64, activation relu" in text
    assert "Samples: 4 samples" in text


def test_notes_and_tags_are_for_the_owner_of_each_run() -> None:
    written = {"notes": "Do not show the professor.", "tags": ("thesis", "draft")}
    mine = run_of(RunSpec(name="mine"), notes="My own.", tags=("keep",))
    theirs = run_of(RunSpec(name="theirs"), "r2", mine=False, **written)
    for text in (page(theirs).text, page(mine, theirs).text):
        assert not any(word in text for word in ("professor", "thesis", "draft"))
    text = page(mine, theirs).text
    assert "Tags: keep My own." in text


def test_each_chart_has_its_place_and_both_themes() -> None:
    found = page(run_of(RunSpec()))
    places = {a["id"] for _, a in found.tags if a.get("class") == "chart"}
    assert places == set(found.figures)
    assert len(places) == 3  # loss, accuracy, gradient norm
    for themes in found.figures.values():
        light, dark = (json.dumps(themes[theme]) for theme in ("light", "dark"))
        assert light != dark
        assert '"@' not in light + dark
    assert all(a.get("aria-label") for _, a in found.tags if a.get("class") == "chart")


def test_a_report_loads_nothing_from_anywhere() -> None:
    found = page(run_of(RunSpec()))
    for tag, attributes in found.tags:
        assert tag not in {"link", "iframe"}
        assert not {"srcset"} & set(attributes)
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/png"))
    assert found.scripts[0].lstrip().startswith("/**")
    assert "* plotly.js v" in found.scripts[0][:200]
    assert len(found.scripts) == 3


def test_what_a_person_typed_is_text_and_nothing_else() -> None:
    plain = page(run_of(RunSpec(name="a"), notes="b", tags=("d",)), run_of(RunSpec(name="c"), "r2"))
    record = {"notes": NASTY, "status": "failed", "reason": NASTY, "tags": (NASTY,)}
    spec = RunSpec(name=NASTY[:80])
    nasty = page(run_of(spec, **record), run_of(spec, "r2"))
    assert [tag for tag, _ in nasty.tags] == [tag for tag, _ in plain.tags]
    assert len(nasty.scripts) == 3
    assert NASTY in nasty.text
    # Plotly reads markup in names.
    names = [t["name"] for t in nasty.figures["chart-shared"]["light"]["data"]]
    assert all("&lt;/script&gt;" in name and "<" not in name for name in names)
    assert not any("onerror" in attributes for _, attributes in nasty.tags)


def test_json_cannot_end_its_script() -> None:
    text = script_json({"a": NASTY + "<!--\u2028"})
    assert not re.search(r"[<>&\u2028]", text)
    assert json.loads(text) == {"a": NASTY + "<!--\u2028"}


def test_several_runs_are_compared_in_a_table_and_a_chart() -> None:
    sgd = RunSpec(name="second", optimizer=OptimizerSpec(name="SGD", learning_rate=0.5))
    found = page(run_of(RunSpec(name="first")), run_of(sgd, "r2"))
    assert [a["href"] for tag, a in found.tags if tag == "a"] == ["#run-1", "#run-2"]
    assert "second Memorised at epoch 12" in found.text
    shared = found.figures["chart-shared"]["light"]["data"]
    assert [t["name"] for t in shared] == ["first", "second"]
    assert len({t["line"]["color"] for t in shared}) == 2


def test_a_run_that_has_no_epoch_yet_has_no_chart() -> None:
    found = page(run_of(RunSpec(), summary=None, status="queued"))
    assert "Waiting for a worker" in found.text
    empty = Run(FakeRecord("r", RunSpec(), status="queued"), History({}))
    assert page(empty).figures == {}
    assert page(empty, empty).figures == {}


def test_no_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="no run to report on"):
        report_html([])


@pytest.mark.parametrize("preset", PRESETS)
def test_the_settings_of_every_preset_can_be_shown(preset: str) -> None:
    rows = dict(settings_rows(PRESETS[preset].spec))
    assert rows["Training: epochs"] == str(PRESETS[preset].spec.training.epochs)
    assert len([name for name in rows if name.startswith("Layer ")]) == len(
        PRESETS[preset].spec.model.layers
    )


def test_images_are_pictures_and_long_inputs_are_cut() -> None:
    pictures = sample_rows(samples(x=np.random.default_rng(0).random((4, 8, 8, 1))))
    assert all((row[1].image or "").startswith("data:image/png;base64,") for row in pictures.rows)
    sequence = sample_rows(samples(x=np.ones((4, 30, 2))))
    assert sequence.rows[0][1].text == "1, 1, 1, 1, 1, 1, … and 24 more"
    assert sequence.columns[:3] == ("sample", "input 1", "input 2")


def test_only_the_first_samples_are_listed() -> None:
    many = samples(
        x=np.ones((100, 2)),
        y=np.ones((100, 1)),
        prediction=None,
        learned_epoch=None,
        correct=None,
    )
    rows = sample_rows(many)
    assert len(rows.rows) == MOST
    assert rows.shown == "the first 64 of 100"


def test_a_history_that_is_not_finite_can_be_shown() -> None:
    diverged = history(accuracy=np.linspace(0, 1, 20))
    diverged["loss"][-2:] = [np.inf, np.nan]
    assert page(Run(FakeRecord("r", RunSpec()), diverged)).figures


def test_why_a_run_failed_and_what_was_tried_stand_in_its_report() -> None:
    change = Change("learning_rate_too_low", "epochs", 90, f"Longer {NASTY}", "epochs=90")
    cause = Cause("learning_rate_too_low", "It is too low", {"rate": 0.1}, NASTY, "A book")
    fixes = (Fix((change,), True, "memorised", (80,), 1), Fix((change,)))
    found = Report("stuck", None, None, 9, 9, 0.5, None, 0.5, 0.0, 1.0, (cause,), fixes, 1.0)
    run = run_of(RunSpec())
    assert "What was tried" not in " ".join(Page(report_html([run]).decode()).texts)
    page = Page(report_html([replace(run, found=found)]).decode())
    text = " ".join(page.texts)
    for said in ("Why: It is too low", "rate: 0.1", "A book", "What was tried", "epochs=90"):
        assert said in text
    assert text.count("Longer") == 1
    assert not [tag for tag, _ in page.tags if tag == "img"]
