"""The table of the pages: each has its file, its name, and a sign by which it is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import heading as heading_module
from pages.parts.navigation import COMPARE, PAGES, TRAIN
from tests.pages.conftest import OpenApp


def test_every_page_has_a_row_and_every_row_a_page(root: Path) -> None:
    files = {path.stem for path in (root / "pages").glob("*.py")} - {"__init__"}
    assert files == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_stands_under_its_heading(open_app: OpenApp, page: str) -> None:
    assert open_app(page).title[0].value == PAGES[page].heading


def test_two_pages_of_one_name_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def script() -> None:
        import streamlit as st

        from pages.parts import session_keys as keys
        from pages.parts.heading import heading, is_on
        from pages.parts.navigation import COMPARE, TRAIN

        st.session_state[keys.NAVIGATED] = True
        heading(TRAIN, "…", share=False)
        st.text(f"{is_on(TRAIN)} {is_on(COMPARE)}")

    monkeypatch.setitem(heading_module.PAGES, COMPARE, PAGES[TRAIN])
    at = AppTest.from_function(script).run()
    assert not at.exception
    assert at.text[0].value == "True False"
