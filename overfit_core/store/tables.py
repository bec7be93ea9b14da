"""The tables of the database, as ``migrations/`` makes them."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no time zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn any zone into UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say that what was read is UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What all tables share."""


class RunRow(Base):
    """One run: what was asked for, what the person wishes, what the worker reports."""

    __tablename__ = "runs"
    __table_args__ = (
        Index("ix_runs_created_at", "created_at"),
        Index("ix_runs_status", "status"),
        Index("ix_runs_spec_hash", "spec_hash"),
        Index("ix_runs_owner", "owner"),
        Index("ix_runs_group_id", "group_id"),
        Index("ix_runs_deleted_at", "deleted_at"),
        Index("ix_runs_race_id", "race_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(80))
    spec: Mapped[str] = mapped_column(Text)
    spec_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcTime)

    # What it belongs to, and what a page needs to know without reading the spec.
    owner: Mapped[str | None] = mapped_column(String(64))
    group_id: Mapped[str | None] = mapped_column(String(32))
    place: Mapped[int] = mapped_column(default=0, server_default="0")
    optimizer: Mapped[str] = mapped_column(String(32), default="", server_default="")
    preset: Mapped[str | None] = mapped_column(String(64))
    # Of one that was opened from a race; it outlasts the race.
    race_id: Mapped[str | None] = mapped_column(String(32))
    race_member: Mapped[str | None] = mapped_column(String(64))

    # What a person writes on it.
    colour: Mapped[str | None] = mapped_column(String(16))
    notes: Mapped[str | None] = mapped_column(Text)
    tags: Mapped[str] = mapped_column(Text, default="[]", server_default="[]")
    seen_at: Mapped[datetime | None] = mapped_column(UtcTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)

    # The person's side.
    wish: Mapped[str] = mapped_column(String(8), default="run")
    wished_at: Mapped[datetime] = mapped_column(UtcTime)
    pace: Mapped[float | None] = mapped_column(Double)
    steps_wanted: Mapped[int] = mapped_column(default=0)

    # The worker's side.
    status: Mapped[str] = mapped_column(String(16), default="queued")
    worker: Mapped[str | None] = mapped_column(String(200))
    lease_at: Mapped[datetime | None] = mapped_column(UtcTime)
    epoch: Mapped[int] = mapped_column(default=0)
    steps_done: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None] = mapped_column(UtcTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    reason: Mapped[str | None] = mapped_column(Text)
    summary: Mapped[str | None] = mapped_column(Text)
    batch_hash: Mapped[str | None] = mapped_column(String(64))
    weights_hash: Mapped[str | None] = mapped_column(String(64))
    sparkline: Mapped[str | None] = mapped_column(Text)


class ChunkRow(Base):
    """Some epochs of a run's history, in Arrow; small ones become larger ones of a higher level."""

    __tablename__ = "chunks"
    __table_args__ = (Index("ix_chunks_run_id_level", "run_id", "level"),)

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    first_epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_epoch: Mapped[int]
    level: Mapped[int] = mapped_column(default=0)
    size: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class CheckRow(Base):
    """Why a run did not memorise its batch, and what was tried: at most one check for a run."""

    __tablename__ = "checks"
    __table_args__ = (Index("ix_checks_status", "status"),)

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    budget: Mapped[float] = mapped_column(Double)
    wish: Mapped[str] = mapped_column(String(8), default="run")
    status: Mapped[str] = mapped_column(String(16), default="queued")
    worker: Mapped[str | None] = mapped_column(String(200))
    lease_at: Mapped[datetime | None] = mapped_column(UtcTime)
    told_at: Mapped[datetime | None] = mapped_column(UtcTime)
    report: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)


class RaceRow(Base):
    """One race: what was asked for, and what the person wishes."""

    __tablename__ = "races"
    __table_args__ = (
        Index("ix_races_created_at", "created_at"),
        Index("ix_races_owner", "owner"),
        Index("ix_races_set_id", "set_id"),
        Index("ix_races_deleted_at", "deleted_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(80))
    given_name: Mapped[str | None] = mapped_column(String(80))
    plan: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    owner: Mapped[str | None] = mapped_column(String(64))
    set_id: Mapped[str | None] = mapped_column(String(32))
    place: Mapped[int] = mapped_column(default=0)
    wish: Mapped[str] = mapped_column(String(8), default="run")
    wished_at: Mapped[datetime] = mapped_column(UtcTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)


class RaceGroupRow(Base):
    """The runs of one optimizer of a race, which one worker trains one after the other."""

    __tablename__ = "race_groups"
    __table_args__ = (Index("ix_race_groups_status", "status"),)

    race_id: Mapped[str] = mapped_column(
        ForeignKey("races.id", ondelete="CASCADE"), primary_key=True
    )
    optimizer: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(String(16), default="queued")
    worker: Mapped[str | None] = mapped_column(String(200))
    lease_at: Mapped[datetime | None] = mapped_column(UtcTime)
    reason: Mapped[str | None] = mapped_column(Text)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int]
    started_at: Mapped[datetime | None] = mapped_column(UtcTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    done_before: Mapped[int] = mapped_column(default=0)


class RaceRunRow(Base):
    """One run of a race, scored: what ``RaceRun`` holds. A miss is infinite, nothing is NULL."""

    __tablename__ = "race_runs"

    race_id: Mapped[str] = mapped_column(
        ForeignKey("races.id", ondelete="CASCADE"), primary_key=True
    )
    optimizer: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    learning_rate: Mapped[float] = mapped_column(Double, primary_key=True)
    seed: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epochs: Mapped[int]
    epochs_to_target: Mapped[float] = mapped_column(Double)
    seconds_to_target: Mapped[float] = mapped_column(Double)
    seconds: Mapped[float] = mapped_column(Double)
    memorised_epoch: Mapped[int | None]
    non_finite_epoch: Mapped[int | None]
    best_loss: Mapped[float | None] = mapped_column(Double)
    best_epoch: Mapped[int | None]
    drift: Mapped[float | None] = mapped_column(Double)
    log_area: Mapped[float] = mapped_column(Double)
    stopped: Mapped[bool]


class RaceHistoryRow(Base):
    """What a run of a race needs to be opened by itself; apart, as a race is read without it."""

    __tablename__ = "race_histories"

    race_id: Mapped[str] = mapped_column(
        ForeignKey("races.id", ondelete="CASCADE"), primary_key=True
    )
    optimizer: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    learning_rate: Mapped[float] = mapped_column(Double, primary_key=True)
    seed: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    summary: Mapped[str | None] = mapped_column(Text)
    batch_hash: Mapped[str | None] = mapped_column(String(64))
    weights_hash: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class RacePauseRow(Base):
    """The run of a group that was left in the middle, and where it stands.

    ``again`` is how often it has to begin again, as it cannot go on: then there is no checkpoint.
    """

    __tablename__ = "race_pauses"

    race_id: Mapped[str] = mapped_column(
        ForeignKey("races.id", ondelete="CASCADE"), primary_key=True
    )
    optimizer: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    learning_rate: Mapped[float] = mapped_column(Double)
    seed: Mapped[int]
    again: Mapped[int] = mapped_column(default=0)
    checkpoint: Mapped[bytes | None] = mapped_column(LargeBinary)
    history: Mapped[bytes | None] = mapped_column(LargeBinary)


class SecretRow(Base):
    """A random text that all web processes share, such as the one that signs cookies."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(128))


class SamplesRow(Base):
    """The batch of a run, and what the network makes of it, in Arrow."""

    __tablename__ = "samples"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
