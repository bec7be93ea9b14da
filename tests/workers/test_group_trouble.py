"""What goes wrong in one run of a group is its own affair; tried without TensorFlow."""

import pytest

from overfit_core.errors import ModelError
from overfit_core.spec import RunSpec
from overfit_core.store import Store
from overfit_core.workers.loop import train

from .fakes import Background, FakeSession, raiser, records, slow, specs, sqlite_store, until

store = pytest.fixture(sqlite_store)


@pytest.mark.parametrize("where", ["make", "compile", "advance", "samples"])
def test_what_goes_wrong_in_one_run_is_its_own_affair(store: Store, where: str) -> None:
    error = ModelError("This one cannot.")

    def make(spec: RunSpec) -> FakeSession:
        session = FakeSession(spec)
        if spec.optimizer.name == "SGD":
            if where == "make":
                raise error
            if where == "advance":
                session._fails_at = (100, error)
            else:
                monkeypatch.setattr(session, where, raiser(error))
        return session

    ids = store.create_runs(specs(500, 500, 500))
    with pytest.MonkeyPatch.context() as monkeypatch:
        train(store, ids[0], "w", make)
    adam, sgd, lion = records(store, ids)
    assert (sgd.status, sgd.reason) == ("failed", "This one cannot.")
    assert (adam.status, adam.epoch) == (lion.status, lion.epoch) == ("finished", 500)
    assert len(store.history(sgd.id)) == sgd.epoch


@pytest.mark.exhaustive
def test_a_run_that_was_lost_is_left_and_the_others_go_on(store: Store) -> None:
    ids = store.create_runs(specs(2_000, 2_000, 2_000))
    worker = Background(store, ids[0], slow)
    until(store, ids, lambda record: record.epoch > 0)
    store.interrupt(ids[1], "w", "Gone.")
    worker.join()
    first, lost, third = records(store, ids)
    assert (first.status, third.status) == ("finished", "finished")
    assert (lost.status, lost.reason) == ("interrupted", "Gone.")
    assert len(store.history(lost.id)) == lost.epoch < 2_000


def test_a_run_that_is_lost_while_it_ends_is_left_and_the_others_end_too(store: Store) -> None:
    class Losing(FakeSession):
        def samples(self):  # noqa: ANN202
            store.interrupt(ids[0], "w", "Gone.")
            return super().samples()

    ids = store.create_runs(specs(20, 20, 20))
    train(store, ids[0], "w", Losing)
    found = [(record.status, record.reason) for record in records(store, ids)]
    assert found == [("interrupted", "Gone."), ("finished", None), ("finished", None)]
