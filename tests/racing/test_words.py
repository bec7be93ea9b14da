"""Races in words, by hand."""

import math
from dataclasses import replace
from datetime import timedelta

from overfit_core.racing.plan import REFERENCE
from overfit_core.racing.words import (
    grid_words,
    headline,
    race_line,
    race_progress,
    race_title,
    task_name,
)
from tests.racing.plans import plan
from tests.racing.stored import START, group, record, run, standing

MISS = math.inf
REACHED = (run(0, 0.1, 3, 10), run(0, 0.1, 4, 30), run(1, 0.1, 3, MISS), run(1, 0.1, 4, MISS))

WHOLE = plan(learning_rates=(0.1,), defaults=False)


def test_a_race_is_called_by_the_name_that_it_was_given_or_by_its_tasks() -> None:
    assert task_name(record(group(0, "queued", 0))).endswith("· 64-32-16")
    one, other = record(name="One"), record(name="Two")
    assert task_name(one) == race_title([one]) == "One"
    assert race_title([one, other]) == "One + Two"
    named = [replace(each, given_name="Mine") for each in (one, other)]
    assert race_title(named) == "Mine"
    assert task_name(named[1]) == "Two"


def test_the_size_of_a_race_is_told() -> None:
    assert grid_words(plan()) == "2 optimizers × 2 learning rates × 2 seeds"
    assert grid_words(plan(seeds=(1,))) == "2 optimizers × 2 learning rates × 1 seed"


def test_the_first_one_is_named_with_its_rate_and_its_median() -> None:
    said = headline(standing(*REACHED, of=WHOLE))
    assert said.startswith("Adam with 0.1 is first: Loss 0.1 or less after 20 epochs, median of 2")
    assert said.endswith("1 of 2 optimizers reach it.")


def test_a_race_that_is_not_whole_has_a_first_so_far() -> None:
    said = headline(standing(*REACHED[:2], of=WHOLE))
    assert said.startswith("Adam with 0.1 is first so far: ")


def test_two_that_are_equally_soon_are_both_first() -> None:
    tie = (run(0, 0.1, 3, 20), run(0, 0.1, 4, 20), run(1, 0.1, 3, 20), run(1, 0.1, 4, 20))
    assert headline(standing(*tie, of=WHOLE)).startswith(
        "Adam with 0.1 and SGD with 0.1 are first:"
    )


def test_the_reference_is_told_with_its_evaluations() -> None:
    said = headline(standing(*REACHED, run(REFERENCE, 1.0, 3, 7), run(REFERENCE, 1.0, 4, 9)))
    assert said.endswith("L-BFGS (SciPy) takes 8 evaluations.")
    missed = headline(standing(*REACHED, run(REFERENCE, 1.0, 3, MISS)))
    assert missed.endswith("L-BFGS (SciPy) misses it.")


def test_where_nobody_reaches_it_the_nearest_is_named() -> None:
    said = headline(standing(run(0, 0.1, 3, MISS, loss=0.5), run(1, 0.01, 3, MISS, loss=0.2)))
    assert said == (
        "None of them reaches Loss 0.1 or less in 500 epochs. Nearest is SGD with 0.01: loss 0.2."
    )
    assert headline(standing()) == "Nothing is there yet."
    nowhere = run(0, 0.1, 3, MISS, loss=None, bad=1)
    assert headline(standing(nowhere)).endswith("All of them diverge.")


def test_how_a_race_stands() -> None:
    there = standing(*REACHED)
    assert race_line(record(group(0, "queued", 0)), there) == ("Waiting for a worker.", "plain")
    going = record(group(0, "running", 2), group(1, "queued", 0))
    assert race_line(going, there) == ("Racing.", "plain")
    assert race_line(replace(going, wish="stop"), there) == ("Stopping …", "plain")
    assert race_line(record(group(0, "finished", 6)), there) == (headline(there), "good")
    text, tone = race_line(record(group(0, "stopped", 2), group(1, "stopped", 0)), there)
    assert text.startswith("Stopped: 10 runs missing of 12. Adam")
    assert tone == "open"


def test_a_lost_group_is_named_with_the_reason() -> None:
    lost = record(group(0, "finished", 6), group(1, "interrupted", 4, reason="It was killed."))
    text, tone = race_line(lost, standing(*REACHED))
    assert text.endswith("2 runs missing of 12. SGD: It was killed.")
    assert tone == "bad"


def test_progress_says_what_is_there_and_what_is_left() -> None:
    assert race_progress([record(group(0, "queued", 0))]) == "0 of 6 runs"
    going = record(group(0, "running", 2), group(1, "queued", 0, total=2))
    said = race_progress([going], START + timedelta(seconds=3))
    assert said == "2 of 8 runs · 3.0 s since the start · about 9 s left"
    over = record(group(0, "finished", 6))
    assert race_progress([over, over]) == "12 of 12 runs · 8.0 s in all"


def test_what_is_trained_later_is_timed_by_itself() -> None:
    rest = record(replace(group(0, "running", 4), done_before=2))
    said = race_progress([rest], START + timedelta(seconds=3))
    assert said == "4 of 6 runs · 3.0 s since the start · about 3 s left"
    over = record(replace(group(0, "finished", 6), done_before=2))
    assert race_progress([over]) == "6 of 6 runs · 8.0 s for the rest"
