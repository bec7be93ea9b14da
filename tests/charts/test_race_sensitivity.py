"""What the sensitivity chart draws, against numbers worked out by hand."""

import math

import pytest

from overfit_core.charts.race_parts import NOTHING_YET
from overfit_core.charts.race_sensitivity import sensitivity_figure
from overfit_core.comparison.target import Target
from overfit_core.racing.results import LEAST_LOSS
from tests.charts.race_fakes import EPOCHS, MISS, RATES, named, race, reference, run, runs_of

MEDIANS = "lines+markers"


def test_medians_stand_at_the_rates_that_were_tried_and_a_miss_is_a_gap() -> None:
    figure = sensitivity_figure(*race())
    (adam,) = named(figure, "Adam", mode=MEDIANS)
    assert adam["x"] == list(RATES)
    # Of 10, 30 and a miss the median is 30.
    assert adam["y"] == [40, 30, None]
    assert adam["customdata"] == [[0, 0.01, None], [0, 0.1, None], [0, 1.0, None]]
    assert adam["connectgaps"] is False
    (sgd,) = named(figure, "SGD", mode=MEDIANS)
    assert sgd["y"] == [None, 50, None]


def test_a_miss_stands_in_a_band_of_its_own_and_is_never_a_number_of_epochs() -> None:
    figure = sensitivity_figure(*race())
    (adam,) = named(figure, "Adam", yaxis="y2")
    assert (adam["x"], adam["y"], adam["customdata"]) == ([1.0], [0], [[0, 1.0, None]])
    assert "missed" in adam["text"][0]
    sgd = [trace for trace in named(figure, "SGD", yaxis="y2") if len(trace["x"]) == 2]
    assert [(trace["x"], trace["y"]) for trace in sgd] == [([0.01, 1.0], [1, 1])]
    assert figure["layout"]["yaxis2"]["ticktext"] == ["missed"]
    main, band = figure["layout"]["yaxis"]["domain"], figure["layout"]["yaxis2"]["domain"]
    assert main[1] < band[0]
    assert figure["layout"]["yaxis"]["range"][1] == pytest.approx(math.log10(EPOCHS))


def test_without_a_miss_there_is_no_band() -> None:
    grid = {0: {rate: [20.0, 30.0, 40.0] for rate in (0.001, *RATES)}}
    layout = sensitivity_figure(*race(runs_of(grid)))["layout"]
    assert "yaxis2" not in layout


def test_the_area_lies_between_the_quartiles_and_reaches_the_edge_where_one_is_a_miss() -> None:
    (adam,) = named(sensitivity_figure(*race()), "Adam", fill="toself")
    # 20, 40, 60: quartiles 30 and 50. 10, 30 and a miss: 20 and a miss. Upper ends, then lower.
    assert adam["x"] == [0.01, 0.1, 0.1, 0.01, 0.01, None]
    assert adam["y"] == [50, EPOCHS, 20, 30, 50, None]


def test_an_area_of_one_rate_is_a_bar_that_is_seen() -> None:
    grid = {0: {0.01: [MISS] * 3, 0.1: [10, 20, 30], 1.0: [MISS] * 3}}
    (adam,) = named(sensitivity_figure(*race(runs_of(grid))), "Adam", fill="toself")
    left, right = adam["x"][:2]
    assert left < 0.1 < right < 0.11
    assert adam["y"] == [25, 25, 15, 15, 25, None]


def test_a_star_marks_the_default_rate_in_the_grid_and_outside_of_it() -> None:
    figure = sensitivity_figure(*race())
    stars = [
        (trace["name"], trace["x"], trace["y"], trace.get("yaxis"), trace["customdata"])
        for trace in figure["data"]
        if trace["mode"] == "markers" and trace["marker"]["symbol"] == "star"
        and "customdata" in trace
    ]  # fmt: skip
    assert stars == [
        ("Adam", [0.001], [90], None, [[0, 0.001, None]]),
        ("SGD", [0.01], [1], "y2", [[1, 0.01, None]]),
    ]
    low, high = figure["layout"]["xaxis"]["range"]
    assert low < math.log10(0.001)
    assert high > 0
    assert len(named(figure, "Keras’s default")) == 1


