from datetime import UTC, datetime, timedelta

import pytest

from overfit_core.charts.status import (
    compiling_line,
    cost_line,
    figures_line,
    progress_line,
    run_title,
    seconds_taken,
    share_done,
    status_line,
)
from overfit_core.spec import RunSpec
from overfit_core.training.result import RunSummary

START = datetime(2026, 1, 1, tzinfo=UTC)


def summary(**changed: object) -> RunSummary:
    return RunSummary.model_validate(
        {
            "ended": "epochs",
            "epochs": 500,
            "memorised_epoch": 74,
            "loss": 0.1,
            "accuracy": 1.0,
            "compile_seconds": 0.25,
            "train_seconds": 0.01,
            "backend": "xla",
            "parameters": 2817,
            "versions": {},
        }
        | changed
    )


@pytest.mark.parametrize(
    ("changed", "tone"),
    [
        ({}, "good"),
        ({"forgotten_epoch": 90}, "open"),
        ({"memorised_epoch": None}, "open"),
        ({"non_finite_epoch": 3}, "bad"),
    ],
)
def test_the_end_of_a_run_is_its_sentence_in_the_tone_it_has(
    changed: dict[str, object], tone: str
) -> None:
    ended = summary(**changed)
    assert status_line("finished", "run", ended, None) == (ended.sentence(), tone)


def test_a_run_that_was_stopped_says_so_before_how_it_stood() -> None:
    ended = summary(ended="stopped", memorised_epoch=None)
    assert status_line("stopped", "stop", ended, None) == (f"Stopped. {ended.sentence()}", "open")
    line, _ = status_line("stopped", "stop", ended, "Nobody looked.")
    assert line == f"Stopped. Nobody looked. {ended.sentence()}"


@pytest.mark.parametrize(
    ("status", "wish", "reason", "text"),
    [
        ("queued", "run", None, "Waiting for a worker."),
        ("running", "run", None, "Training."),
        ("running", "stop", None, "Stopping …"),
        ("paused", "pause", None, "Paused. Step to train one epoch, or resume."),
        ("failed", "run", "out of memory", "Failed: out of memory"),
        ("interrupted", "run", "the worker died", "Interrupted: the worker died"),
        ("stopped", "stop", None, "Stopped. Nothing was trained."),
    ],
)
def test_a_run_says_how_it_stands(status: str, wish: str, reason: str | None, text: str) -> None:
    assert status_line(status, wish, None, reason)[0] == text


def test_progress_is_said_with_its_units() -> None:
    line = progress_line(120, 500, epochs_per_second=1234.0, seconds=1.44)
    assert line == "At epoch 120 of 500 · 1,200 epochs/s · 1.4 s since the start"
    assert progress_line(0, 1000) == "At epoch 0 of 1,000"


def test_the_figures_of_a_run_are_those_of_its_summary() -> None:
    assert figures_line(summary()) == (
        "500 epochs in 10 ms · 50,000 epochs/s · 250 ms to get ready · compiled with XLA"
    )


def test_what_a_run_will_take_is_said_before_it() -> None:
    assert cost_line(RunSpec()) == "2,817 parameters · 4 samples · 500 epochs in under 1 s"


def test_a_run_is_called_by_its_name_or_by_what_it_is() -> None:
    assert run_title(RunSpec()) == "The article's four samples · 64-32-16 · Adam 0.001"
    assert run_title(RunSpec(name="mine")) == "mine"
    mixed = RunSpec.load({"model": {"layers": [{"kind": "dense"}, {"kind": "dropout"}]}})
    assert "Dense, Dropout" in run_title(mixed)


def test_time_runs_from_the_start_to_the_end_or_to_now() -> None:
    later = START + timedelta(seconds=5)
    assert seconds_taken(None, None) is None
    assert seconds_taken(START, later) == 5
    assert seconds_taken(START, None, now=later) == 5


def test_the_share_done_never_passes_one() -> None:
    assert [share_done(e, 10) for e in (0, 5, 11)] == [0, 0.5, 1]
    assert share_done(0, 0) == 0


def test_before_the_first_epoch_it_is_said_what_takes_so_long() -> None:
    assert compiling_line(1).startswith("Compiling its training loop")
    assert compiling_line(12).startswith("Compiling 12 training loops: about a second each")


def test_what_several_optimizers_cost_names_the_compiling_of_each() -> None:
    assert "about 1 s each to compile" in cost_line(RunSpec(), RunSpec())
    assert "compile" not in cost_line(RunSpec())
