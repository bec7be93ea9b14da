import multiprocessing
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import overfit_core.migrations
from overfit_core.errors import StoreError, UnknownRunError
from overfit_core.migrations import HEAD
from overfit_core.spec import RunSpec
from overfit_core.store import RunFilter, Store, engine
from overfit_core.store.engine import open_engine, reading, writing
from overfit_core.store.tables import Base


def _open(url: str, at: float) -> None:
    time.sleep(max(0.0, at - time.time()))
    Store(url).close()


def test_the_migrations_make_the_tables_that_the_code_uses(url: str) -> None:
    engine = open_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(overfit_core.migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


@pytest.mark.exhaustive
def test_processes_that_open_a_new_database_at_once_all_succeed(url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    at = time.time() + 2.5
    processes = [spawn.Process(target=_open, args=(url, at)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0, 0, 0]


def test_threads_that_open_a_new_database_at_once_all_succeed(url: str) -> None:
    errors: list[Exception] = []

    def open_it() -> None:
        try:
            Store(url).close()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_a_database_of_a_later_version_is_refused_and_left_alone(url: str) -> None:
    engine = open_engine(url)
    with writing(engine) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"another version.*9999.*OVERFIT_DATA_DIR"):
        Store(url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    engine.dispose()


def test_a_reader_has_one_view_while_others_write(store: Store, url: str) -> None:
    run_id = store.create_run(RunSpec())
    engine = open_engine(url)
    status = text("SELECT status FROM runs")
    with reading(engine) as session:
        assert session.scalar(status) == "queued"
        store.claim(run_id, "w")
        assert session.scalar(status) == "queued"
    with reading(engine) as session:
        assert session.scalar(status) == "running"
    engine.dispose()


def test_a_nul_in_an_address_or_a_text_is_no_error_of_the_database(store: Store) -> None:
    run_id = store.create_run(RunSpec())
    with pytest.raises(UnknownRunError):
        store.run("\0")
    assert store.runs_of(["\0", run_id]) == [store.run(run_id)]
    store.find(RunFilter(text="\0"))  # SQLite takes it for the end of the text, and finds all
    store.label(run_id, by=None, notes="a\0b")
    assert store.run(run_id).notes in {"a\0b", "a\ufffdb"}


def test_the_folder_of_the_database_is_made(tmp_path: Path) -> None:
    Store(f"sqlite:///{tmp_path / 'a % b' / 'c' / 'runs.sqlite3'}").close()
    assert (tmp_path / "a % b" / "c" / "runs.sqlite3").exists()


def test_sqlite_keeps_a_write_ahead_log_so_that_readers_block_nobody(tmp_path: Path) -> None:
    file = tmp_path / "runs.sqlite3"
    store = Store(f"sqlite:///{file}")
    run_id = store.create_run(RunSpec())
    reader = sqlite3.connect(file)
    reader.execute("BEGIN")
    assert reader.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert reader.execute("SELECT status FROM runs").fetchone() == ("queued",)
    store.claim(run_id, "w")
    assert reader.execute("SELECT status FROM runs").fetchone() == ("queued",)
    reader.close()
    store.close()


def test_a_file_that_nobody_may_write_to_is_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "runs.sqlite3"
    with closing(sqlite3.connect(file)) as writer:
        writer.execute("CREATE TABLE something (value)")
    began = time.monotonic()
    with (
        closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as reader,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        engine._keep_a_write_ahead_log(reader)
    assert time.monotonic() - began < 2


def test_a_file_that_another_process_has_locked_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "runs.sqlite3"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE something (value)")
    other.execute("BEGIN EXCLUSIVE")
    timer = threading.Timer(0.4, lambda: other.execute("COMMIT"))
    timer.start()
    with closing(sqlite3.connect(file, timeout=0)) as waiting:
        engine._keep_a_write_ahead_log(waiting)
        assert waiting.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    timer.join()
    other.close()


def test_a_writer_waits_for_another_one(tmp_path: Path) -> None:
    file = tmp_path / "runs.sqlite3"
    store = Store(f"sqlite:///{file}")
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.5, lambda: other.execute("COMMIT"))
    began = time.monotonic()
    timer.start()
    store.create_run(RunSpec())
    assert time.monotonic() - began >= 0.4
    timer.join()
    other.close()
    store.close()


def test_sqlite_waits_at_least_ten_seconds(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'runs.sqlite3'}")
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA busy_timeout")) >= 10_000
    engine.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "no url", "oracle://host/x"])
def test_what_cannot_be_shared_with_workers_is_refused(url: str) -> None:
    with pytest.raises(StoreError):
        Store(url)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "runs.sqlite3"
    file.write_bytes(b"This is not a database at all, only text." * 100)
    with pytest.raises(StoreError, match="not a database"):
        Store(f"sqlite:///{file}")
