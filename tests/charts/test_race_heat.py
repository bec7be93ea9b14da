"""What the heat strip draws, cell by cell."""

import math
from typing import Any

import pytest

from overfit_core.charts.race_heat import heat_figure
from overfit_core.charts.race_heat_cells import MOST_WRITTEN
from overfit_core.racing import rate_grid
from tests.charts.race_fakes import MISS, named, race, run, runs_of


def cells(figure: dict[str, Any], name: str, part: str = "z") -> list[list[Any]]:
    (found,) = named(figure, name)
    rows: list[list[Any]] = found[part]
    return rows


def test_colour_is_the_logarithm_of_the_median_and_a_miss_is_grey() -> None:
    figure = heat_figure(*race())
    assert cells(figure, "Reached") == [
        [pytest.approx(math.log10(40)), pytest.approx(math.log10(30)), None],
        [None, pytest.approx(math.log10(50)), None],
    ]
    assert cells(figure, "Missed") == [[None, None, 0.0], [0.0, None, 0.0]]
    (reached,) = named(figure, "Reached")
    assert (reached["zmin"], reached["zmax"]) == (math.log10(30), math.log10(50))
    assert reached["reversescale"] is True
    (missed,) = named(figure, "Missed")
    assert {colour for _, colour in missed["colorscale"]} == {"@grid"}


def test_a_cell_says_its_median_and_how_many_seeds_reached_where_not_all_did() -> None:
    figure = heat_figure(*race())
    assert cells(figure, "Reached", "text") == [["40", "30<br>2/3", ""], ["", "50", ""]]
    assert cells(figure, "Missed", "text") == [["", "", "–"], ["–", "", "–<br>1/3"]]
    said = cells(figure, "Reached", "hovertext")[0][1]
    assert said == (
        "Adam, learning rate 0.1<br>Epochs to target: 30 (middle half 20 to missed)<br>"
        "Reached by 2 of 3 seeds"
    )


def test_every_cell_names_the_runs_that_a_click_opens() -> None:
    data = cells(heat_figure(*race()), "Missed", "customdata")
    assert data[1] == [[1, 0.01, None], [1, 0.1, None], [1, 1.0, None]]
    assert data == cells(heat_figure(*race()), "Reached", "customdata")


@pytest.mark.parametrize(
    ("epochs", "said"),
    [(7, "7"), (999, "999"), (999.5, "1.0k"), (1234, "1.2k"), (9960, "10k"), (1e5, "100k"),
     (999_600, "1.0M"), (2e6, "2.0M")],
)  # fmt: skip
def test_a_number_fits_its_cell(epochs: float, said: str) -> None:
    figure = heat_figure(*race([run(0, 0.01, 3, epochs)]))
    assert cells(figure, "Reached", "text")[0][0] == said


def test_the_best_cell_of_each_row_has_a_frame_dotted_where_none_reaches_the_target() -> None:
    grid = {0: {0.01: [20.0], 0.1: [10.0]}, 1: {0.01: [MISS], 0.1: [MISS]}}
    shapes = heat_figure(*race(runs_of(grid)))["layout"]["shapes"]
    assert [(shape["x0"], shape["x1"], shape["line"]["dash"]) for shape in shapes] == [
        (0.5, 1.5, "solid"),
        (-0.5, 0.5, "dot"),
    ]
    assert all(shape["y0"] < place < shape["y1"] for place, shape in enumerate(shapes))


def test_a_triangle_points_to_the_default_rate_between_or_beside_the_columns() -> None:
    figure = heat_figure(*race())
    (marks,) = named(figure, "Keras’s default rate")
    # 0.001 lies below the grid, 0.01 is its first rate.
    outside, first = marks["x"]
    assert outside < -0.5
    assert first == 0
    assert figure["layout"]["xaxis"]["range"][0] < outside
    assert marks["customdata"] == [[0, 0.001, None], [1, 0.01, None]]
    assert "Epochs to target: 90" in marks["text"][0]
    plan, scores, names = race(learning_rates=(0.0001, 0.01, 1.0))
    (marks,) = named(heat_figure(plan, scores, names), "Keras’s default rate")
    assert marks["x"] == [pytest.approx(0.5), pytest.approx(1.0)]


def test_where_cells_are_narrow_a_ring_stands_for_the_numbers() -> None:
    rates = rate_grid(MOST_WRITTEN + 1)
    runs = [run(0, rates[4], 3, 20), run(0, rates[4], 4, MISS), run(0, rates[5], 3, 20)]
    figure = heat_figure(*race(runs, learning_rates=rates))
    assert not any(text for row in cells(figure, "Reached", "text") for text in row)
    (rings,) = named(figure, "Missed by some seeds")
    assert (rings["x"], rings["y"]) == ([4], [0])
    assert not named(heat_figure(*race()), "Missed by some seeds")


def test_the_axis_names_few_rates_each_and_of_many_the_powers_of_ten() -> None:
    assert heat_figure(*race())["layout"]["xaxis"]["ticktext"] == ["0.01", "0.1", "1"]
    rates = rate_grid(7)  # 1e-5, 1e-4, … 10
    axis = heat_figure(*race([run(0, rates[0], 3, 9)], learning_rates=rates))["layout"]["xaxis"]
    assert axis["tickvals"] == [0, 2, 4, 6]
    assert axis["ticktext"] == ["10<sup>−5</sup>", "10<sup>−3</sup>", "10<sup>−1</sup>", "10"]


@pytest.mark.parametrize(
    ("rates", "places", "said"),
    [
        ((0.002, 0.003, 0.004, 0.006, 0.008), [0, 4], ["0.002", "0.008"]),
        ((0.005, 0.01, 0.02, 0.03, 0.04), [0, 4], ["0.005", "0.04"]),
        ((0.01, 0.02, 0.03, 0.05, 0.1), [0, 4], ["10<sup>−2</sup>", "10<sup>−1</sup>"]),
    ],
)
def test_with_less_than_two_powers_of_ten_the_axis_names_its_ends(
    rates: tuple[float, ...], places: list[int], said: list[str]
) -> None:
    figure = heat_figure(*race([run(0, rates[0], 3, 9)], learning_rates=rates))
    axis = figure["layout"]["xaxis"]
    assert (axis["tickvals"], axis["ticktext"]) == (places, said)


def test_what_has_not_run_yet_is_empty() -> None:
    figure = heat_figure(*race([run(0, 0.1, 3, 20)]))
    assert cells(figure, "Missed") == [[None] * 3, [None] * 3]
    assert cells(figure, "Reached")[1] == [None] * 3
    assert figure["layout"]["yaxis"]["ticktext"] == ["Adam", "SGD"]


def test_where_nothing_is_reached_the_axis_explains_the_grey() -> None:
    figure = heat_figure(*race([run(0, 0.1, 3, MISS)]))
    (reached,) = named(figure, "Reached")
    assert reached["showscale"] is False
    assert "grey: missed" in figure["layout"]["xaxis"]["title"]["text"]


def test_the_strip_in_words() -> None:
    alt = heat_figure(*race())["layout"]["meta"]["alt"]
    assert "2 optimizers by 3 learning rates" in alt
    assert "Adam: best at 0.1 with 30 epochs; 1 of 3 rates reach it on all seeds." in alt
    assert "SGD: best at 0.1 with 50 epochs; 1 of 3 rates reach it on all seeds." in alt
