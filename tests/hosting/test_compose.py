"""compose.yaml: the app and its database, as what they name knows it."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from overfit_core.settings import Settings
from tests.hosting.dockerfile import steps
from tests.store.postgresql import programs


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "compose.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def services(text: str) -> dict[str, Any]:
    return yaml.safe_load(text)["services"]


def test_the_settings_of_the_app_exist_and_name_the_database_service(
    services: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = services["app"]["environment"]
    known = {f"OVERFIT_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in told if name.startswith("OVERFIT_")} <= known
    monkeypatch.setenv("OVERFIT_DATABASE_URL", told["OVERFIT_DATABASE_URL"])
    found = re.fullmatch(r"postgresql\+psycopg://(\w+)@(\w+):5432/(\w+)", Settings.load().store_url)
    assert found
    user, host, name = found.groups()
    database = services[host]["environment"]
    assert (database["POSTGRES_USER"], database["POSTGRES_DB"]) == (user, name)
    assert told["PGPASSWORD"] == database["POSTGRES_PASSWORD"]


def test_there_is_no_password_to_forget(text: str, services: dict[str, Any]) -> None:
    # ${NAME:?…} refuses to start where it is missing or empty.
    assert services["database"]["environment"]["POSTGRES_PASSWORD"].startswith(
        "${POSTGRES_PASSWORD:?"
    )
    assert ":-" not in text
    assert "trust" not in text


def test_the_app_waits_until_the_database_is_well(services: dict[str, Any]) -> None:
    assert services["app"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert services["database"]["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]


def test_only_the_app_is_reached_and_only_from_this_machine(
    root: Path, services: dict[str, Any]
) -> None:
    (exposed,) = (step.text for step in steps(root / "Dockerfile") if step.name == "EXPOSE")
    assert services["app"]["ports"] == [f"127.0.0.1:{exposed}:{exposed}"]
    assert "ports" not in services["database"]


def test_runs_and_programs_outlive_the_containers(
    root: Path, text: str, services: dict[str, Any]
) -> None:
    (data,) = (step.text for step in steps(root / "Dockerfile") if step.name == "VOLUME")
    mounted = {
        target: name
        for service in services.values()
        for name, target in (volume.split(":") for volume in service["volumes"])
    }
    assert set(mounted) == {data, "/var/lib/postgresql/data"}
    assert set(mounted.values()) == set(yaml.safe_load(text)["volumes"])


def test_the_database_is_the_very_version_that_the_store_is_tested_with(
    services: dict[str, Any],
) -> None:
    assert re.fullmatch(r"postgres:\d+\.\d+", services["database"]["image"])
    found = programs()
    if found is None or "site-packages" not in str(found):
        pytest.skip("PostgreSQL is not the one of requirements-dev.txt")
    said = subprocess.run([found / "postgres", "--version"], capture_output=True, text=True).stdout
    assert said.split()[-1] == services["database"]["image"].partition(":")[2]
