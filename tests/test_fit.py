"""How large a run may be: within the bounds of all runs, and of a place that many share."""

import pytest

from overfit_core.errors import SpecError
from overfit_core.fit import check_work
from overfit_core.spec import RunSpec

ATTENTION = {"kind": "attention", "heads": 2, "feed_forward_units": 4096}


def test_the_work_of_a_run_is_epochs_times_parameters_times_samples() -> None:
    # 2-64-32-16-1: 192 + 2080 + 528 + 17 parameters.
    work = 500 * 2817 * 4
    check_work([RunSpec()], work)
    check_work([RunSpec()], None)
    with pytest.raises(SpecError, match=rf"{work:,} .* here a run may take {work - 1:,}") as caught:
        check_work([RunSpec(), RunSpec()], work - 1)
    assert caught.value.problems[0].path == ("training", "epochs")


def test_held_out_samples_count_as_work() -> None:
    spec = RunSpec.load({"batch": {"source": "moons", "samples": 4, "held_out": 4}})
    with pytest.raises(SpecError):
        check_work([spec], 500 * 2817 * 4)


def test_what_attention_holds_for_the_gradients_counts() -> None:
    sensor = {"source": "sensor", "samples": 16, "steps": 64}
    model = {"layers": [ATTENTION, {"kind": "global_average_pooling"}]}
    RunSpec.load({"batch": sensor, "model": model})
    with pytest.raises(SpecError, match="numbers for all samples"):
        RunSpec.load({"batch": sensor | {"samples": 2048}, "model": model})
