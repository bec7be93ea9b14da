import urllib.parse

import numpy as np
import pytest

from overfit_core.comparison.target import Target
from overfit_core.comparison.view import (
    MAX_COLUMNS,
    MAX_RUNS,
    NAMED,
    CompareView,
    fitting,
    from_query,
    unreadable_notice,
)
from overfit_core.spec import RunSpec
from overfit_core.store import RunRecord

RUNS = ("aB3_-xyz", "b", "c")


def test_a_new_view_says_nothing_and_comes_back() -> None:
    assert CompareView().to_query(unset=["y", "t"]) == {}
    assert from_query({}) == (CompareView(), [])


def test_measures_and_target_are_said_once_they_are_chosen() -> None:
    assert CompareView().to_query() == {"y": "loss", "t": "l0.01"}
    assert CompareView().to_query(unset=["t"]) == {"y": "loss"}


@pytest.mark.parametrize(
    "view",
    [
        CompareView(runs=RUNS),
        CompareView(runs=RUNS, baseline="b", hidden=("c", "aB3_-xyz"), seeds_together=False),
        CompareView(columns=("val_loss", "gradient_norm/dense_1"), log_x=True, log_y=False),
        CompareView(x="seconds", target=None),
        CompareView(target=Target("accuracy", 1.0)),
        CompareView(target=Target("r2", -0.1)),
        CompareView(target=Target("loss", 1e-7 / 3)),
    ],
)
def test_a_view_comes_back_from_its_address(view: CompareView) -> None:
    address = urllib.parse.urlencode(view.to_query())
    assert from_query(dict(urllib.parse.parse_qsl(address))) == (view, [])


def test_an_address_of_fifty_runs_is_short() -> None:
    runs = tuple(f"{k:016d}" for k in range(MAX_RUNS))
    view = CompareView(runs=runs, hidden=runs[1:], baseline=runs[0])
    assert from_query(view.to_query()) == (view, [])
    assert len(urllib.parse.urlencode(view.to_query(), safe=",")) < 1_100


@pytest.mark.parametrize(
    ("query", "notice"),
    [
        ({"runs": "<script>alert(1)</script>"}, "is no run"),
        ({"runs": "a/../../etc"}, "is no run"),
        ({"runs": "x" * 100_000}, "is no run"),
        ({"runs": ",".join(f"r{k}" for k in range(400))}, "At most 50 runs"),
        ({"y": "password"}, "No run records 'password'"),
        ({"y": "gradient_norm/" + "a" * 5_000}, "No run records"),
        ({"y": ",".join(f"gradient_norm/l{k}" for k in range(20))}, "At most 6 measures"),
        ({"y": ",".join(f"gradient_norm/l{k}" for k in range(900))}, "At most 6 measures"),
        ({"lx": "yes"}, "Logarithmic epochs is 0 or 1"),
        ({"ly": "-1"}, "Logarithmic values"),
        ({"seeds": "٣"}, "Seeds together"),
        ({"x": "wall"}, "no axis called 'wall'"),
        ({"t": "l0"}, "target"),
        ({"t": "lnan"}, "target"),
        ({"t": "linf"}, "target"),
        ({"t": "l-1"}, "target"),
        ({"t": "l1e999"}, "target"),
        ({"t": "a1.5"}, "target"),
        ({"t": "r1.01"}, "target"),
        ({"t": "q0.1"}, "target"),
        ({"t": "l" + "9" * 3_000}, "target"),
        ({"t": "0.01"}, "target"),
        ({"runs": "a,b", "base": "3"}, "baseline"),
        ({"runs": "a,b", "base": "0"}, "baseline"),
        ({"runs": "a,b", "hide": "1,9" + "9" * 3_000}, "hidden runs"),
        ({"runs": "a,b", "hide": "٢"}, "hidden runs"),
    ],
)
def test_what_an_address_gets_wrong_is_said_once_and_left_out(
    query: dict[str, str], notice: str
) -> None:
    view, notices = from_query(query)
    assert len(notices) == 1
    assert notice in notices[0]
    assert len(notices[0]) < 200
    assert len(view.runs) <= MAX_RUNS
    assert 1 <= len(view.columns) <= MAX_COLUMNS
    assert from_query(view.to_query()) == (view, [])


def test_no_text_whatever_raises_and_every_view_comes_back() -> None:
    draw = np.random.default_rng(0)
    alphabet = list("abl01,./-_ertns<>\x00é٣😀%&=infa")
    for _ in range(2_000):
        query = {
            key: "".join(draw.choice(alphabet, int(draw.integers(0, 12))))
            for key in ("runs", "y", "lx", "ly", "x", "t", "seeds", "base", "hide", "other")
        }
        view, _ = from_query(query)
        assert from_query(view.to_query()) == (view, [])


def test_values_that_are_no_text_are_left_alone() -> None:
    assert from_query({"runs": ["a"], "t": 3, "x": None}) == (CompareView(), [])  # type: ignore[dict-item]


def test_runs_that_are_gone_take_baseline_and_hidden_with_them() -> None:
    view = CompareView(runs=RUNS, baseline="b", hidden=("b", "c"), log_x=True)
    assert view.with_runs(["c", "c"]) == CompareView(runs=("c",), hidden=("c",), log_x=True)
    assert len(view.with_runs(map(str, range(99))).runs) == MAX_RUNS


def test_so_many_runs_as_fit_are_compared_and_the_others_counted() -> None:
    ids = [f"{k:064d}" for k in range(MAX_RUNS + 70)]
    assert fitting([*ids[:MAX_RUNS], ids[0]]) == (ids[:MAX_RUNS], None)
    runs, said = fitting(ids)
    assert runs == ids[:MAX_RUNS]
    assert said == "At most 50 runs are compared at once: the last 70 were left out."
    assert fitting(ids[: MAX_RUNS + 1])[1] is not None
    view, notices = from_query({"runs": ",".join(ids)})
    assert list(view.runs) == runs
    assert notices == [
        "At most 50 runs are compared at once: this address has more, and the first 50 are shown."
    ]


def record(run_id: str, name: str | None, spec_json: str) -> RunRecord:
    given = dict.fromkeys(RunRecord.__dataclass_fields__)
    return RunRecord(**given | {"id": run_id, "name": name, "spec_json": spec_json})  # type: ignore[arg-type]


def test_runs_of_another_version_are_named() -> None:
    readable, newer = RunSpec().to_json(), '{"version": 99}'
    assert unreadable_notice([record("a", None, readable)]) is None
    said = unreadable_notice([record("a", "mine", newer), record("b", None, newer)])
    assert said is not None
    assert said.endswith("not compared: 'mine', 'b'.")
    many = unreadable_notice([record(f"r{k}", None, newer) for k in range(NAMED + 3)])
    assert many is not None
    assert many.endswith("and 3 more.")
