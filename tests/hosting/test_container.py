"""The image's own command, run as Docker would run it: it answers, trains, and ends.

Docker itself is not needed: the files are those that COPY takes, the packages those that are
installed here.
"""

import os
import sqlite3
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from tests.hosting.container import Container, running
from tests.hosting.dockerfile import Image, build

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(os.name != "posix", reason="a container of Linux needs its shell"),
]

PYTHON = Path(sys.executable).parent
TRAIN = """
import time
from overfit_core import PRESETS
from overfit_core.settings import Settings
from overfit_core.store import Store
store = Store(Settings.load().store_url)
run_id = store.create_run(PRESETS["article-2"].spec)
end = time.monotonic() + 50
while not (run := store.run(run_id)).ended and time.monotonic() < end:
    time.sleep(0.05)
print(run.status, run.epoch, run.reason)
"""


@pytest.fixture(scope="module")
def image(root: Path) -> Iterator[Image]:
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        # Everybody may go through, as in a real image.
        os.chmod(folder, 0o755)
        yield build(root, Path(folder), PYTHON)


@pytest.fixture(scope="module")
def container(image: Image) -> Iterator[Container]:
    with running(image, PYTHON, OVERFIT_WORKERS="1") as container:
        container.wait_until_healthy()
        yield container


def _page(port: int) -> list[ForwardMsg]:
    """All that a browser gets that opens the page, until its script has ended."""
    asked = BackMsg()
    asked.rerun_script.query_string = ""
    got = []
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    with connect(address, subprotocols=["streamlit"], max_size=None) as socket:
        socket.send(asked.SerializeToString())
        while not got or got[-1].WhichOneof("type") != "script_finished":
            got.append(ForwardMsg.FromString(socket.recv(timeout=30)))
    return got


def test_it_runs_as_its_user_and_can_write_nothing_but_its_data(
    container: Container, image: Image
) -> None:
    if container.user == os.geteuid():
        pytest.skip("it runs as whoever runs the tests, who owns its files: only root can switch")
    assert container.user == image.user == 1000
    assert psutil.Process(container.process.pid).uids().effective == 1000
    for folder in (image.folder, image.folder / "static", image.folder / "overfit_core"):
        assert container.run(["touch", str(folder / "a file")]).returncode, folder
    assert container.run(["touch", str(image.volume / "a file")]).returncode == 0


def test_the_page_is_there_with_its_charts_and_puts_its_database_into_the_volume(
    container: Container, image: Image
) -> None:
    (plotly,) = (image.folder / "static").glob("plotly-*.min.js")
    for name, expected in (("", b"<title>"), (f"app/static/{plotly.name}", b"plotly.js")):
        with urllib.request.urlopen(f"http://127.0.0.1:{container.port}/{name}") as answer:
            assert expected in answer.read()
    got = _page(container.port)
    assert got[-1].script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
    shown = [message.delta.new_element for message in got if message.WhichOneof("type") == "delta"]
    kinds = {element.WhichOneof("type") for element in shown}
    assert "button" in kinds
    assert not kinds & {"alert", "exception"}, shown
    with sqlite3.connect(image.volume / "runs.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM runs").fetchone() == (0,)
    database.close()


def test_its_workers_train(container: Container) -> None:
    trained = container.run([sys.executable, "-c", TRAIN])
    assert trained.stdout == "finished 500 None\n", trained.stderr + container.log.read_text()


def test_it_ends_in_time_when_docker_asks_and_leaves_no_process(container: Container) -> None:
    assert len(container.processes()) > 1
    assert container.stop() == 0
    assert psutil.wait_procs(container.processes(), timeout=5)[1] == []
