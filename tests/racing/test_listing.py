"""Stored races as a table."""

import json
from dataclasses import replace

from overfit_core.racing.listing import race_sets, races_table
from tests.racing.plans import plan
from tests.racing.stored import group, record


def test_those_started_together_are_one_row() -> None:
    alone = record(group(0, "finished", 6), id="a", name="Alone")
    second = record(group(0, "running", 2), id="c", set_id="s", place=1, name="Two")
    first = record(group(0, "finished", 6), id="b", set_id="s", name="One")
    table = races_table(race_sets([alone, second, first]))
    assert list(table.index) == ["a", "b"]
    assert list(table["race"]) == ["Alone", "One + Two"]
    assert list(table["state"]) == ["Finished", "Racing"]
    assert list(table["runs"]) == [6, 8]
    assert list(table["of"]) == [6, 12]
    assert table["optimizers"]["a"] == ["Adam", "SGD"]
    named = [replace(one, given_name="Both") for one in (first, second)]
    assert list(races_table([named])["race"]) == ["Both"]
    assert table["grid"]["a"] == "2 optimizers × 2 learning rates × 2 seeds"


def test_a_race_of_another_version_is_listed() -> None:
    data = json.loads(plan().model_dump_json()) | {"later": 1}
    old = record(group(0, "finished", 6), plan_json=json.dumps(data))
    table = races_table(race_sets([old]))
    assert list(table["state"]) == ["Of another version"]
    assert list(table["race"]) == ["r1"]
    assert races_table([]).empty
