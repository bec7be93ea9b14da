import json
import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from overfit_core.charts.evidence import evidence_figure, evidence_rows
from overfit_core.charts.theme import COLOURS, themed
from overfit_core.diagnosis.facts import Drawing
from tests.charts.reading import points

BARS = Drawing(
    "bars", "Columns are large.", ("a", "b", "c"), (500.0, 2.0, None),
    axis="Largest absolute value", marked=(0,), band=(None, 10.0), log=True,
)  # fmt: skip
RANGES = Drawing(
    "ranges", "Labels lie outside.", ("relu gives", "labels"), ((0.0, None), (-3.0, 4.0)),
    axis="Value", marked=(1,),
)  # fmt: skip
LINES = Drawing(
    "lines", "The loss leaps.", ("loss", "other"), ((1.0, None, 8.0), (1.0, 2.0, None)),
    axis="Loss", marked=(1,), band=(None, 0.5), first_epoch=11, every=5,
)  # fmt: skip
TABLE = Drawing(
    "samples", "Equal.", ("sample 0", "sample 4"), ((1.5, None, 0.0), (None, None, 1.0)),
    columns=("x[:, 0]", "x[…]", "y"), marked=(0, 1),
)  # fmt: skip


def many(count: int, name: str = "layer_{}", **more: Any) -> Drawing:  # noqa: ANN401
    names = tuple(name.format(place) for place in range(count))
    values = tuple(10.0**-place for place in range(count))
    return Drawing("bars", "Many.", names, values, axis="Norm", **more)


def ticks(figure: dict[str, Any]) -> list[str]:
    return figure["layout"]["yaxis"]["ticktext"]


def test_a_bar_begins_at_the_axis_and_ends_at_its_value() -> None:
    bars, texts = evidence_figure(BARS)["data"]
    ends = [
        None if x is None else x + base for x, base in zip(bars["x"], bars["base"], strict=True)
    ]
    assert ends == [pytest.approx(500), pytest.approx(2), None]
    low, high = evidence_figure(BARS)["layout"]["xaxis"]["range"]
    assert low < math.log10(2) < math.log10(500) < high
    assert [text.strip() for text in texts["text"]] == ["500", "2", "not finite"]


def test_linear_bars_begin_at_zero_also_below_it() -> None:
    drawing = Drawing("bars", "T.", ("a", "b"), (-2.0, 3.0))
    figure = evidence_figure(drawing)
    assert figure["data"][0]["base"] == [0.0, 0.0]
    assert figure["data"][0]["x"] == [-2.0, 3.0]
    low, high = figure["layout"]["xaxis"]["range"]
    assert low < -2 < 3 < high


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_what_has_no_logarithm_has_a_number_and_no_bar(value: float) -> None:
    figure = evidence_figure(Drawing("bars", "T.", ("a", "b"), (value, 3.0), log=True))
    assert figure["data"][0]["x"][0] is None
    assert figure["data"][1]["text"][0].strip() == f"{value:g}"


def test_what_is_at_fault_is_told_by_more_than_colour() -> None:
    bars = evidence_figure(BARS)["data"][0]
    assert bars["marker"]["color"] == ["@vermillion", "@muted", "@muted"]
    assert bars["marker"]["pattern"]["shape"] == ["/", "", ""]
    assert [text.startswith("▲ ") for text in ticks(evidence_figure(BARS))] == [True, False, False]
    first, second = evidence_figure(LINES)["data"]
    assert (second["name"], second["line"]["color"]) == ("▲ other", "@vermillion")
    assert first["name"] == "loss" and first["line"]["color"] == "@muted"
    assert first["marker"]["symbol"] != second["marker"]["symbol"]
    assert second["line"]["width"] > first["line"]["width"]


def test_where_nothing_is_at_fault_nothing_is_grey() -> None:
    assert evidence_figure(many(2))["data"][0]["marker"]["color"] == ["@blue", "@blue"]


def test_a_range_lies_between_its_ends_and_one_without_end_reaches_the_largest() -> None:
    figure = evidence_figure(RANGES)
    bars, texts = figure["data"]
    spans = [(b, b + x) for x, b in zip(bars["x"], bars["base"], strict=True)]
    assert spans == [(0.0, 4.0), (-3.0, 4.0)]
    assert [text.strip() for text in texts["text"]] == ["0 and up", "-3 to 4"]


def test_lines_are_drawn_at_their_epochs_with_gaps() -> None:
    first, second = evidence_figure(LINES)["data"]
    np.testing.assert_array_equal(points(first)[0], [11, 16, 21])
    np.testing.assert_array_equal(points(first)[1], [1, np.nan, 8])
    np.testing.assert_array_equal(points(second)[1], [1, 2, np.nan])


def test_the_epoch_where_a_line_ends_in_no_number_is_pointed_out() -> None:
    (label,) = evidence_figure(LINES)["layout"]["annotations"]
    assert (label["x"], label["text"]) == (21, "not finite")


def test_the_band_is_a_shape_and_in_words() -> None:
    figure = evidence_figure(BARS)
    (band,) = figure["layout"]["shapes"]
    assert band["x1"] == 10 and 0 < band["x0"] < 2 and band["yref"] == "paper"
    assert "at most 10" in figure["layout"]["xaxis"]["title"]["text"]
    figure = evidence_figure(LINES)
    band = next(shape for shape in figure["layout"]["shapes"] if shape["type"] == "rect")
    assert band["y1"] == 0.5 and band["y0"] <= 0 and band["xref"] == "paper"
    assert "at most 0.5" in figure["layout"]["xaxis"]["title"]["text"]


