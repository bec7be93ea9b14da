"""docs/hosting.md names what there is."""

import re
from pathlib import Path

import pytest
from streamlit import config

from overfit_core.settings import Settings
from tests.hosting.dockerfile import steps


@pytest.fixture(scope="module")
def guide(root: Path) -> str:
    return (root / "docs" / "hosting.md").read_text(encoding="utf-8")


def test_every_setting_that_is_named_exists(guide: str) -> None:
    known = {f"OVERFIT_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"OVERFIT_[A-Z_]+[A-Z]", guide)) <= known


def test_every_option_of_streamlit_that_is_named_exists(root: Path, guide: str) -> None:
    options = {option.env_var for option in config.get_config_options().values()}
    named = set(re.findall(r"STREAMLIT_[A-Z_]+[A-Z]", guide + (root / "Dockerfile").read_text()))
    assert "STREAMLIT_SERVER_PORT" in named
    assert named <= options


def test_the_links_lead_somewhere(root: Path, guide: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)", guide):
        assert (root / "docs" / target).exists(), target


def test_a_space_asks_for_the_port_that_the_image_answers_at(root: Path, guide: str) -> None:
    (exposed,) = (step.text for step in steps(root / "Dockerfile") if step.name == "EXPOSE")
    assert f"sdk: docker\napp_port: {exposed}\n" in guide
