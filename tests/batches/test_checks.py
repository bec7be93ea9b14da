import pytest

from overfit_core.batches.checks import batch_problems
from overfit_core.spec import BatchSpec


def problems(**settings: object) -> list[tuple[tuple[str | int, ...], str]]:
    """Paths and messages for settings that the spec itself would refuse to hold."""
    spec = BatchSpec.model_construct(**settings)
    return [(problem.path, problem.message) for problem in batch_problems(spec)]


def test_good_settings_have_no_problems() -> None:
    assert problems() == []
    assert problems(source="blobs", classes=10, features=64, noise=0.0) == []
    assert problems(source="iris", samples=100, held_out=50) == []


def test_an_unknown_source_is_named_with_the_nearest_one() -> None:
    [(path, message)] = problems(source="irish")
    assert path == ("source",)
    assert "'irish'" in message and "'iris'" in message


@pytest.mark.parametrize(("name", "value"), [("noise", 0.1), ("classes", 2), ("steps", 8)])
def test_a_setting_that_the_source_does_not_have_is_refused(name: str, value: float) -> None:
    [(path, message)] = problems(source="iris", **{name: value})
    assert path == (name,)
    assert "'iris'" in message and f"no {name}" in message and str(value) in message


@pytest.mark.parametrize(
    ("name", "value"),
    [("classes", 1), ("classes", 11), ("classes", 2.5), ("noise", -0.1), ("noise", float("nan"))],
)
def test_a_setting_out_of_range_is_refused_with_value_and_range(name: str, value: float) -> None:
    [(path, message)] = problems(source="blobs", **{name: value})
    assert path == (name,)
    assert str(value) in message and "from" in message


def test_more_samples_than_there_are_is_one_problem_that_names_both() -> None:
    [(path, message)] = problems(source="iris", samples=100, held_out=60)
    assert path == ("held_out",)
    assert all(number in message for number in ("150", "100", "60", "160"))
    assert problems(source="article", samples=5)[0][0] == ("samples",)


def test_more_contradictions_than_half_the_samples_are_refused_with_both_numbers() -> None:
    assert problems(source="moons", samples=7, contradictions=3) == []
    [(path, message)] = problems(source="moons", samples=7, contradictions=4)
    assert path == ("contradictions",)
    assert "is 4" in message and "samples is 7" in message and "Make it 3 or less" in message


def test_several_problems_are_all_told() -> None:
    found = problems(source="article", samples=5, noise=0.1, classes=3)
    assert {path for path, _ in found} == {("samples",), ("noise",), ("classes",)}
