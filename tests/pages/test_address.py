"""The address of the Train page: what it opens, and what it keeps over a reload."""

from __future__ import annotations

import pytest

from overfit_core.spec import RunSpec
from overfit_core.store import Store
from tests.pages.conftest import OpenApp
from tests.pages.reading import address, charts, notices, status, wrong

UNITS_2 = "set.layer.2.units"
CODE = RunSpec.load({"batch": {"source": "moons", "samples": 32}}).link_code()


def test_a_reload_keeps_the_run_and_its_settings(open_app: OpenApp, store: Store) -> None:
    at = open_app()
    at.number_input(key=UNITS_2).set_value(5).run()
    at.button(key="train").click().run()
    assert set(address(at)) == {"run"}
    again = open_app(**address(at))
    assert again.number_input(key=UNITS_2).value == 5
    assert status(again) == status(at)
    assert charts(again) == charts(at)


def test_a_reload_keeps_settings_that_were_typed_after_the_run(open_app: OpenApp) -> None:
    at = open_app()
    at.button(key="train").click().run()
    at.number_input(key=UNITS_2).set_value(7).run()
    again = open_app(**address(at))
    assert again.number_input(key=UNITS_2).value == 7
    assert status(again) == status(at)


def test_a_reload_keeps_settings_that_are_not_right_yet(open_app: OpenApp) -> None:
    at = open_app()
    at.number_input(key=UNITS_2).set_value(9999).run()
    again = open_app(**address(at))
    assert again.number_input(key=UNITS_2).value == 9999
    assert wrong(again) == wrong(at)


def test_a_link_code_fills_the_form(open_app: OpenApp) -> None:
    at = open_app(spec=CODE)
    assert not notices(at)
    assert at.selectbox(key="set.batch.source").value == "moons"
    assert at.number_input(key="set.batch.samples").value == 32
    assert at.selectbox(key="preset").value is None


@pytest.mark.few(3)
@pytest.mark.parametrize(
    "code",
    [
        "nonsense",
        "1.",
        "9.abc",
        "1." + "A" * 20_000,
        "<script>alert(1)</script>",
        CODE[:-9],
        "\x00",
    ],
)
@pytest.mark.parametrize("name", ["spec", "draft"])
def test_a_hostile_code_gets_a_kind_word_and_the_preset(
    open_app: OpenApp, name: str, code: str
) -> None:
    at = open_app(**{name: code})
    assert not at.exception
    (notice,) = notices(at)
    assert notice.startswith("The settings in this address cannot be used:")
    assert at.number_input(key=UNITS_2).value == 32
    assert not at.button(key="train").disabled


def test_a_draft_of_nonsense_shows_defaults(open_app: OpenApp) -> None:
    from overfit_core import link

    draft = {
        "name": ["x"],
        "batch": {"source": {}, "samples": "many", "seed": 1e300, "scaling": 3},
        "model": {"layers": [1, {"kind": []}, {"kind": "dense", "units": None}], "loss": {}},
        "optimizer": {"name": [], "arguments": 4, "schedule": {"kind": {}}},
        "training": {"probes": [{}], "epochs": True},
    }
    at = open_app(draft=link.encode(draft))
    assert not at.exception
    assert at.number_input(key="set.batch.samples").value == 4
    assert len([w for w in at.number_input if w.key.endswith(".units") and "layer" in w.key]) == 1


def test_an_unknown_run_gets_a_kind_word(open_app: OpenApp) -> None:
    at = open_app(run="<i>gone</i>")
    (notice,) = notices(at)
    assert "There is no run '<i>gone</i>' here" in notice
    assert at.header[0].value == "Nothing trained yet"
