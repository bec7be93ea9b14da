"""The part of a page that follows runs, and the way from a page that has one to another."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.parts import session_keys as keys
from pages.parts.navigation import COMPARE, TRAIN


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


def test_the_page_is_drawn_anew_at_the_first_look_after_its_state_moved() -> None:
    def script() -> None:
        import streamlit as st

        from pages.parts import session_keys as keys
        from pages.parts.live_part import live_part
        from pages.parts.navigation import TRAIN

        def draw(stands: bool) -> list[object]:
            st.session_state["looks"].append(stands)
            return ["ended"]

        def keep(part: object, run_every: float) -> object:
            st.session_state["part"] = part
            return part

        st.session_state[keys.PAGE] = TRAIN
        st.session_state.setdefault("looks", [])
        before = len(st.session_state["looks"])
        fragment, st.fragment = st.fragment, keep
        try:
            live_part(TRAIN, draw, ["goes on"] if before == 0 else ["ended"], 1.0)
        finally:
            st.fragment = fragment
        st.text(f"drawn after {before}")
        # The timer.
        st.session_state["part"]()

    at = AppTest.from_function(script).run()
    # The page, its timer, which finds that the run has ended, and both once more.
    assert at.session_state["looks"] == [False, True, False, True]
    assert [text.value for text in at.text] == ["drawn after 2"]


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


def test_a_page_with_a_timer_is_left_by_way_of_the_browser() -> None:
    def script() -> None:
        import streamlit as st

        from pages.parts import session_keys as keys
        from pages.parts.go import go_compare, leave
        from pages.parts.navigation import TRAIN

        st.session_state[keys.PAGE], st.session_state[keys.TIMED] = TRAIN, True
        if not leave():
            st.text("the page")
            if st.button("Compare", key="compare"):
                go_compare(["one", "two"])

    at = AppTest.from_function(script).run()
    at.button(key="compare").click().run()
    assert at.session_state[keys.LEAVING] == ("compare", {"runs": "one,two"})
    # Nothing of the page is there any more, and no timer: only what the browser answers to.
    assert not at.button
    assert len(at.main.children) == 1
    # Whoever asks for something else meanwhile gets that.
    at.run()
    assert [text.value for text in at.text] == ["the page"]
