"""Every chart of a race: told apart, in its own words, and sound as JSON."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from overfit_core.charts.legend import legend_height
from overfit_core.charts.race_best import best_figure, members_of_best
from overfit_core.charts.race_defaults import defaults_figure
from overfit_core.charts.race_expected import expected_figure
from overfit_core.charts.race_heat import heat_figure
from overfit_core.charts.race_looks import race_looks
from overfit_core.charts.race_parts import NOTE, around
from overfit_core.charts.race_profile import profile_figure
from overfit_core.charts.race_sensitivity import sensitivity_figure
from overfit_core.charts.theme import COLOURS, themed
from overfit_core.comparison.target import Target
from overfit_core.optimizers import OPTIMIZERS
from overfit_core.racing.names import optimizer_names
from overfit_core.racing.profiles import profile_curves
from overfit_core.training.history import History
from tests.charts.race_fakes import MISS, race, race_plan, reference, run, runs_of

Race = tuple[Any, Any, Any]
LOSSES = History({"loss": [1.0, 0.5, math.nan]})


def best_of(one: Race) -> dict[str, Any]:
    plan, scores, names = one
    fitted = reference(5, 7, 9)
    histories = dict.fromkeys(members_of_best(plan, scores, fitted), LOSSES)
    return best_figure(plan, scores, names, histories, reference=fitted)


def profile_of(one: Race) -> dict[str, Any]:
    plan, scores, _ = one
    return profile_figure(plan, profile_curves([(plan, scores)]), tasks=1)


FIGURES: dict[str, Callable[[Race], dict[str, Any]]] = {
    "epochs": lambda one: sensitivity_figure(*one, reference=reference(5, 7, 9)),
    "seconds": lambda one: sensitivity_figure(*one, measure="seconds"),
    "loss": lambda one: sensitivity_figure(*one, measure="best_loss", reference=reference(MISS)),
    "heat": lambda one: heat_figure(*one),
    "best": best_of,
    "defaults": lambda one: defaults_figure(*one),
    "expected": lambda one: expected_figure(*one),
    "profile": profile_of,
}
RACES: dict[str, Callable[[], Race]] = {
    "whole": race,
    "partial": lambda: race([run(0, 0.1, 3, 9)]),
    "nothing": lambda: race([]),
    "missed": lambda: race(
        [run(0, rate, 3, MISS, loss=None, non_finite_epoch=1) for rate in (0.01, 0.1)]
    ),
    "one rate": lambda: race(
        [run(place, 0.1, 3, 9) for place in (0, 1)], learning_rates=(0.1,), defaults=False
    ),
    "accuracy": lambda: race(target=Target("accuracy", 1.0)),
    "one epoch": lambda: race([run(0, 0.1, 3, 1), run(1, 0.1, 3, 1)]),
}


@pytest.mark.parametrize("made", RACES.values(), ids=list(RACES))
@pytest.mark.parametrize("draw", FIGURES.values(), ids=list(FIGURES))
def test_every_chart_of_every_race_is_sound(
    draw: Callable[[Race], dict[str, Any]], made: Callable[[], Race]
) -> None:
    figure = draw(made())
    written = json.dumps(figure, allow_nan=False)
    layout = figure["layout"]
    assert layout["title"]["subtitle"]["text"] == NOTE
    assert NOTE in layout["meta"]["alt"]
    assert layout["height"] > layout["margin"]["t"] + layout["margin"]["b"]
    shown = json.dumps(themed(json.loads(written), "dark"))
    assert not any(f'"@{name}"' in shown for name in COLOURS["dark"])
    for trace in figure["data"]:
        silent = trace.get("hoverinfo") == "skip"
        if silent:
            assert "customdata" not in trace
        if trace["type"] == "scatter" and not silent:
            opened = trace.get("customdata", [[0, 0.1, None]] * len(trace["x"]))
            assert len(trace["x"]) == len(trace["y"]) == len(opened)
            assert all(place >= 0 and rate is not None for place, rate, _ in opened)
        for axis in ("xaxis", "yaxis"):
            assert trace.get(axis, axis[0]).replace(axis[0], axis) in layout
    for axis in (layout["xaxis"], layout["yaxis"]):
        low, high = axis["range"]
        assert math.isfinite(low)
        assert low != high


def test_optimizers_are_told_apart_by_colour_and_symbol_and_variants_by_dash_too() -> None:
    optimizers: list[dict[str, Any]] = [{"name": name} for name in list(OPTIMIZERS)[:-3]]
    optimizers += [{"name": "SGD", "arguments": {"momentum": one}} for one in (0.5, 0.9, 0.99)]
    plan = race_plan(optimizers=optimizers)
    looks = race_looks(plan, optimizer_names(plan))
    assert len({(look.colour, look.symbol) for look in looks}) == 14
    sgd = [look for look in looks if look.name.startswith("SGD")]
    assert [look.dash for look in sgd] == ["solid", "dash", "dot", "dashdot"]
    assert {look.colour for look in sgd} == {"@vermillion"}
    # Adadelta keeps its own, though it comes after a variant of its colour.
    assert sgd[0].symbol == "circle"
    assert next(look for look in looks if look.name == "Adadelta").symbol == "diamond"


def test_a_name_that_looks_like_markup_is_shown_as_it_stands() -> None:
    look, _ = race_looks(race_plan(), ["<b>Adam</b>", "SGD"])
    assert look.name == "&lt;b&gt;Adam&lt;/b&gt;"


def test_a_logarithmic_axis_shows_every_value_over_a_decade_at_least() -> None:
    low, high = around([3.0, 5.0, MISS, 0.0])
    assert low < 3 < 5 < high
    assert high / low == pytest.approx(10)
    assert around([3.0], 300.0)[1] == 300
    low, high = around([200.0], 300.0)
    assert (low, high) == (pytest.approx(30), 300)
    assert around([]) == (pytest.approx(10**-0.5), pytest.approx(10**0.5))


def test_the_legend_takes_a_row_for_each_name_that_a_phone_cannot_put_beside_another() -> None:
    long = ["SGD, momentum 0.9"] * 3
    assert legend_height([]) == 0
    assert legend_height(["Adam", "SGD"]) < legend_height(long)
    assert legend_height(long * 10) == legend_height(long * 20)
    # A desk needs fewer rows of it, and the browser gives the rest back.
    assert legend_height(long, 700) < legend_height(long)


def test_a_race_of_everything_fits_into_a_message() -> None:
    rates = tuple(1e-5 * 1.4**place for place in range(36))
    plan_of = {"optimizers": [{"name": name} for name in OPTIMIZERS], "learning_rates": rates}
    runs = [
        run(place, rate, seed, MISS if rate > 0.1 else 10 + place)
        for place in range(14)
        for rate in rates
        for seed in (3, 4, 5)
    ]
    whole = race(runs, **plan_of)
    for draw in FIGURES.values():
        assert len(json.dumps(draw(whole))) < 400_000


def test_runs_of_an_optimizer_that_waits_are_no_hindrance() -> None:
    grid = {1: {0.01: [9.0, 9.0, 9.0]}}
    for draw in FIGURES.values():
        assert draw(race(runs_of(grid)))["layout"]["title"]["text"]
