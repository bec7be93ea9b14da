"""Races: many runs of one batch, by optimizer, learning rate and seed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXED = ("created_at", "owner", "set_id", "deleted_at")


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _group() -> list[sa.Column[object]]:
    race = sa.ForeignKey("races.id", ondelete="CASCADE")
    return [
        sa.Column("race_id", sa.String(32), race, primary_key=True),
        sa.Column("optimizer", sa.Integer, primary_key=True, autoincrement=False),
    ]


def _member() -> list[sa.Column[object]]:
    return [
        *_group(),
        sa.Column("learning_rate", sa.Double, primary_key=True),
        sa.Column("seed", sa.Integer, primary_key=True, autoincrement=False),
    ]


def upgrade() -> None:
    op.create_table(
        "races",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(80)),
        sa.Column("plan", sa.Text, nullable=False),
        _time("created_at", nullable=False),
        sa.Column("owner", sa.String(64)),
        sa.Column("set_id", sa.String(32)),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("wish", sa.String(8), nullable=False),
        _time("wished_at", nullable=False),
        _time("seen_at"),
        _time("deleted_at"),
    )
    for column in INDEXED:
        op.create_index(f"ix_races_{column}", "races", [column])
    op.create_table(
        "race_groups",
        *_group(),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("worker", sa.String(200)),
        _time("lease_at"),
        sa.Column("reason", sa.Text),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        _time("started_at"),
        _time("finished_at"),
        sa.Column("done_before", sa.Integer, nullable=False),
    )
    op.create_index("ix_race_groups_status", "race_groups", ["status"])
    _create_runs()
    op.add_column("runs", sa.Column("race_id", sa.String(32)))
    op.add_column("runs", sa.Column("race_member", sa.String(64)))
    op.create_index("ix_runs_race_id", "runs", ["race_id"])


def _create_runs() -> None:
    op.create_table(
        "race_runs",
        *_member(),
        sa.Column("epochs", sa.Integer, nullable=False),
        sa.Column("epochs_to_target", sa.Double, nullable=False),
        sa.Column("seconds_to_target", sa.Double, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("memorised_epoch", sa.Integer),
        sa.Column("non_finite_epoch", sa.Integer),
        sa.Column("best_loss", sa.Double),
        sa.Column("best_epoch", sa.Integer),
        sa.Column("drift", sa.Double),
        sa.Column("log_area", sa.Double, nullable=False),
        sa.Column("stopped", sa.Boolean, nullable=False),
    )
    op.create_table(
        "race_histories",
        *_member(),
        sa.Column("summary", sa.Text),
        sa.Column("batch_hash", sa.String(64)),
        sa.Column("weights_hash", sa.String(64)),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    op.drop_index("ix_runs_race_id", "runs")
    for column in ("race_member", "race_id"):
        op.drop_column("runs", column)
    for table in ("race_histories", "race_runs", "race_groups", "races"):
        op.drop_table(table)
