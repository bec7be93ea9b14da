"""The pages, run by Streamlit's AppTest with a trainer that needs no TensorFlow."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from overfit_core.charts.feed import Feed
from overfit_core.settings import Settings
from overfit_core.spec import RunSpec
from overfit_core.store import Store
from overfit_core.visitors import COOKIE, new_cookie
from pages.parts import engine as engine_module
from pages.parts import session_keys as keys
from pages.parts import visitor as visitor_module
from tests.pages.fake import FakeWorkers

SECONDS = 30
OpenApp = Callable[..., AppTest]


@pytest.fixture(autouse=True, scope="module")
def without_what_others_left() -> Iterator[None]:
    """Keep Python's garbage collector from what other tests hold in memory.

    Streamlit collects after every script. Where TensorFlow has traced a hundred models in this
    process, looking through them takes ten times as long as the script.
    """
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite3'}")
    yield store
    store.close()


@pytest.fixture
def workers(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWorkers]:
    workers = FakeWorkers(store)
    handles = engine_module.Engine(store, Feed(store), workers, Settings())
    engine_module.engine.clear()
    monkeypatch.setattr(engine_module, "make_engine", lambda: handles)
    yield workers
    engine_module.engine.clear()


@pytest.fixture
def open_app(root: Path, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch) -> OpenApp:
    """Open the page in a new session, at an address with these query parameters.

    Every session is the same visitor's, unless another one is named.
    """
    # AppTest sends no cookies: the session holds the one that a browser would.
    monkeypatch.setattr(visitor_module, "sent_cookie", lambda secret: None)
    cookies: dict[str, str] = {}

    def opened(page: str = "", visitor: str = "me", **address: str) -> AppTest:
        at = AppTest.from_file(str(root / "app.py"), default_timeout=SECONDS)
        secret = workers.store.secret(COOKIE)
        at.session_state[keys.VISITOR] = cookies.setdefault(visitor, new_cookie(secret))
        if page:
            at.switch_page(f"pages/{page}.py")
        for name, value in address.items():
            at.query_params[name] = value
        at.run()
        assert not at.exception
        return at

    return opened


@pytest.fixture
def made(store: Store, workers: FakeWorkers) -> list[str]:
    """Three runs: two seeds of Adam, and SGD."""
    specs = [
        RunSpec(),
        RunSpec.load({"training": {"seed": 2}}),
        RunSpec.load({"optimizer": {"name": "SGD"}}),
    ]
    ids = [store.create_run(spec) for spec in specs]
    for run_id in ids:
        workers.submit(run_id)
    return ids


@pytest.fixture
def compared(open_app: OpenApp, made: list[str]) -> AppTest:
    return open_app("compare", runs=",".join(made))
