from pathlib import Path

from benchmarks.results import machine, markdown_table, write_section


def test_a_section_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    write_section("engine", "## Engine\n\nold", path)
    write_section("page", "## Page", path)
    write_section("engine", "## Engine\n\nnew", path)

    text = path.read_text()
    assert "old" not in text
    assert text.index("new") < text.index("## Page")
    assert text.count("# Results\n") == 1
    assert text.count("<!-- engine: begin -->") == 1


def test_a_table_stands_in_columns() -> None:
    assert markdown_table(("a", "long"), [("1", "2")]) == (
        "| a | long |\n| - | ---- |\n| 1 | 2    |"
    )


def test_the_machine_is_told_in_one_line() -> None:
    assert "cores" in machine()
    assert "\n" not in machine()
