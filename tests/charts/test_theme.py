import json

import pytest

from overfit_core.charts.loss import loss_figure
from overfit_core.charts.theme import (
    COLOURS,
    OPTIMIZER_STYLES,
    ThemeName,
    optimizer_style,
    run_style,
    template,
    themed,
)
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.training.history import History

THEMES: tuple[ThemeName, ...] = ("light", "dark")
CURVES = {"orange", "sky", "green", "yellow", "blue", "vermillion", "purple", "muted"}


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.1."""
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.03928 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", sorted(CURVES))
def test_every_curve_has_a_contrast_of_three_to_the_background(theme: ThemeName, name: str) -> None:
    assert contrast(COLOURS[theme][name], COLOURS[theme]["background"]) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["text", "muted"])
def test_text_has_a_contrast_of_four_and_a_half(theme: ThemeName, name: str) -> None:
    assert contrast(COLOURS[theme][name], COLOURS[theme]["background"]) >= 4.5


def test_both_themes_have_the_same_colours() -> None:
    assert set(COLOURS["light"]) == set(COLOURS["dark"])


def test_every_optimizer_has_a_look_of_its_own() -> None:
    assert set(OPTIMIZER_STYLES) == set(OPTIMIZERS)
    assert len(set(OPTIMIZER_STYLES.values())) == len(OPTIMIZERS)


def test_an_unknown_optimizer_is_drawn_in_ink() -> None:
    assert optimizer_style("Mine").colour == "@text"


@pytest.mark.parametrize("theme", THEMES)
def test_no_name_of_a_colour_is_left_in_a_themed_figure(theme: ThemeName) -> None:
    figure = themed(loss_figure(History({"loss": [1.0, 0.5]}), "SGD"), theme)
    assert '"@' not in json.dumps(figure)
    assert figure["data"][0]["line"]["color"] == COLOURS[theme]["vermillion"]


def test_a_spike_has_the_colour_of_the_page_behind_it() -> None:
    assert template()["layout"]["plot_bgcolor"] == "@background"


@pytest.mark.parametrize(
    ("given", "colour"),
    [("green", "@green"), ("@green", "@green"), (None, "@blue"), ("", "@blue"), ("red", "@blue")],
)
def test_a_run_has_its_own_colour_or_its_optimizers(given: str | None, colour: str) -> None:
    assert run_style("Adam", given).colour == colour
    assert run_style("Adam", "background").colour == "@blue"
