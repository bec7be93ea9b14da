"""The faults of the Learn page: what is said of them is true when they are run."""

from __future__ import annotations

import pytest

from overfit_core import RunSpec, check_spec, run
from overfit_core.errors import LinkCodeError
from overfit_core.faults import CHOICES, FAULTS, Fault, make_mystery, new_mystery, open_mystery

# Keras warns of one fault by itself.
pytestmark = pytest.mark.filterwarnings("ignore:(?s).*You are using a softmax over axis")
each_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))


def healthy_runs() -> dict[str, RunSpec]:
    return {fault.healthy.hash: fault.healthy for fault in FAULTS.values()}


@pytest.mark.few(1)
@pytest.mark.parametrize("spec", healthy_runs().values(), ids=lambda spec: spec.batch.source)
def test_a_healthy_run_memorises_its_batch(spec: RunSpec) -> None:
    assert run(spec).summary.memorised_epoch is not None


@pytest.mark.few(1)
@each_fault
def test_a_broken_run_is_found_out_and_mended(fault: Fault) -> None:
    report = check_spec(fault.broken, budget_seconds=60.0)
    assert report.epoch is None
    assert report.causes[0].rule == fault.rule
    assert report.fixes[0].outcome == "memorised"
    assert report.fixes[0].rule == fault.rule


@pytest.mark.few(1)
@each_fault
def test_a_mystery_hides_a_run_that_does_not_memorise(fault: Fault) -> None:
    mystery = make_mystery(fault.id, seed=77)
    assert run(mystery.spec).summary.memorised_epoch is None
    assert fault.id in mystery.choices
    assert len(set(mystery.choices)) == CHOICES


def test_a_mystery_is_the_same_for_whoever_opens_it() -> None:
    made = new_mystery()
    opened = open_mystery(made.code)
    assert (opened.fault, opened.spec, opened.choices) == (made.fault, made.spec, made.choices)
    assert opened.code == made.code
    assert not any(fault in made.code for fault in FAULTS)


@pytest.mark.parametrize("code", ["", "1.nonsense", RunSpec().link_code(), "x" * 10_000])
def test_what_is_no_mystery_is_refused(code: str) -> None:
    with pytest.raises(LinkCodeError):
        open_mystery(code)


def test_a_seed_out_of_range_is_named() -> None:
    with pytest.raises(ValueError, match="got -1"):
        make_mystery("dropout", -1)
    with pytest.raises(KeyError):
        make_mystery("none", 1)
