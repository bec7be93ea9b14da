from pathlib import Path

import pytest

from overfit_core.settings import Settings, SettingsError


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OVERFIT_DATA_DIR", raising=False)
    monkeypatch.delenv("OVERFIT_CACHE_DIR")


def test_the_defaults_keep_everything_in_one_folder_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.load()
    folder = tmp_path / ".overfit-lab"
    assert settings.data_dir == folder
    assert settings.store_url == f"sqlite:///{folder / 'runs.sqlite3'}"
    assert settings.programs_dir == folder / "programs"
    assert settings.scheduler is None


def test_a_child_process_gets_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        data_dir=Path("somewhere"),
        database_url="postgresql://ada:secret@host/runs",
        workers=3,
        worker_memory=1.5,
    )
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings.load() == settings


def test_postgresql_is_reached_with_psycopg() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        settings = Settings(database_url=f"{scheme}://ada:secret@host/runs")
        assert settings.store_url == "postgresql+psycopg://ada:secret@host/runs"


def test_a_password_is_not_printed() -> None:
    assert "secret" not in repr(Settings(database_url="postgresql://ada:secret@host/runs"))


def test_a_refused_database_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OVERFIT_DATABASE_URL", "mysql://ada:secret@host/runs")
    with pytest.raises(SettingsError, match="must start with sqlite") as raised:
        Settings.load()
    assert "secret" not in str(raised.value)
    assert "mysql" in str(raised.value)


@pytest.mark.parametrize(
    "address",
    ["tls://gpu.example:8786", "tcp://127.0.0.1:8786", "tcp://localhost:1", "tcp://[::1]:8786"],
)
def test_an_encrypted_or_local_scheduler_is_accepted(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OVERFIT_SCHEDULER", address)
    assert Settings.load().scheduler == address


@pytest.mark.parametrize(
    "address",
    [
        "tcp://10.0.0.5:8786",
        "tcp://gpu.example:8786",
        "tcp://127.0.0.1.example:8786",
        "tcp://0.0.0.0:8786",
    ],
)
def test_an_open_connection_to_another_host_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OVERFIT_SCHEDULER", address)
    with pytest.raises(SettingsError, match="not encrypted") as raised:
        Settings.load()
    assert address in str(raised.value)


@pytest.mark.parametrize("address", ["gpu:8786", "tls://", "http://127.0.0.1:8786", "tcp:8786"])
def test_what_is_no_scheduler_address_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OVERFIT_SCHEDULER", address)
    with pytest.raises(SettingsError, match="OVERFIT_SCHEDULER"):
        Settings.load()


def test_every_wrong_variable_is_named_with_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVERFIT_WORKERS", "0")
    monkeypatch.setenv("OVERFIT_WORKER_MEMORY", "nan")
    with pytest.raises(SettingsError) as raised:
        Settings.load()
    message = str(raised.value)
    assert "OVERFIT_WORKERS" in message
    assert "'0'" in message
    assert "OVERFIT_WORKER_MEMORY" in message


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVERFIT_SCHEDULER", "")
    assert Settings.load().scheduler is None
