"""Which runs a filter or a search finds."""

from __future__ import annotations

import pytest

from overfit_core.store import RunFilter, Store

from .conftest import ended, spec


def test_runs_are_found_by_every_filter(library: Store) -> None:
    first = ended(library, library.create_run(spec("SGD", name="Steep start"), owner="me"))
    second = library.create_run(spec("Adam"), owner="me", preset="article-2")
    other = library.create_run(spec("Adam"), owner="somebody")
    library.label(first, by="me", tags=["lesson 1", "slow"], notes="100 % of_it")

    def found(**wanted: object) -> list[str]:
        return [run.id for run in library.find(RunFilter(**wanted))]

    assert found() == [other, second, first]
    assert found(owner="me") == [second, first]
    assert found(optimizers=["SGD"]) == [first]
    assert found(presets=["article-2"]) == [second]
    assert found(statuses=["finished"]) == [first]
    assert found(tags=["slow", "lesson 1"]) == [first]
    assert found(tags=["lesson"]) == []
    assert found(text="STEEP") == found(text="lesson") == found(text="% of_") == [first]
    assert found(text="%") == [first]
    assert found(text="o_i") == []
    assert found(text=second[:10]) == [second]


@pytest.mark.parametrize(
    ("text", "found"),
    [("[]", []), ("über", ["Über uns"]), ('a"b', ["tagged"]), ("QUOTED", ["tagged"])],
)
def test_a_search_finds_what_a_person_reads(library: Store, text: str, found: list[str]) -> None:
    library.create_run(spec(name="Über uns"))
    tagged = library.create_run(spec(name="tagged"))
    library.label(tagged, by=None, tags=['a"b', "quoted"])
    assert [run.name for run in library.find(RunFilter(text=text))] == found


def _tagged(library: Store, *tags: str) -> str:
    run_id = library.create_run(spec())
    library.label(run_id, by=None, tags=tags)
    return run_id


@pytest.mark.few(4)
@pytest.mark.parametrize(
    "tag", ["lr", "LR", "Über", "über", "[", "a, b", 'x"lr', "b\\", "100 %", "under_score"]
)
def test_a_tag_is_found_as_it_is_written_and_no_other(library: Store, tag: str) -> None:
    tags = ["lr", "LR", "Über", "über", "[", "a", "b", "a, b", 'x"lr', "b\\", "100 %", "1000 %"]
    tags += ["under_score", "underscore"]
    runs = {each: _tagged(library, each, "of all") for each in tags}
    assert [run.id for run in library.find(RunFilter(tags=[tag]))] == [runs[tag]]
    assert [run.id for run in library.find(RunFilter(tags=[tag, "of all"]))] == [runs[tag]]
    assert library.find(RunFilter(tags=[tag, "lR"])) == []


@pytest.mark.few(4)
@pytest.mark.parametrize("text", ["[", "]", '"', ",", '", "', "\\", "null"])
def test_how_tags_are_written_down_is_not_searched(library: Store, text: str) -> None:
    library.create_run(spec())
    _tagged(library, "one", "two")
    assert library.find(RunFilter(text=text)) == []


@pytest.mark.parametrize(
    ("text", "tag"),
    [("[", "a [draft]"), ("ÜBER", "über"), ("lr", "High LR"), ("%", "5 %"), ("\\", "a\\b")],
)
def test_a_search_looks_into_every_tag(library: Store, text: str, tag: str) -> None:
    _tagged(library, "first", "other")
    run_id = _tagged(library, "first", tag)
    assert [run.id for run in library.find(RunFilter(text=text))] == [run_id]


def test_a_tag_is_one_line_whatever_was_typed(library: Store) -> None:
    run_id = _tagged(library, "a\0b", "two\nlines", "\x85", "\u2028")
    assert library.run(run_id).tags == ("a b", "two lines")
    assert [run.id for run in library.find(RunFilter(tags=["a b"], text="LINES"))] == [run_id]
