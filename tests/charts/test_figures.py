import json

import numpy as np
import pytest

from overfit_core.charts.accuracy import accuracy_figure
from overfit_core.charts.figure import MAX_POINTS, Mark, plot_text
from overfit_core.charts.learning_rate import learning_rate_figure
from overfit_core.charts.loss import loss_figure
from overfit_core.charts.probes import PROBES, probe_figure, recorded_probes
from overfit_core.training.history import History
from tests.charts.reading import points

EPOCHS = np.arange(1, 101)


def full_history() -> History:
    loss = np.exp(-EPOCHS / 20)
    columns = {"loss": loss, "accuracy": EPOCHS / 100, "learning_rate": np.full(100, 0.01)}
    for prefix in ("inference_", "val_"):
        columns |= {f"{prefix}loss": loss * 2, f"{prefix}accuracy": EPOCHS / 200}
    for probe in PROBES:
        columns |= {f"{probe}/{layer}": loss for layer in ("dense_1", "dense_2", "head")}
    return History(columns)


def test_the_loss_is_drawn_as_it_was_recorded() -> None:
    (training, *_) = loss_figure(full_history(), "Adam")["data"]
    epochs, values = points(training)
    np.testing.assert_array_equal(epochs, EPOCHS)
    np.testing.assert_array_equal(values, np.exp(-EPOCHS / 20))


@pytest.mark.parametrize("figure", [loss_figure, accuracy_figure])
def test_curves_of_one_chart_differ_by_more_than_colour(figure) -> None:  # noqa: ANN001
    traces = figure(full_history(), "Adam")["data"]
    assert [trace["name"] for trace in traces] == ["Training", "Inference", "Held out"]
    assert len({trace["marker"].get("symbol") for trace in traces}) == 3


def test_only_what_was_recorded_is_drawn() -> None:
    history = History({"loss": [1.0], "r2": [0.5], "learning_rate": [0.1]})
    assert len(loss_figure(history, "SGD")["data"]) == 1
    assert recorded_probes(history) == ()


def test_a_logarithmic_axis_leaves_out_what_has_no_logarithm() -> None:
    history = History({"loss": [1.0, 0.0, -1.0, np.inf, 0.5]})
    (trace,) = loss_figure(history, "Adam", log=True)["data"]
    np.testing.assert_array_equal(points(trace)[1], [1.0, np.nan, np.nan, np.nan, 0.5])


@pytest.mark.parametrize("score", ["accuracy", "r2"])
def test_the_epoch_that_diverged_has_no_score(score: str) -> None:
    history = History({"loss": [1.0, 2.0, np.inf], score: [0.5, -0.5, 0.0]})
    (trace,) = accuracy_figure(history, "Adam")["data"]
    np.testing.assert_array_equal(points(trace)[1], [0.5, -0.5, np.nan])


def test_a_linear_axis_leaves_out_only_what_is_not_finite() -> None:
    history = History({"loss": [1.0, 0.0, -1.0, np.nan]})
    figure = loss_figure(history, "Adam", log=False)
    np.testing.assert_array_equal(points(figure["data"][0])[1], [1.0, 0.0, -1.0, np.nan])
    assert figure["layout"]["yaxis"]["type"] == "linear"


@pytest.mark.parametrize(
    ("low", "ticks"),
    [
        (0.5, {"tickformat": "~g"}),
        (0.05, {"tickformat": "~g", "dtick": "D2"}),
        (1e-4, {"tickformat": "~g", "dtick": 1}),
        (1e-20, {"exponentformat": "power"}),
    ],
)
def test_a_logarithmic_axis_has_as_many_ticks_as_can_be_read(
    low: float, ticks: dict[str, object]
) -> None:
    axis = loss_figure(History({"loss": [1.0, low]}), "Adam")["layout"]["yaxis"]
    assert axis["type"] == "log"
    named = {"tickformat", "dtick", "exponentformat"} & set(axis)
    assert {name: axis[name] for name in named} == ticks


def test_what_is_sent_of_a_long_run_is_bounded() -> None:
    epochs = np.arange(1, 200_001)
    columns = {f"gradient_norm/dense_{i}": 1 / epochs for i in range(1, 33)} | {"loss": 1 / epochs}
    history = History(columns)
    (loss,) = loss_figure(history, "Adam")["data"]
    assert len(points(loss)[0]) <= MAX_POINTS
    figure = probe_figure(history, "gradient_norm", "Adam")
    assert len(json.dumps(figure)) < 250_000
    assert {int(points(trace)[0][-1]) for trace in figure["data"]} == {200_000}


