"""Runs, their histories in chunks, and their samples."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _run_id() -> sa.Column[str]:
    return sa.Column(
        "run_id", sa.String(32), sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True
    )


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(80)),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("spec_hash", sa.String(64), nullable=False),
        _time("created_at", nullable=False),
        sa.Column("wish", sa.String(8), nullable=False),
        _time("wished_at", nullable=False),
        sa.Column("pace", sa.Double),
        sa.Column("steps_wanted", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("worker", sa.String(200)),
        _time("lease_at"),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("steps_done", sa.Integer, nullable=False),
        _time("started_at"),
        _time("finished_at"),
        sa.Column("reason", sa.Text),
        sa.Column("summary", sa.Text),
    )
    for column in ("created_at", "status", "spec_hash"):
        op.create_index(f"ix_runs_{column}", "runs", [column])
    op.create_table(
        "chunks",
        _run_id(),
        sa.Column("first_epoch", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last_epoch", sa.Integer, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_chunks_run_id_level", "chunks", ["run_id", "level"])
    op.create_table("samples", _run_id(), sa.Column("data", sa.LargeBinary, nullable=False))


def downgrade() -> None:
    for table in ("samples", "chunks", "runs"):
        op.drop_table(table)
