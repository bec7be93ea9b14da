"""What can be set from outside: environment variables that start with ``OVERFIT_``."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from overfit_core.errors import OverfitError, shown

AbsolutePath = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]

_HIDDEN = {"database_url"}


class SettingsError(OverfitError, ValueError):
    """An environment variable holds something that cannot be used."""


class Settings(BaseSettings):
    """Where runs are kept and where they are trained.

    Attributes:
        data_dir: Folder for the database and the compiled programs, made when it is needed.
            Default: ``.overfit-lab`` in the working directory.
        database_url: SQLAlchemy URL of the database: ``sqlite:///…`` or ``postgresql://…``.
            Default: the SQLite file ``runs.sqlite3`` in ``data_dir``.
        cache_dir: Folder for compiled programs. Default: ``programs`` in ``data_dir``.
        scheduler: Address of a running Dask scheduler, ``tls://host:port``; ``tcp://`` only on
            this machine. Default: the app starts its own workers on this machine.
        tls_ca_file: Certificate authority of the scheduler (PEM); default: Dask's configuration.
        tls_cert: Certificate of this client (PEM); default: Dask's configuration.
        tls_key: Key of ``tls_cert`` (PEM); default: Dask's configuration.
        workers: Number of worker processes, 1 to 64. Default: by cores and memory, at most 8.
        worker_memory: Memory limit of one worker in GB, 0.9 or more; a worker above it is
            restarted. Default: an even share of this machine's memory, at most 8.
        worker_recycle_memory: Memory in GB, 0.1 or more, above which a worker is replaced by a
            fresh one between two runs: TensorFlow frees no program that it compiled.
            Default: 0.8.
        runs_per_visitor: Runs that one visitor may have going at a time, 1 or more, and as many
            searches for causes, and as many races; one over several tasks is as many races.
            Default: no limit.
        runs_waiting: Runs that may wait for a worker in all, and as many searches and races; more
            are refused.
            Default: no limit.
        run_work: Epochs x parameters x samples that one run may take, and each trial of a search
            for a cause. Default: no limit but that of every run.
        race_work: Runs x epochs x parameters x samples that one race may take, over all its
            tasks. Default: no limit.
        check_seconds: About how long the search for the cause of a run may take; it begins by
            itself when a run has not memorised its batch. 0: it begins when somebody asks for it.
            Default: 20.
        check_longest: Longest search for a cause that a visitor may ask for, in seconds; 0: none
            may be asked for. Default: 300.
        idle_minutes: A run, or a race, that nobody has looked at for so long is stopped.
            Default: never.
        keep_days: Runs and races that ended so long ago are removed. Default: kept for good.
        keep_runs: So many ended runs are kept, the newest ones, and so many races. Default: all.
    """

    model_config = SettingsConfigDict(
        env_prefix="OVERFIT_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    data_dir: AbsolutePath = Field(default=Path(".overfit-lab"), validate_default=True)
    database_url: SecretStr | None = None
    cache_dir: AbsolutePath | None = None
    scheduler: str | None = None
    tls_ca_file: AbsolutePath | None = None
    tls_cert: AbsolutePath | None = None
    tls_key: AbsolutePath | None = None
    workers: int | None = Field(default=None, ge=1, le=64)
    worker_memory: float | None = Field(default=None, ge=0.9, le=4096, allow_inf_nan=False)
    worker_recycle_memory: float = Field(default=0.8, ge=0.1, le=4096, allow_inf_nan=False)

    runs_per_visitor: int | None = Field(default=None, ge=1)
    runs_waiting: int | None = Field(default=None, ge=1)
    run_work: float | None = Field(default=None, ge=1.0, allow_inf_nan=False)
    race_work: float | None = Field(default=None, ge=1.0, allow_inf_nan=False)
    check_seconds: float = Field(default=20.0, ge=0.0, le=3_600, allow_inf_nan=False)
    check_longest: float = Field(default=300.0, ge=0.0, le=3_600, allow_inf_nan=False)
    idle_minutes: float | None = Field(default=None, gt=0.0, le=525_600, allow_inf_nan=False)
    keep_days: float | None = Field(default=None, gt=0.0, le=36_500, allow_inf_nan=False)
    keep_runs: int | None = Field(default=None, ge=1)

    @classmethod
    def load(cls) -> Self:
        """Read the environment.

        Raises:
            SettingsError: If a variable holds something that cannot be used; names them all.
        """
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(
                "\n".join(
                    _sentence(str(found["loc"][0]), found["msg"], found["input"])
                    for found in error.errors()
                )
            ) from None

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: SecretStr | None) -> SecretStr | None:
        scheme = "" if url is None else url.get_secret_value().partition(":")[0].partition("+")[0]
        if url is not None and scheme not in {"sqlite", "postgresql", "postgres"}:
            # The URL may hold a password: only its scheme is shown.
            raise ValueError(f"must start with sqlite:// or postgresql://, not {shown(scheme)}")
        return url

    @field_validator("scheduler")
    @classmethod
    def _encrypted_or_local(cls, address: str | None) -> str | None:
        if address is None:
            return None
        url = urlsplit(address)
        if url.scheme == "tls" and url.hostname:
            return address
        if url.scheme == "tcp" and url.hostname and _is_loopback(url.hostname):
            return address
        if url.scheme == "tcp":
            raise ValueError("tcp:// to another host is not encrypted: name it with tls://")
        raise ValueError("must look like tls://host:port, or tcp://127.0.0.1:port")

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the database, the driver included."""
        if self.database_url is None:
            return f"sqlite:///{self.data_dir / 'runs.sqlite3'}"
        url = self.database_url.get_secret_value()
        scheme, colon, rest = url.partition(":")
        return f"postgresql+psycopg{colon}{rest}" if scheme.startswith("postgres") else url

    @property
    def retention(self) -> str:
        """How long runs are kept, in plain words."""
        rules = []
        if self.keep_days is not None:
            rules.append(f"for {self.keep_days:g} day{'' if self.keep_days == 1 else 's'}")
        if self.keep_runs is not None:
            rules.append(f"the newest {self.keep_runs:,} of all")
        return f"kept {', '.join(rules)}" if rules else "kept until you delete them"

    @property
    def programs_dir(self) -> Path:
        """Folder for compiled programs."""
        return self.cache_dir or self.data_dir / "programs"

    def environment(self) -> dict[str, str]:
        """Return the variables that give a child process the same settings."""
        values = self.model_dump(exclude_none=True)
        return {
            f"OVERFIT_{name.upper()}": (
                value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            )
            for name, value in values.items()
        }


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _sentence(name: str, message: str, value: object) -> str:
    reason = message.removeprefix("Value error, ").replace("Input should", "it should")
    given = "" if name in _HIDDEN else f", got {shown(value)}"
    return f"OVERFIT_{name.upper()} cannot be used: {reason}{given}."