def test_without_default_rates_there_is_no_star() -> None:
    plan, scores, names = race([one for one in runs_of() if one.member.optimizer == 0])
    grid_only = race(
        [one for one in runs_of() if one.member[:2] not in ((0, 0.001), (1, 0.01))],
        defaults=False,
    )
    assert named(sensitivity_figure(plan, scores, names), "Keras’s default")
    assert not named(sensitivity_figure(*grid_only), "Keras’s default")


def test_the_target_of_a_loss_is_a_line_where_losses_are_drawn() -> None:
    def lines(figure: dict[str, dict[str, list[dict[str, object]]]]) -> list[object]:
        return [shape["y0"] for shape in figure["layout"]["shapes"] if shape["type"] == "line"]

    assert lines(sensitivity_figure(*race(), measure="best_loss")) == [0.1]
    assert lines(sensitivity_figure(*race())) == [EPOCHS]
    assert lines(sensitivity_figure(*race(), measure="seconds")) == []
    accuracy = race(target=Target("accuracy", 0.9))
    assert lines(sensitivity_figure(*accuracy, measure="best_loss")) == []
    label = sensitivity_figure(*accuracy)["layout"]["yaxis"]["title"]["text"]
    assert label == "Epochs to accuracy 90 %, median"


def test_a_label_on_a_logarithmic_axis_stands_at_an_exponent() -> None:
    (label,) = sensitivity_figure(*race(), measure="best_loss")["layout"]["annotations"]
    assert label["y"] == pytest.approx(-1)
    assert label["text"] == "Target 0.1"


def test_losses_of_zero_and_none_are_drawn() -> None:
    runs = [
        *(run(0, 0.01, seed, 5, loss=0.0) for seed in (3, 4, 5)),
        *(run(0, 0.1, seed, MISS, loss=None, non_finite_epoch=1) for seed in (3, 4, 5)),
    ]
    figure = sensitivity_figure(*race(runs), measure="best_loss")
    (curve,) = named(figure, "Adam", mode=MEDIANS)
    assert curve["y"] == [LEAST_LOSS, None]
    assert "Best loss: 0<br>" in curve["text"][0]
    (missed,) = named(figure, "Adam", yaxis="y2")
    assert missed["x"] == [0.1]


def test_the_reference_is_a_level_line_of_the_median_of_its_seeds() -> None:
    (line,) = named(sensitivity_figure(*race(), reference=reference(5, 9, 7)), "L-BFGS (SciPy)")
    assert set(line["y"]) == {7}
    assert line["line"] == {"color": "@text", "width": 1.5, "dash": "dash"}
    assert "customdata" not in line, "it is no run that can be opened"
    assert "evaluation of loss and gradient" in line["text"][0]


def test_a_reference_that_missed_lies_in_the_band() -> None:
    figure = sensitivity_figure(*race(), reference=reference(MISS, MISS, 7))
    (line,) = named(figure, "L-BFGS (SciPy)")
    assert line["yaxis"] == "y2"
    low, high = figure["layout"]["yaxis2"]["range"]
    assert high < set(line["y"]).pop() < low


def test_a_race_that_goes_on_shows_what_is_there() -> None:
    grid = {0: {0.001: [90], 0.01: [20, 40], 0.1: [10]}}
    figure = sensitivity_figure(*race(runs_of(grid)))
    (adam,) = named(figure, "Adam", mode=MEDIANS)
    assert (adam["x"], adam["y"]) == ([0.01, 0.1], [30, 10])
    assert "Reached by 2 of 2 seeds so far" in adam["text"][0]
    assert not named(figure, "SGD")


def test_before_the_first_run_it_says_so() -> None:
    layout = sensitivity_figure(*race([]))["layout"]
    assert [note["text"] for note in layout["annotations"]] == [NOTHING_YET]
    assert NOTHING_YET in layout["meta"]["alt"]


def test_the_chart_in_words_has_every_median() -> None:
    alt = sensitivity_figure(*race(), reference=reference(5, 9, 7))["layout"]["meta"]["alt"]
    assert "Adam: 40 at 0.01, 30 at 0.1, missed at 1; Keras’s default 0.001: 90." in alt
    assert "SGD: missed at 0.01, 50 at 0.1, missed at 1; Keras’s default 0.01: missed." in alt
    assert "L-BFGS (SciPy): 7." in alt
