"""The part of a page that follows runs, and the way from a page that has one to another."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from overfit_core.store import Store
from pages.parts import session_keys as keys
from pages.parts.navigation import COMPARE, PAGES, TRAIN
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers


def late(shown: str) -> AppTest:
    """A timer of the Train page, which comes when another page is shown."""

    def script(shown: str) -> None:
        import streamlit as st

        from pages.parts import session_keys as keys
        from pages.parts.live_part import live_part
        from pages.parts.navigation import TRAIN

        def draw(_stands: bool) -> list[object]:
            st.text("drawn")
            return []

        st.session_state[keys.PAGE] = shown
        live_part(TRAIN, draw, [], 1.0)

    return AppTest.from_function(script, args=(shown,)).run()


def test_a_timer_of_the_page_that_is_shown_draws_its_part() -> None:
    at = late(TRAIN)
    assert [text.value for text in at.text] == ["drawn"]
    assert at.session_state[keys.TIMED]


def test_a_timer_of_a_page_that_was_left_has_the_shown_one_drawn_once_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    went: list[str] = []

    def switch_page(page: str) -> None:
        went.append(page)
        st.stop()

    monkeypatch.setattr(st, "switch_page", switch_page)
    assert not late(COMPARE).text
    assert went == ["pages/compare.py"]


def test_a_page_with_a_timer_is_left_by_way_of_the_browser(
    open_app: OpenApp, store: Store, workers: FakeWorkers
) -> None:
    workers.hold = True
    at = open_app(preset="adam-against-sgd")
    at.button(key="train").click().run()
    assert at.session_state[keys.TIMED]
    at.button(key="compare").click().run()
    # AppTest leaves it to us to run the script again.
    at.run()
    wanted, query = at.session_state[keys.LEAVING]
    assert wanted == COMPARE
    assert query["runs"].split(",") == [record.id for record in reversed(store.find())]
    # Nothing of the page is there any more, and no timer: only what the browser answers to.
    assert not at.button
    assert len(at.main.children) == 1
    # Whoever asks for something else meanwhile gets that.
    at.run()
    assert at.title[0].value == PAGES[TRAIN].heading
