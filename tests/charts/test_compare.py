import json
from typing import Any

import numpy as np
import pytest

from overfit_core.charts.compare import compare_figure
from overfit_core.charts.compare_looks import EXPLAINS, NAMED_CURVES
from overfit_core.charts.legend import MOST_LEGEND
from overfit_core.charts.theme import COLOURS, themed
from overfit_core.comparison.run import ComparedRun
from overfit_core.training.history import History
from tests.charts.reading import decoded, points
from tests.comparison.making import history_of, run_of, spec_of, summary_of

LOSS = [1.0, 0.5, 0.25, 0.125]


def simple(run_id: str, optimizer: str = "Adam", rate: float = 0.01, **given: Any) -> ComparedRun:  # noqa: ANN401
    return run_of(run_id, spec_of(optimizer, rate), history_of(LOSS), **given)


def seeds(*losses: float, optimizer: str = "Adam") -> list[ComparedRun]:
    return [
        run_of(f"{optimizer}{seed}", spec_of(optimizer, seed=seed), history_of([loss] * 4))
        for seed, loss in enumerate(losses)
    ]


def many(runs: int, epochs: int) -> list[ComparedRun]:
    draw = np.random.default_rng(0)
    optimizers, rates = ("Adam", "SGD", "RMSprop", "Muon", "Lion"), (1e-4, 1e-3, 0.02, 0.03, 0.1)
    return [
        run_of(
            f"r{place}",
            spec_of(optimizers[place % 5], rates[place // 5 % 5], seed=place // 25),
            History({"loss": draw.random(epochs)}),
        )
        for place in range(runs)
    ]


def traces_of(figure: dict[str, Any], mode: str = "lines") -> dict[str, dict[str, Any]]:
    return {t["name"]: t for t in figure["data"] if "name" in t and mode in t["mode"]}


def test_colour_is_the_optimizer_and_dash_the_learning_rate() -> None:
    runs = [simple("a", rate=0.1), simple("b", rate=0.01), simple("c", "SGD", 0.01)]
    lines = traces_of(compare_figure(runs, "loss"))
    looks = {name: (t["line"]["color"], t["line"]["dash"]) for name, t in lines.items()}
    assert looks == {
        "Adam 0.1": ("@blue", "dash"),
        "Adam 0.01": ("@blue", "solid"),
        "SGD 0.01": ("@vermillion", "solid"),
    }


def test_a_colour_that_a_person_gave_comes_before_the_optimizers() -> None:
    runs = [simple("a", colour="green"), simple("b", "SGD", colour="javascript:alert(1)")]
    colours = [t["line"]["color"] for t in compare_figure(runs, "loss")["data"]]
    assert colours == ["@green", "@vermillion"]


def test_curves_hold_the_recorded_values() -> None:
    (drawn,) = compare_figure([simple("a")], "loss")["data"]
    epochs, values = points(drawn)
    np.testing.assert_array_equal(epochs, [1, 2, 3, 4])
    np.testing.assert_array_equal(values, LOSS)
    assert drawn["hovertemplate"] == "%{y:.6~g}"


def test_seconds_are_epochs_times_training_time_without_compiling() -> None:
    summary = summary_of(4, train_seconds=2.0, compile_seconds=100.0)
    runs = [simple("a", summary=summary), simple("b", "SGD", seconds=8.0), simple("c", "Lion")]
    figure = compare_figure(runs, "loss", x="seconds")
    # The third one has no time, and is left out.
    xs = [points(t)[0].tolist() for t in figure["data"]]
    assert xs == [[0.5, 1.0, 1.5, 2.0], [2.0, 4.0, 6.0, 8.0]]


def test_runs_without_the_column_are_left_out() -> None:
    runs = [simple("a"), run_of("b", spec_of("SGD"), history_of(LOSS, val_loss=LOSS))]
    assert list(traces_of(compare_figure(runs, "val_loss"))) == ["SGD 0.01"]
    assert compare_figure(runs, "gradient_norm/dense_1")["data"] == []
    assert compare_figure([], "loss", target=0.1)["data"] == []


def test_a_band_holds_median_and_quartiles_of_the_seeds() -> None:
    figure = compare_figure(seeds(1.0, 2.0, 3.0, 4.0, 9.0), "loss")
    median = traces_of(figure)["Adam 0.01, median of 5 seeds"]
    np.testing.assert_array_equal(points(median)[1], [3.0] * 4)
    area = next(t for t in figure["data"] if t.get("fill") == "toself")
    np.testing.assert_array_equal(decoded(area["y"]), [4.0] * 4 + [2.0] * 4)
    np.testing.assert_array_equal(decoded(area["x"]), [1, 2, 3, 4, 4, 3, 2, 1])
    quartiles = decoded(median["customdata"]).reshape(4, 2)
    np.testing.assert_array_equal(quartiles, [[2.0, 4.0]] * 4)


def test_a_band_stays_when_other_runs_come_go_or_are_hidden() -> None:
    group = seeds(1.0, 2.0, 6.0)

    def band(figure: dict[str, Any]) -> list[dict[str, Any]]:
        return [t for t in figure["data"] if t.get("meta") == group[0].group]

    alone = band(compare_figure(group, "loss"))
    others = [*seeds(3.0, 4.0, optimizer="SGD"), *many(40, 3_000)]
    assert len(alone) == 2
    assert [t["y"] for t in band(compare_figure(group + others, "loss"))] == [t["y"] for t in alone]
    assert band(compare_figure(group, "loss", hidden=["Adam1"])) == alone
    assert band(compare_figure(group, "loss", hidden=[run.id for run in group])) == []
    assert band(compare_figure(group, "loss", bands=False)) == []


def test_hiding_a_run_changes_no_dash_and_no_name() -> None:
    runs = [simple("a", rate=0.001), simple("b", rate=0.01), simple("c", rate=0.1)]
    shown = compare_figure(runs, "loss")["data"]
    assert compare_figure(runs, "loss", hidden=["a"])["data"] == shown[1:]


def test_a_diverged_run_ends_with_a_cross() -> None:
    run = run_of("a", spec_of("SGD"), history_of([1.0, 8.0, np.inf], accuracy=[0.5, 0.25, 0.0]))
    for column, end in (("loss", 8.0), ("accuracy", 0.25)):
        cross = traces_of(compare_figure([run], column), "markers")["Diverged"]
        assert [values.tolist() for values in points(cross)] == [[2], [end]]
        assert cross["text"] == ["SGD 0.01 diverged at epoch 3"]
        assert cross["marker"]["color"] == ["@vermillion"]


def test_a_run_looks_alike_and_has_one_name_in_every_chart() -> None:
    sgd = run_of("b", spec_of("SGD", 0.1, seed=2), history_of(LOSS, val_loss=LOSS))
    runs = [simple("a", rate=0.001), simple("c", rate=0.01), sgd]
    (alone,) = compare_figure(runs, "val_loss")["data"]
    beside = next(t for t in compare_figure(runs, "loss")["data"] if t["name"] == alone["name"])
    assert alone["name"] == "SGD 0.1, seed 2"
    assert alone["line"] == beside["line"]


def test_what_a_person_typed_is_no_markup_and_no_colour() -> None:
    bad = history_of([1.0, np.nan])
    names = {
        "<a href='x'>": "&lt;a href='x'&gt;",
        'a & "b"': 'a &amp; "b"',
        "@blue": "\u200b@blue",
    }
    for typed, shown in names.items():
        runs = [run_of("a", spec_of(name=typed), bad, title=typed), simple("b", "SGD")]
        figure = themed(compare_figure(runs, "loss"), "light")
        (line, _, cross) = figure["data"]
        assert line["name"] == shown
        assert cross["text"] == [f"{shown} diverged at epoch 2"]
        assert f"{typed}: 1 at epoch 1" in figure["layout"]["meta"]["alt"]
        group = [
            run_of(str(k), spec_of(seed=k, name=typed), history_of(LOSS), title=typed)
            for k in (1, 2)
        ]
        assert f"{shown}, median of 2 seeds" in traces_of(compare_figure(group, "loss"))


def test_faint_seeds_come_and_go_with_their_median() -> None:
    data = compare_figure(seeds(1.0, 2.0, 3.0), "loss")["data"]
    assert len({t["legendgroup"] for t in data}) == 1
    assert sum(t["showlegend"] for t in data) == 1


def looks(figure: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [
        (t["line"]["color"], t["line"]["dash"], t["marker"].get("symbol"))
        for t in figure["data"]
        if t["showlegend"]
    ]


def test_no_two_entries_of_the_legend_look_alike() -> None:
    rates = [simple(f"r{k}", rate=0.001 * k) for k in range(1, 32)]
    beside = [simple(f"m{k}", "Adamax", 0.001 * k) for k in range(1, 15)]
    sizes = [
        run_of(f"s{k}", spec_of(batch={"source": "iris", "samples": k}), history_of(LOSS))
        for k in range(2, 9)
    ]
    groups = [
        run_of(f"{k}/{seed}", spec_of(seed=seed, training={"seed": seed, "epochs": 10 + k}),
               history_of(LOSS))
        for k in range(3) for seed in (1, 2)
    ]  # fmt: skip
    for runs in (rates + beside, sizes, groups):
        found = looks(compare_figure(runs, "loss"))
        assert len(found) > 2
        assert len(set(found)) == len(found)
    assert looks(compare_figure(rates[:10], "loss"))[0] == ("@blue", "solid", None)


def test_seconds_say_what_they_count() -> None:
    done, live = simple("a", summary=summary_of(4)), simple("b", "SGD", seconds=8.0, ended=False)

    def title(*runs: ComparedRun) -> str:
        return compare_figure(runs, "loss", x="seconds")["layout"]["xaxis"]["title"]["text"]

    assert title(done) == "Training time, seconds (compiling left out)"
    assert title(done, live).endswith("left out only where a run has its result)")


def test_a_run_that_diverged_at_once_draws_nothing() -> None:
    run = run_of("a", spec_of(), history_of([np.nan]))
    assert compare_figure([run], "loss")["data"] == []


def test_the_target_is_a_line_with_its_value_on_both_axes() -> None:
    for log, place in ((True, -2.0), (False, 0.01)):
        layout = compare_figure([simple("a")], "loss", target=0.01, log_y=log)["layout"]
        assert layout["shapes"][0]["y0"] == layout["shapes"][0]["y1"] == 0.01
        assert layout["annotations"][0]["text"] == "Target 0.01"
        assert layout["annotations"][0]["y"] == pytest.approx(place)
    none = compare_figure([simple("a")], "loss", target=0.0, log_y=True)["layout"]
    assert none["shapes"] == []


def test_few_runs_are_named_one_by_one_and_many_by_what_they_look_like() -> None:
    few = compare_figure(many(5, 3), "loss")["data"]
    assert sum(t["showlegend"] for t in few) == 5
    batches = [{"source": "iris", "samples": count} for count in range(2, 20)]
    assert len(batches) > NAMED_CURVES
    same = [run_of(f"s{k}", spec_of(batch=b), history_of(LOSS)) for k, b in enumerate(batches)]
    entries = [t for t in compare_figure(same, "loss")["data"] if t["showlegend"]]
    assert [t["name"] for t in entries] == ["Adam 0.01"]


@pytest.mark.parametrize("seeds", [1, 2])
def test_very_many_are_named_by_optimizer_and_learning_rate_apart(seeds: int) -> None:
    runs = many(25 * seeds, 30)
    data = compare_figure([*runs, simple("own", colour="purple")], "loss", baseline="r0")["data"]
    entries = {t["name"]: t for t in data if t["showlegend"]}
    optimizers, rates = ["Adam", "SGD", "RMSprop", "Muon", "Lion"], [0.0001, 0.001, 0.02, 0.03, 0.1]
    alone = [name for name in entries if name.startswith(("Baseline: Adam 0.0001", "Adam 0.01"))]
    assert len(alone) == 2
    assert set(entries) == {*optimizers, *alone, *(f"rate {rate}" for rate in rates)}
    curves = [t for t in data if t.get("hoverinfo") != "skip" and t["name"] not in entries]
    assert len(curves) == (24 if seeds == 1 else 25)
    for curve in curves:
        optimizer, rate = curve["name"].split(",")[0].split()
        assert curve["legendgroup"] == optimizer
        assert curve["line"]["color"] == entries[optimizer]["line"]["color"]
        assert curve["line"]["dash"] == entries[f"rate {rate}"]["line"]["dash"]
        assert curve["marker"].get("symbol") == entries[optimizer]["marker"].get("symbol")
    assert all(entries[f"rate {rate}"]["meta"] == EXPLAINS for rate in rates)
    assert len({entries[f"rate {rate}"]["line"]["dash"] for rate in rates}) == len(rates)


def test_fifty_runs_stay_small_and_keep_the_room_of_the_chart() -> None:
    figure = compare_figure(many(50, 2_000), "loss", target=0.1)
    assert len(json.dumps(figure)) < 900_000
    layout = figure["layout"]
    assert layout["legend"]["maxheight"] == MOST_LEGEND
    assert layout["height"] <= 400 + MOST_LEGEND
    assert layout["hovermode"] == "closest"
    assert all("fullData.name" in t["hovertemplate"] for t in figure["data"] if "median" in str(t))


def test_the_baseline_is_bold_and_says_so() -> None:
    runs = [simple("a"), simple("b", "SGD")]
    lines = traces_of(compare_figure(runs, "loss", baseline="b"))
    assert {name: t["line"]["width"] for name, t in lines.items()} == {
        "Adam 0.01": 2.0,
        "Baseline: SGD 0.01": 4.0,
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_is_one_of_the_theme_and_plotly_takes_the_figure(theme: Any) -> None:  # noqa: ANN401
    graph_objects = pytest.importorskip("plotly.graph_objects")
    runs = [*many(12, 30), *seeds(1.0, 2.0), run_of("x", spec_of(), history_of([1.0, np.inf]))]
    figure = compare_figure(runs, "loss", log_x=True, target=0.1, baseline="r1")
    json.dumps(figure, allow_nan=False)
    drawn = themed(figure, theme)
    assert '"@' not in json.dumps(drawn)
    used = {t["line"]["color"] for t in drawn["data"] if "line" in t}
    assert used <= set(COLOURS[theme].values())
    graph_objects.Figure(drawn)


def test_the_chart_says_in_words_what_it_shows() -> None:
    alt = compare_figure(seeds(1.0, 2.0), "loss", target=0.1)["layout"]["meta"]["alt"]
    assert alt.startswith("Line chart of Loss by epoch, logarithmic axis: 2 runs. Target 0.1.")
    assert "Median and quartiles over the seeds of 1 setting." in alt
    assert "1 at epoch 1, 1 at epoch 4" in alt


def test_a_thinned_curve_on_a_logarithmic_axis_keeps_its_first_epochs() -> None:
    figure = compare_figure(many(50, 2_000), "loss", log_x=True, bands=False)
    epochs, values = points(figure["data"][0])
    assert len(epochs) <= 480
    # The first twenty epochs take four tenths of the axis.
    assert set(range(1, 21)) <= set(epochs.tolist())
    assert epochs[-1] == 2_000
    recorded = many(1, 2_000)[0].lines["loss"].values
    np.testing.assert_array_equal(values, recorded[epochs - 1])
