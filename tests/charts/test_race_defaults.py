"""Defaults beside equally tuned rates: what is drawn, and what is said of the ranking."""

import math

import pytest

from overfit_core.charts.race_defaults import defaults_figure, defaults_sentence
from tests.charts.race_fakes import EPOCHS, MISS, named, race, runs_of


def test_both_medians_of_each_optimizer_stand_in_its_row_the_fastest_on_top() -> None:
    grid = {
        0: {0.001: [90, 80, 100], 0.1: [40, 50, 60]},
        1: {0.01: [70, 70, 70], 0.1: [10, 20, 30]},
    }
    figure = defaults_figure(*race(runs_of(grid)))
    usual = named(figure, "Keras’s default", showlegend=False)
    best = named(figure, "Best rate tried", showlegend=False)
    # SGD first: 20 when tuned, beside Adam's 50.
    assert figure["layout"]["yaxis"]["ticktext"] == ["SGD", "Adam"]
    assert [(one["x"], one["y"], one["customdata"]) for one in usual] == [
        ([70], [0], [[1, 0.01, None]]),
        ([90], [1], [[0, 0.001, None]]),
    ]
    assert [(one["x"], one["y"], one["customdata"]) for one in best] == [
        ([20], [0], [[1, 0.1, None]]),
        ([50], [1], [[0, 0.1, None]]),
    ]
    # Quartiles of 10, 20, 30: 15 and 25.
    assert best[0]["error_x"]["array"] == [5]
    assert best[0]["error_x"]["arrayminus"] == [5]
    assert "xaxis2" not in figure["layout"]


def test_a_miss_stands_at_the_right_and_whiskers_end_at_the_edge() -> None:
    figure = defaults_figure(*race())
    usual = {
        one["customdata"][0][0]: one for one in named(figure, "Keras’s default", showlegend=False)
    }
    assert "xaxis" not in usual[0]
    assert usual[1]["xaxis"] == "x2"
    assert "error_x" not in usual[1]
    assert "missed" in usual[1]["text"][0]
    assert figure["layout"]["xaxis"]["domain"][1] < figure["layout"]["xaxis2"]["domain"][0]
    adam = next(
        one for one in named(figure, "Best rate tried", showlegend=False)
        if one["customdata"] == [[0, 0.1, None]]
    )  # fmt: skip
    # 10, 30 and a miss: the upper quartile is one.
    assert adam["error_x"]["array"] == [EPOCHS - 30]


USUAL = {0: 0.001, 1: 0.01}


def sentence(adam: tuple[float, float], sgd: tuple[float, float]) -> str:
    """What is said of these epochs with the default rate and with the best one."""
    grid = {
        place: {USUAL[place]: [default] * 3, 1.0: [tuned] * 3, 0.1: [MISS] * 3}
        | ({0.01: [MISS] * 3} if place == 0 else {})
        for place, (default, tuned) in enumerate((adam, sgd))
    }
    return defaults_sentence(*race(runs_of(grid)))


BEST = "the best of 3 learning rates each"


@pytest.mark.parametrize(
    ("adam", "sgd", "said"),
    [
        ((10, 9), (20, 5), "The ranking changes. With Keras’s default learning rates Adam is the "
         f"fastest, with {BEST} SGD is."),
        ((10, 5), (20, 9), "The ranking stays. Adam is the fastest with Keras’s default learning "
         f"rates and with {BEST}."),
        ((MISS, 9), (MISS, 5), "No optimizer reaches the target with Keras’s default learning "
         f"rate. With {BEST}, SGD is the fastest."),
        ((MISS, MISS), (MISS, MISS),
         "No optimizer reaches the target with the best of its learning rates."),
        ((10, 5), (20, 5), "The ranking changes by ties only. With Keras’s default learning rates "
         f"Adam is the fastest, with {BEST} Adam and SGD are."),
    ],
)  # fmt: skip
def test_the_sentence_says_whether_tuning_changes_the_ranking(
    adam: tuple[float, float], sgd: tuple[float, float], said: str
) -> None:
    assert sentence(adam, sgd) == said


def test_others_may_change_places_behind_the_first() -> None:
    names = [{"name": "Adam"}, {"name": "RMSprop"}, {"name": "Lion"}]
    epochs = {0: (10.0, 5.0), 1: (20.0, 9.0), 2: (30.0, 7.0)}
    grid = {
        place: {0.001: [usual] * 3, 0.01: [tuned] * 3, 0.1: [MISS] * 3, 1.0: [MISS] * 3}
        for place, (usual, tuned) in epochs.items()
    }
    said = defaults_sentence(*race(runs_of(grid), optimizers=names))
    assert said.startswith("The ranking changes, but not its head. Adam is the fastest")


def test_a_race_that_goes_on_says_so() -> None:
    assert defaults_sentence(*race([])).endswith("once two optimizers have tried both.")
    grid = {0: {0.001: [9], 0.1: [5]}, 1: {0.01: [20], 0.1: [7]}}
    assert defaults_sentence(*race(runs_of(grid))).startswith("So far, the ranking stays. Adam is")


def test_an_optimizer_without_its_default_has_one_dot() -> None:
    grid = {0: {0.1: [10, 20, 30]}}
    figure = defaults_figure(*race(runs_of(grid)))
    assert len(named(figure, "Best rate tried", showlegend=False)) == 1
    assert not named(figure, "Keras’s default")


def test_the_bar_ends_at_the_edge_where_one_end_is_a_miss() -> None:
    figure = defaults_figure(*race())
    bars = [trace["x"] for trace in figure["data"] if trace["mode"] == "lines"]
    assert bars == [[90, 30], [EPOCHS, 50]]
    assert not math.isinf(max(bars[0] + bars[1]))
