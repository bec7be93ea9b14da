from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.results import machine, table, write_section


def test_a_section_is_replaced_and_the_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "RESULTS", tmp_path / "RESULTS.md")
    write_section("engine", "## Engine\n\nold")
    write_section("page", "## Page")
    write_section("engine", "## Engine\n\nnew")

    text = (tmp_path / "RESULTS.md").read_text()
    assert "old" not in text
    assert text.index("new") < text.index("## Page")
    assert text.count("# Results\n") == 1
    assert text.count("## Engine") == 1


def test_a_table_has_its_head_and_its_rows() -> None:
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |"


def test_the_machine_is_told_in_one_line() -> None:
    assert "cores" in machine()
    assert "\n" not in machine()
