"""Whose a run is, what it belongs to, and what a person writes on it."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _new() -> list[sa.Column[Any]]:
    return [
        sa.Column("owner", sa.String(64)),
        sa.Column("group_id", sa.String(32)),
        sa.Column("place", sa.Integer, nullable=False, server_default="0"),
        sa.Column("optimizer", sa.String(32), nullable=False, server_default=""),
        sa.Column("preset", sa.String(64)),
        sa.Column("batch_hash", sa.String(64)),
        sa.Column("weights_hash", sa.String(64)),
        sa.Column("sparkline", sa.Text),
        sa.Column("colour", sa.String(16)),
        sa.Column("notes", sa.Text),
        sa.Column("tags", sa.Text, nullable=False, server_default="[]"),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
    ]


INDEXED = ("owner", "group_id", "deleted_at")


def upgrade() -> None:
    for column in _new():
        op.add_column("runs", column)
    for name in INDEXED:
        op.create_index(f"ix_runs_{name}", "runs", [name])
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.String(128), nullable=False),
    )
    _name_optimizers()


def _name_optimizers() -> None:
    """Say of the runs that are there which optimizer they have."""
    runs = sa.table("runs", sa.column("id"), sa.column("spec"), sa.column("optimizer"))
    connection = op.get_bind()
    for run_id, spec in connection.execute(sa.select(runs.c.id, runs.c.spec)).all():
        name = json.loads(spec).get("optimizer", {}).get("name", "")
        connection.execute(sa.update(runs).where(runs.c.id == run_id).values(optimizer=name))


def downgrade() -> None:
    op.drop_table("secrets")
    for name in INDEXED:
        op.drop_index(f"ix_runs_{name}", "runs")
    for column in _new():
        op.drop_column("runs", column.name)
