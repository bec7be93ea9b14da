import pickle

from overfit_core.errors import LinkCodeError, Problem, ShapeError, SpecError, shown, unknown


def test_a_problem_prints_its_path_and_its_message() -> None:
    problem = Problem(("model", "layers", 0, "units"), "units is 0.", 0)
    assert str(problem) == "model → layers → 0 → units: units is 0."
    assert str(Problem((), "nothing fits.")) == "nothing fits."


def test_a_spec_error_prints_every_problem() -> None:
    error = SpecError([Problem(("a",), "one."), Problem(("b",), "two.")])
    assert str(error) == "a: one.\nb: two."
    assert isinstance(error, ValueError)


def test_a_shape_error_points_at_its_layer() -> None:
    error = ShapeError("conv2d takes an image", layer="conv2d_1", shape=(2,), layer_index=3)
    assert error.problems == (Problem(("model", "layers", 3), "conv2d takes an image", (2,)),)


def test_errors_travel_between_processes_whole() -> None:
    shape = pickle.loads(pickle.dumps(ShapeError("no", layer="x", shape=(2, 3), layer_index=1)))
    assert (shape.layer, shape.shape, shape.layer_index, str(shape)) == (
        "x",
        (2, 3),
        1,
        "model → layers → 1: no",
    )
    link = pickle.loads(pickle.dumps(LinkCodeError("stale")))
    assert type(link) is LinkCodeError and link.problems == (Problem((), "stale"),)


def test_a_huge_value_is_never_printed_in_full() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for value in ("x" * 10**6, list(range(10**5)), 10**5000, deep):
        assert len(shown(value)) < 100


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    assert unknown("optimizer", "Adm", ["SGD", "Adam"]).endswith("Did you mean 'Adam'?")
    assert unknown("optimizer", "zzz", ["SGD", "Adam"]).endswith("Choose one of SGD, Adam.")
