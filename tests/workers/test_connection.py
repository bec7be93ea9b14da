"""A scheduler that is reached with certificates."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster, Scheduler
from distributed.security import Security

from overfit_core.settings import Settings
from overfit_core.workers.connection import Connection

pytestmark = pytest.mark.cluster
OPENSSL = shutil.which("openssl")


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    assert OPENSSL is not None
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    subprocess.run(
        [
            *(OPENSSL, *request.split(), "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if OPENSSL is None:
        pytest.skip("makes its certificates with openssl")
    return _certificate(tmp_path_factory.mktemp("certificates"), "ours")


@pytest.fixture(scope="module")
def scheduler(certificate: tuple[Path, Path]) -> Iterator[str]:
    """A TLS scheduler without workers."""
    file, key = map(str, certificate)
    security = Security(
        require_encryption=True,
        tls_ca_file=file,
        tls_scheduler_cert=file,
        tls_scheduler_key=key,
        tls_client_cert=file,
        tls_client_key=key,
    )
    with LocalCluster(
        n_workers=0,
        host="127.0.0.1",
        protocol="tls://",
        dashboard_address="127.0.0.1:0",
        security=security,
    ) as cluster:
        yield cluster.scheduler_address


def _settings(certificate: tuple[Path, Path], scheduler: str) -> Settings:
    file, key = certificate
    return Settings(scheduler=scheduler, tls_ca_file=file, tls_cert=file, tls_key=key)


def test_a_scheduler_is_reached_with_its_certificate(
    scheduler: str, certificate: tuple[Path, Path]
) -> None:
    assert scheduler.startswith("tls://")
    connection = Connection(scheduler, _settings(certificate, scheduler), lambda: None)
    assert connection.workers() == []
    assert connection.training() == {}
    connection.submit("some-run")
    connection.submit("some-run")
    assert connection.failures() == {}
    connection.close()


def test_how_much_work_a_trial_may_be_goes_with_a_search(
    scheduler: str, certificate: tuple[Path, Path]
) -> None:
    settings = _settings(certificate, scheduler).model_copy(update={"run_work": 7.0})
    connection = Connection(scheduler, settings, lambda: None)
    connection.submit_check("some-run")
    deadline = time.monotonic() + 30.0
    while not (searches := connection._client.run_on_scheduler(_searches)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert searches == [("some-run", 7.0)]
    connection.close()


def _searches(dask_scheduler: Scheduler) -> list[tuple[object, ...]]:
    """What the tasks that look for a cause are called with."""
    tasks = dask_scheduler.tasks.items()
    return [task.run_spec.args for key, task in tasks if key[0] == "check_run"]


def test_a_scheduler_with_a_strange_certificate_is_refused(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overfit_core.workers.connection.CONNECT_SECONDS", 2.0)
    strange = _certificate(tmp_path, "strange")
    with pytest.raises(OSError, match="TLS certificate does not match"):
        Connection(scheduler, _settings(strange, scheduler), lambda: None)
