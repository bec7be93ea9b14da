"""A click from a browser that has not got the form yet that was filled in meanwhile."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from overfit_core.presets import PRESETS
from overfit_core.store import Store
from pages.parts import session_keys as keys
from tests.pages.conftest import OpenApp

OLD, NEW = PRESETS["article-2"], PRESETS["article-3"]


def send_the_old_form(at: AppTest, version: str) -> None:
    """Let every message say what the fields held before the preset was chosen."""
    at.text_input(key=keys.FORM_VERSION).set_value(version)
    at.selectbox(key="set.optimizer.name").set_value(OLD.spec.optimizer.name)
    at.number_input(key="set.optimizer.learning_rate").set_value(OLD.spec.optimizer.learning_rate)


def test_train_pressed_at_once_after_a_preset_trains_the_preset(
    open_app: OpenApp, store: Store
) -> None:
    at = open_app(preset="article-2")
    version = at.text_input(key=keys.FORM_VERSION).value
    assert version is not None
    at.selectbox(key=keys.PRESET).set_value("article-3").run()
    send_the_old_form(at, version)
    at.button(key="train").click().run()
    assert not at.exception
    assert store.find()[0].spec == NEW.spec
    assert at.selectbox(key="set.optimizer.name").value == NEW.spec.optimizer.name


def test_what_is_typed_into_the_filled_form_counts(open_app: OpenApp, store: Store) -> None:
    at = open_app(preset="article-2")
    at.selectbox(key=keys.PRESET).set_value("article-3").run()
    version = at.text_input(key=keys.FORM_VERSION).value
    assert version is not None
    # The very values of before, but chosen in the new form.
    send_the_old_form(at, version)
    at.button(key="train").click().run()
    assert store.find()[0].spec.optimizer == OLD.spec.optimizer


def test_a_browser_has_every_field_before_it_has_the_version(open_app: OpenApp) -> None:
    at = open_app(preset="article-2")
    fields = [key for node in at.main if (key := getattr(node, "key", None)) is not None]
    last = max(place for place, key in enumerate(fields) if key.startswith(keys.PREFIX))
    assert fields.index(keys.FORM_VERSION) > last > 20
