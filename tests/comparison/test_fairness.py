import pytest

from overfit_core.comparison.fairness import fairness
from overfit_core.comparison.run import ComparedRun
from overfit_core.spec import RunSpec
from tests.comparison.making import history_of, run_of, spec_of


def hashed(spec: RunSpec, batch: str | None, weights: str | None) -> ComparedRun:
    return run_of(
        f"{id(spec)}{batch}{weights}",
        spec,
        history_of([1.0]),
        batch_hash=batch,
        weights_hash=weights,
    )


ADAM, SGD = spec_of("Adam"), spec_of("SGD")


def test_same_batch_and_same_weights_can_be_compared() -> None:
    found = fairness([hashed(ADAM, "b", "w"), hashed(SGD, "b", "w")])
    assert found == ("good", "Same batch, same initial weights: speed can be compared.")


def test_different_batches_cannot_and_the_settings_are_named() -> None:
    iris = [
        spec_of("SGD", batch={"source": "iris", "samples": count, "seed": count})
        for count in (4, 8)
    ]
    found = fairness([hashed(iris[0], "b", "w"), hashed(iris[1], "c", "w")])
    assert found == (
        "bad",
        "Different batches (samples 4 and 8; batch seed 4 and 8): speed cannot be compared.",
    )


def test_different_batches_are_told_even_where_another_is_unknown() -> None:
    runs = [hashed(ADAM, "b", "w"), hashed(ADAM, None, None), hashed(ADAM, "c", "w")]
    assert fairness(runs).tone == "bad"


def test_what_was_not_recorded_is_not_claimed() -> None:
    found = fairness([hashed(ADAM, "b", "w"), hashed(SGD, None, "w")])
    assert found.tone == "open"
    assert "of 1 run the batch was not recorded" in found.text
    found = fairness([hashed(ADAM, "b", "w"), hashed(SGD, "b", None)])
    assert found.tone == "open"
    assert "initial weights were not recorded" in found.text


def test_different_weights_are_explained() -> None:
    found = fairness([hashed(ADAM, "b", "w"), hashed(spec_of("Adam", seed=2), "b", "v")])
    assert found.tone == "open"
    assert found.text.startswith("Same batch, different initial weights (seed 1 and 2):")


def test_seeds_in_pairs_can_be_compared_as_groups() -> None:
    runs = [
        hashed(spec_of(name, seed=seed), "b", f"w{seed}")
        for name in ("Adam", "SGD")
        for seed in (1, 2)
    ]
    assert fairness(runs).tone == "good"
    assert "for each seed" in fairness(runs).text
    runs[3] = hashed(spec_of("SGD", seed=2), "b", "other")
    assert fairness(runs).tone == "open"


def test_losses_of_different_kinds_are_no_measure_of_each_other() -> None:
    hinge = spec_of(model={"loss": "hinge"})
    assert "different measures" in fairness([hashed(ADAM, "b", "w"), hashed(hinge, "b", "w")]).text


def test_a_loss_that_is_named_is_the_same_as_the_one_that_the_task_asks_for() -> None:
    named = spec_of("SGD", model={"loss": "binary_crossentropy"})
    found = fairness([hashed(ADAM, "b", "w"), hashed(named, "b", "w")])
    assert found == ("good", "Same batch, same initial weights: speed can be compared.")


@pytest.mark.parametrize("runs", [[], [hashed(ADAM, None, None)]])
def test_one_run_is_compared_with_nothing(runs: list[ComparedRun]) -> None:
    assert fairness(runs).tone == "plain"