def test_the_axis_reaches_a_band_that_no_value_does() -> None:
    figure = evidence_figure(many(2, band=(100.0, None), log=True))
    (band,) = figure["layout"]["shapes"]
    assert figure["layout"]["xaxis"]["range"][1] > 2
    assert (band["x0"], math.log10(band["x1"])) == (100.0, figure["layout"]["xaxis"]["range"][1])


def test_the_spoken_text_has_every_number_and_what_is_at_fault() -> None:
    alt = evidence_figure(BARS)["layout"]["meta"]["alt"]
    for part in (
        "Columns are large.",
        "a (at fault): 500.",
        "b: 2.",
        "c: not finite.",
        "at most 10",
    ):
        assert part in alt
    alt = evidence_figure(LINES)["layout"]["meta"]["alt"]
    assert "loss: 1 at epoch 11, 8 at epoch 21" in alt
    assert "other (at fault)" in alt
    assert "labels (at fault): -3 to 4." in evidence_figure(RANGES)["layout"]["meta"]["alt"]


@pytest.mark.parametrize("count", [1, 3, 40])
@pytest.mark.parametrize("kind", ["bars", "ranges", "lines"])
def test_one_name_and_forty_have_room(kind: str, count: int) -> None:
    values = {"bars": 1.0, "ranges": (1.0, 1.0), "lines": (1.0,)}[kind]
    drawing = Drawing(kind, "T.", tuple(map(str, range(count))), (values,) * count)  # type: ignore[arg-type]
    figure = evidence_figure(drawing, revision="r")
    layout = figure["layout"]
    assert layout["uirevision"] == "r"
    assert layout["height"] >= 60 + (20 if kind != "lines" else 8) * count
    json.dumps(themed(figure, "dark"), allow_nan=False)
    if kind != "lines":
        assert len(set(ticks(figure))) == len(figure["data"][0]["x"]) == count
        assert layout["xaxis"]["range"][0] < layout["xaxis"]["range"][1]


def test_markup_and_names_of_colours_are_shown_as_they_stand() -> None:
    drawing = Drawing("bars", "<b>T</b>", ("<i>a</i>", "@blue"), (1.0, 2.0), axis="<b>&")
    figure = themed(evidence_figure(drawing), "light")
    shown = [*ticks(figure), figure["layout"]["title"]["text"], *figure["data"][0]["customdata"]]
    assert not any("<i>" in text or "<b>" in text for text in shown)
    assert ticks(figure)[1].endswith("@blue")
    assert COLOURS["light"]["blue"] not in ticks(figure)
    assert figure["layout"]["xaxis"]["title"]["text"] == "&lt;b&gt;&amp;"
    lines = Drawing("lines", "T", ("<i>a</i>",), ((1.0,),), marked=(0,))
    assert evidence_figure(lines)["data"][0]["name"] == "▲ &lt;i&gt;a&lt;/i&gt;"


def test_long_names_are_cut_in_the_middle_and_spoken_whole() -> None:
    figure = evidence_figure(many(2, "a_very_long_name_of_a_layer_{}"))
    assert max(map(len, ticks(figure))) <= 20
    assert ticks(figure)[0].endswith("layer_0") and ticks(figure)[1].endswith("layer_1")
    assert "a_very_long_name_of_a_layer_1: 0.1." in figure["layout"]["meta"]["alt"]


def test_a_long_title_gets_lines_and_room_for_them() -> None:
    short, long = many(2), Drawing("bars", "word " * 20, ("a", "b"), (1.0, 2.0))
    one, several = evidence_figure(short)["layout"], evidence_figure(long)["layout"]
    assert several["title"]["text"].count("<br>") == 2
    assert several["margin"]["t"] - one["margin"]["t"] == several["height"] - one["height"] > 30


def test_nothing_finite_is_a_figure_too() -> None:
    for drawing in (
        Drawing("bars", "T.", ("a",), (None,), log=True),
        Drawing("lines", "T.", ("a",), ((None, None),)),
        Drawing("ranges", "T.", ("a",), ((None, None),)),
    ):
        json.dumps(evidence_figure(drawing), allow_nan=False)


def test_samples_are_a_table_of_texts() -> None:
    frame = evidence_rows(TABLE)
    assert list(frame.index) == ["sample 0", "sample 4"]
    assert list(frame.columns) == ["x[:, 0]", "x[…]", "y"]
    assert frame.to_numpy().tolist() == [["1.5", "…", "0"], ["not finite", "…", "1"]]


def test_each_kind_is_shown_in_one_way_only() -> None:
    with pytest.raises(ValueError, match="evidence_rows"):
        evidence_figure(TABLE)
    with pytest.raises(ValueError, match="no table"):
        evidence_rows(BARS)


@pytest.mark.parametrize("kind", ["bars", "ranges", "lines"])
def test_a_drawing_that_was_kept_as_json_is_drawn_as_before(kind: str) -> None:
    values = {"bars": (1.0, 2.0), "ranges": ((0.0, 1.0), (None, 3.0)), "lines": ((1.0,), (2.0,))}
    drawing = Drawing(kind, "Something", ("a", "b"), values[kind], marked=(1,))  # type: ignore[arg-type]
    kept = TypeAdapter(Drawing).validate_python(json.loads(json.dumps(asdict(drawing))))
    assert evidence_figure(kept) == evidence_figure(drawing)