def test_one_epoch_is_drawn_as_a_point() -> None:
    (trace,) = loss_figure(History({"loss": [1.0]}), "Adam")["data"]
    assert trace["mode"] == "lines+markers"


def test_r_squared_stands_in_for_accuracy_and_is_cut_off_far_below_zero() -> None:
    figure = accuracy_figure(History({"r2": [-300.0, 0.2, 0.9]}), "Adam")
    assert figure["layout"]["title"]["text"].startswith("R²")
    assert figure["layout"]["yaxis"]["range"][0] == pytest.approx(-1.05)


def test_a_history_without_a_score_is_refused_with_its_columns() -> None:
    with pytest.raises(ValueError, match=r"only \['loss'\]"):
        accuracy_figure(History({"loss": [1.0]}), "Adam")


def test_a_probe_has_a_line_for_each_layer_in_the_order_of_the_network() -> None:
    figure = probe_figure(full_history(), "dead_share", "Adam")
    assert [trace["name"] for trace in figure["data"]] == ["dense_1", "dense_2", "head"]
    assert len({trace["marker"]["symbol"] for trace in figure["data"]}) == 3
    strengths = [trace["opacity"] for trace in figure["data"]]
    assert strengths == sorted(strengths)
    assert strengths[-1] == 1


def test_marks_stand_at_their_epoch() -> None:
    figure = loss_figure(full_history(), "Adam", marks=[Mark(74, "memorised at 74")])
    assert figure["layout"]["shapes"][0]["x0"] == 74
    assert figure["layout"]["annotations"][0]["text"] == "memorised at 74"


def test_the_zoom_is_kept_for_one_run_and_given_up_for_another() -> None:
    figures = [loss_figure(full_history(), "Adam", revision=run) for run in ("a", "a", "b")]
    revisions = [figure["layout"]["uirevision"] for figure in figures]
    assert revisions == ["a", "a", "b"]


@pytest.mark.parametrize(
    "figure",
    [
        loss_figure(full_history(), "Adam"),
        accuracy_figure(full_history(), "Adam"),
        learning_rate_figure(full_history(), "Adam"),
        *(probe_figure(full_history(), probe, "Adam") for probe in PROBES),
    ],
    ids=lambda figure: figure["layout"]["title"]["text"],
)
def test_every_chart_says_in_words_what_it_shows_and_is_plain_json(figure) -> None:  # noqa: ANN001
    alt = figure["layout"]["meta"]["alt"]
    assert alt.startswith("Line chart of ")
    assert "at epoch 1," in alt
    assert "at epoch 100" in alt
    assert figure["layout"]["meta"]["epoch"] == 100
    json.dumps(figure, allow_nan=False)


def test_figures_are_what_plotly_takes() -> None:
    graph_objects = pytest.importorskip("plotly.graph_objects")
    from overfit_core.charts.theme import themed

    for theme in ("light", "dark"):
        graph_objects.Figure(themed(loss_figure(full_history(), "Adam"), theme))


def test_a_colour_that_a_person_gave_is_that_of_every_chart_of_the_run() -> None:
    figures = [
        loss_figure(full_history(), "Adam", colour="green"),
        accuracy_figure(full_history(), "Adam", colour="green"),
        learning_rate_figure(full_history(), "Adam", colour="green"),
        probe_figure(full_history(), "gradient_norm", "Adam", colour="green"),
    ]
    for figure in figures:
        assert figure["data"][0]["line"]["color"] == "@green"


def test_a_title_stands_at_the_left_in_every_chart() -> None:
    layout = loss_figure(full_history(), "Adam")["layout"]
    assert layout["title"] == {"text": "Loss, logarithmic axis"}
    assert layout["template"]["layout"]["title"]["xref"] == "paper"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("plain", "plain"),
        ("<b>a</b>", "&lt;b&gt;a&lt;/b&gt;"),
        ("&amp;", "&amp;amp;"),
        ("\"'", "\"'"),
        ("@blue", "\u200b@blue"),
        ("a@b", "a@b"),
    ],
)
def test_plotly_shows_a_text_as_it_was_typed(typed: str, shown: str) -> None:
    assert plot_text(typed) == shown
