"""Performance profiles as steps."""

import math

import pytest

from overfit_core.charts.race_profile import ROOM, profile_figure
from overfit_core.racing.profiles import curves_of
from tests.charts.race_fakes import MISS, named, race_plan

# Task by task the fastest takes 10, 10, 30: ratios of Adam 1, 2, 1, and of SGD 4, 1, never.
CURVES = curves_of({"Adam": [10, 20, 30], "SGD": [40, 10, MISS]})


def test_the_steps_are_the_shares_within_each_ratio() -> None:
    figure = profile_figure(race_plan(), CURVES, tasks=3)
    (adam,), (sgd,) = named(figure, "Adam"), named(figure, "SGD")
    assert adam["x"] == [1, 2, 4, pytest.approx(4 * ROOM)]
    assert adam["y"] == pytest.approx([2 / 3, 1, 1, 1])
    assert sgd["x"] == [1, 4, pytest.approx(4 * ROOM)]
    assert sgd["y"] == pytest.approx([1 / 3, 2 / 3, 2 / 3])
    assert adam["line"]["shape"] == "hv"
    assert sgd["text"][1] == "SGD<br>Within 4 × the fastest: 2 of 3 tasks"
    assert "customdata" not in sgd, "a point stands for no run"
    assert figure["layout"]["xaxis"]["type"] == "log"
    assert 10 ** figure["layout"]["xaxis"]["range"][1] == pytest.approx(4 * ROOM)


def test_equals_are_drawn_over_a_ratio_of_two_at_least() -> None:
    curves = curves_of({"Adam": [10], "SGD": [10]})
    axis = profile_figure(race_plan(), curves, tasks=1)["layout"]["xaxis"]
    assert axis["range"][1] > math.log10(2)


def test_the_profile_in_words() -> None:
    alt = profile_figure(race_plan(), CURVES, tasks=3)["layout"]["meta"]["alt"]
    assert "Adam: 66.67 % within 1, 100 % within 2, 100 % within 10." in alt
    assert "SGD: 33.33 % within 1, 33.33 % within 2, 66.67 % within 10." in alt


def test_the_title_says_which_rates_and_the_axis_what_is_counted() -> None:
    usual = profile_figure(race_plan(), CURVES, tasks=3, tuning="default", measure="seconds")
    assert usual["layout"]["title"]["text"] == "Performance profile, Keras’s default rates"
    assert usual["layout"]["xaxis"]["title"]["text"] == "τ: times the seconds of the fastest"


def test_without_a_whole_task_it_says_so() -> None:
    figure = profile_figure(race_plan(), {}, tasks=0)
    assert figure["data"] == []
    (note,) = figure["layout"]["annotations"]
    assert note["text"] == "No task has all its runs yet."
    assert note["text"] in figure["layout"]["meta"]["alt"]
