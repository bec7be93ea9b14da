"""Recorded runs as a library: named, sorted, deleted, brought back."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from overfit_core import RunSpec
from overfit_core.errors import NotYoursError, UnknownRunError
from overfit_core.limits import LIMITS
from overfit_core.spec import MAX_GROUP
from overfit_core.store import RunFilter, Store

from .conftest import ended, make_chunk, spec


def test_runs_started_at_once_are_a_group_in_their_order(library: Store) -> None:
    ids = library.create_runs([spec("SGD"), spec("Adam"), spec("Lion")], owner="me")
    alone = library.create_run(spec(), owner="me")
    group = library.run(ids[0]).group_id
    assert group is not None
    assert [run.id for run in library.group(group)] == ids
    assert [run.place for run in library.runs_of(ids)] == [0, 1, 2]
    assert library.run(alone).group_id is None
    assert library.waiting() == [*ids, alone]


@pytest.mark.parametrize("count", [0, MAX_GROUP + 1])
def test_a_group_of_a_wrong_size_is_refused_and_nothing_is_made(library: Store, count: int) -> None:
    with pytest.raises(ValueError, match=str(count)):
        library.create_runs([spec()] * count)
    assert library.find() == []


def test_a_run_says_what_it_started_from(library: Store) -> None:
    run_id = library.create_run(spec())
    library.claim(run_id, "w")
    library.begin(run_id, batch_hash="b" * 64, weights_hash="a" * 64, worker="w")
    found = library.run(run_id)
    assert (found.batch_hash, found.weights_hash) == ("b" * 64, "a" * 64)


def test_a_sparkline_is_the_logarithm_of_the_loss_to_its_last_epoch(library: Store) -> None:
    run_id = library.create_run(spec())
    assert library.run(run_id).sparkline == ()
    ended(library, run_id, 10.0 ** -np.arange(100.0))
    line = library.run(run_id).sparkline
    assert len(line) == 40
    assert (line[0], line[-1]) == (0.0, -99.0)


def test_a_sparkline_leaves_out_what_is_no_number(library: Store) -> None:
    run_id = ended(library, library.create_run(spec()), (1.0, np.inf, 0.0, np.nan))
    assert library.run(run_id).sparkline == (0.0,)


def test_a_run_is_named_coloured_written_on_and_tagged(library: Store) -> None:
    run_id = library.create_run(spec(), owner="me")
    tags = [" a ", "b", "a", ""]
    library.label(run_id, by="me", name=" Mine ", colour="green", notes="…", tags=tags)
    run = library.run(run_id)
    assert (run.name, run.colour, run.notes, run.tags) == ("Mine", "green", "…", ("a", "b"))
    library.label(run_id, by="me", name="")
    run = library.run(run_id)
    assert (run.name, run.colour, run.tags) == (None, "green", ("a", "b"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "n" * (LIMITS.name_length + 1)},
        {"notes": "n" * (LIMITS.notes_length + 1)},
        {"tags": ["t" * (LIMITS.tag_length + 1)]},
        {"tags": [str(n) for n in range(LIMITS.tags + 1)]},
    ],
)
def test_labels_that_are_too_long_are_refused_and_nothing_changes(
    library: Store, wrong: dict[str, object]
) -> None:
    run_id = library.create_run(spec(name="before"), owner="me")
    with pytest.raises(ValueError, match="at most"):
        library.label(run_id, by="me", **wrong)
    assert library.run(run_id).name == "before"


@pytest.mark.parametrize("by", ["somebody", None])
def test_only_its_owner_changes_a_run(library: Store, by: str | None) -> None:
    run_id = library.create_run(spec(name="mine"), owner="me")
    for change in (
        lambda: library.label(run_id, by=by, name="theirs"),
        lambda: library.delete([run_id], by=by),
    ):
        with pytest.raises(NotYoursError, match=run_id):
            change()
    assert library.run(run_id).name == "mine"


def test_a_run_without_an_owner_belongs_to_everybody(library: Store) -> None:
    run_id = library.create_run(spec())
    library.label(run_id, by="anybody", name="ours")
    assert library.run(run_id).name == "ours"
    assert [run.id for run in library.find(RunFilter(owner="anybody"))] == [run_id]


def test_nothing_is_deleted_if_one_of_the_runs_is_somebody_elses(library: Store) -> None:
    mine = library.create_run(spec(), owner="me")
    theirs = library.create_run(spec(), owner="somebody")
    with pytest.raises(NotYoursError):
        library.delete([mine, theirs], by="me")
    assert len(library.find()) == 2


def test_a_deleted_run_is_gone_and_can_be_brought_back(library: Store) -> None:
    run_id = ended(library, library.create_run(spec(), owner="me"))
    assert len(library.history(run_id)) == 3
    assert library.delete([run_id, "no such run"], by="me") == [run_id]
    for read in (library.run, library.history, library.samples):
        with pytest.raises(UnknownRunError, match=run_id):
            read(run_id)
    assert library.find() == library.runs_of([run_id]) == []
    assert library.storage().runs == 0

    assert library.restore([run_id], by="somebody") == []
    assert library.restore([run_id], by="me") == [run_id]
    assert library.history(run_id)["loss"].tolist() == [1.0, 0.1, 0.01]


def test_a_run_that_goes_on_is_stopped_when_it_is_deleted(library: Store) -> None:
    queued, going, parked = (library.create_run(spec()) for _ in range(3))
    library.claim(going, "w")
    library.claim(parked, "w")
    library.step(parked)
    library.heartbeat_all([parked], worker="w", paused=True)
    assert library.park_all([parked], 1, worker="w")
    library.delete([queued, going, parked], by=None)
    library.restore([queued, parked], by=None)
    assert [library.run(run_id).status for run_id in (queued, parked)] == ["stopped", "stopped"]
    assert "given its worker away" in (library.run(parked).reason or "")
    assert library.waiting() == []
    assert library.control_all([going], worker="w")[going].wish == "stop"
    library.finish(going, "stopped", worker="w")


@pytest.mark.parametrize("deleted", [False, True])
def test_a_run_that_is_stopped_while_it_has_no_worker_keeps_its_curve(
    library: Store, deleted: bool
) -> None:
    run_id = library.create_run(spec())
    library.claim(run_id, "w")
    library.append(run_id, make_chunk(1, 20), worker="w")
    library.step(run_id)
    library.heartbeat_all([run_id], worker="w", paused=True)
    assert library.park_all([run_id], 1, worker="w")
    if deleted:
        library.delete([run_id], by=None)
        library.restore([run_id], by=None)
    else:
        library.set_wish_all([run_id], "stop")
    stopped = library.run(run_id)
    assert (stopped.status, stopped.wish, len(stopped.sparkline)) == ("stopped", "stop", 20)


@pytest.mark.exhaustive
def test_runs_are_deleted_while_their_worker_writes(library: Store) -> None:
    """Two sides that lock the same rows in different orders would wait for each other."""
    errors: list[Exception] = []
    over = threading.Event()
    ids: list[str] = []

    def beat() -> None:
        while not over.is_set():
            try:
                library.heartbeat_all(ids[::-1], worker="w")
            except Exception as error:
                errors.append(error)

    worker = threading.Thread(target=beat)
    worker.start()
    for _ in range(25):
        ids[:] = library.create_runs([RunSpec()] * MAX_GROUP)
        library.claim_group(ids[0], "w")
        library.look(ids)
        library.delete(ids[1::2] + ids[::2], by=None)
        library.restore(ids, by=None)
    over.set()
    worker.join()
    assert errors == []


def test_a_name_of_several_lines_becomes_one_that_a_spec_may_have(library: Store) -> None:
    run_id = library.create_run(spec())
    library.label(run_id, by=None, name="two\nlines\tand\x85a\u2028break \x7f\x9f\u2029")
    name = library.run(run_id).name
    assert name == "two lines and a break"
    assert spec(name=name).name == name
