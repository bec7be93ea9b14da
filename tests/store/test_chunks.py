import time

import numpy as np
import pytest
from sqlalchemy import func, select

from overfit_core.spec import RunSpec
from overfit_core.store import Store, chunks
from overfit_core.store.engine import open_engine, reading, writing
from overfit_core.store.tables import ChunkRow
from overfit_core.training.history import History

from .conftest import make_chunk


def _rows(url: str) -> int:
    engine = open_engine(url)
    with reading(engine) as session:
        count = session.scalar(select(func.count()).select_from(ChunkRow))
    engine.dispose()
    assert count is not None
    return count


@pytest.mark.exhaustive
def test_many_small_chunks_lie_in_few_rows_and_read_as_one(store: Store, url: str) -> None:
    run_id = store.create_run(RunSpec())
    store.claim(run_id, "w")
    for epoch in range(1, 1_101):
        store.append(run_id, make_chunk(epoch, epoch, snapshots=epoch % 100 == 0))
    assert _rows(url) < 2 * chunks.fan_in(run_id)
    np.testing.assert_array_equal(store.history(run_id)["loss"], make_chunk(1, 1_100)["loss"])
    store.finish(run_id, "finished")
    assert _rows(url) == 1
    history = store.history(run_id)
    np.testing.assert_array_equal(history["loss"], make_chunk(1, 1_100)["loss"])
    assert history.snapshots is not None
    assert history.snapshots.epochs.tolist() == list(range(100, 1_101, 100))


@pytest.mark.few(1)
def test_every_reading_between_two_chunks_continues_the_one_before(store: Store) -> None:
    run_id = store.create_run(RunSpec())
    store.claim(run_id, "w")
    seen = History({})
    for n in range(200):
        store.append(run_id, make_chunk(3 * n + 1, 3 * n + 3))
        if n % 7 == 0:
            seen.append(store.history(run_id, after_epoch=seen.last_epoch))
    seen.append(store.history(run_id, after_epoch=seen.last_epoch))
    np.testing.assert_array_equal(seen["loss"], make_chunk(1, 600)["loss"])


def test_an_interrupted_run_is_packed_too(store: Store, url: str) -> None:
    run_id = store.create_run(RunSpec())
    store.claim(run_id, "w")
    for epoch in range(1, 21):
        store.append(run_id, make_chunk(epoch, epoch))
    store.interrupt_lost(dead_workers=["w"])
    assert _rows(url) == 1


def test_large_chunks_are_not_merged_again(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "FULL_BYTES", 20_000)
    run_id = store.create_run(RunSpec())
    store.claim(run_id, "w")
    # 32 to 63 of them are merged at once, by the id: two full ones at least, and the rest.
    for n in range(150):
        store.append(run_id, make_chunk(100 * n + 1, 100 * n + 100))
    store.finish(run_id, "finished")
    assert 3 <= _rows(url) <= 10
    np.testing.assert_array_equal(store.history(run_id)["loss"], make_chunk(1, 15_000)["loss"])


def test_a_page_reads_what_is_new_of_a_long_run_in_a_few_milliseconds(
    store: Store, url: str
) -> None:
    run_id = store.create_run(RunSpec())
    store.claim(run_id, "w")
    engine = open_engine(url)
    with writing(engine) as session:
        for n in range(100):
            chunk = make_chunk(1_500 * n + 1, 1_500 * n + 1_500)
            chunks.add(session, chunks.row(run_id, chunk))
    engine.dispose()
    store.history(run_id)
    times = []
    for _ in range(20):
        began = time.perf_counter()
        assert len(store.history(run_id, after_epoch=149_900)) == 100
        times.append(time.perf_counter() - began)
    assert sorted(times)[10] < 0.02
