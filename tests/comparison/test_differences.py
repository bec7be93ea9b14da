from overfit_core.comparison.differences import (
    differences,
    group_names,
    short_names,
    told_apart,
)
from overfit_core.presets import PRESETS
from overfit_core.spec import RunSpec
from tests.comparison.making import history_of, run_of, spec_of


def dense(*units: int, **more: object) -> dict[str, object]:
    return {"layers": [{"kind": "dense", "units": n, "activation": "relu", **more} for n in units]}


def rows_of(*specs: RunSpec) -> dict[str, tuple[str, ...]]:
    return {f"{row.part}: {row.label}": row.values for row in differences(specs)}


def test_equal_specs_differ_in_nothing_and_names_are_no_settings() -> None:
    assert rows_of(spec_of(), spec_of(name="mine")) == {}
    assert rows_of() == {}


def test_what_differs_is_said_in_words() -> None:
    one = spec_of(model=dense(64, 32), training={"stop_when_memorised": True})
    other = spec_of("SGD", 0.1, model=dense(8), batch={"source": "iris", "samples": 1 + 31})
    assert rows_of(one, other) == {
        "Batch: Source": ("The article's four samples", "Iris"),
        "Batch: Samples": ("4", "32"),
        "Model: Layers": ("64-32, relu", "8, relu"),
        "Optimizer: Optimizer": ("Adam", "SGD"),
        "Optimizer: Learning rate": ("0.01", "0.1"),
        "Training: Stop when memorised": ("yes", "no"),
    }


def test_an_empty_learning_rate_is_the_default_of_its_optimizer() -> None:
    assert rows_of(spec_of("Adam", None), spec_of("Adam", 0.001)) == {}
    assert rows_of(spec_of("Adam", None), spec_of("SGD", None))["Optimizer: Learning rate"] == (
        "0.001",
        "0.01",
    )


def test_arguments_show_defaults_and_a_dash_where_they_are_not_taken() -> None:
    momentum = RunSpec.load({"optimizer": {"name": "SGD", "arguments": {"momentum": 0.9}}})
    rows = rows_of(momentum, spec_of("SGD"), spec_of("Adam"))
    assert rows["Optimizer: Momentum"] == ("0.9", "0", "–")


def test_layers_alike_in_size_are_told_apart_in_full() -> None:
    rows = rows_of(spec_of(model=dense(8)), spec_of(model=dense(8, use_bias=False)))
    assert rows["Model: Layers"] == ("Dense 8 relu", "Dense 8 relu (bias no)")


def test_numbers_that_round_alike_are_told_apart() -> None:
    rows = rows_of(spec_of(learning_rate=0.01), spec_of(learning_rate=0.010001))
    assert len(set(rows["Optimizer: Learning rate"])) == 2


def test_every_preset_is_told_from_every_other() -> None:
    specs = [preset.spec for preset in PRESETS.values()]
    for one in specs:
        for other in specs:
            assert bool(rows_of(one, other)) == (one.hash != other.hash)
            assert all(a != b for a, b in rows_of(one, other).values())


def test_short_names_tell_runs_apart() -> None:
    specs = [spec_of(), spec_of(seed=2), spec_of("SGD"), spec_of(), spec_of(name="Mine")]
    runs = [run_of(str(place), spec, history_of([1.0])) for place, spec in enumerate(specs)]
    runs[4] = run_of("4", specs[4], history_of([1.0]), title="Mine")
    names = short_names(runs)
    assert list(names.values()) == [
        "Adam 0.01, seed 1 (1)",
        "Adam 0.01, seed 2",
        "SGD 0.01, seed 1",
        "Adam 0.01, seed 1 (2)",
        "Mine",
    ]


def test_no_two_names_are_equal_whatever_people_call_their_runs() -> None:
    assert told_apart(["r", "r", "r (1)"]) == ["r (2)", "r (3)", "r (1)"]
    assert told_apart(["r (1)", "r", "r", "r (1)"]) == ["r (1) (1)", "r (2)", "r (3)", "r (1) (2)"]
    assert told_apart(["None", "a"], taken=["None"]) == ["None (1)", "a"]
    assert told_apart(["a", "b"]) == ["a", "b"]


def test_a_run_called_none_is_told_from_no_run() -> None:
    run = run_of("a", spec_of(name="None"), history_of([1.0]), title="None")
    assert short_names([run]) == {"a": "None (1)"}


def test_group_names_leave_the_seed_out() -> None:
    runs = [run_of(str(seed), spec_of(seed=seed), history_of([1.0])) for seed in (4, 7)]
    other = run_of("x", spec_of("SGD", seed=9), history_of([1.0]))
    assert group_names({"g": runs, "h": [other]}) == {"g": "Adam 0.01", "h": "SGD 0.01"}
