"""Races that leave a worker in the middle of a run, and that a person names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "race_pauses",
        sa.Column(
            "race_id",
            sa.String(32),
            sa.ForeignKey("races.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("optimizer", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("learning_rate", sa.Double, nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("again", sa.Integer, nullable=False),
        sa.Column("checkpoint", sa.LargeBinary),
        sa.Column("history", sa.LargeBinary),
    )
    op.add_column("races", sa.Column("given_name", sa.String(80)))


def downgrade() -> None:
    op.drop_column("races", "given_name")
    op.drop_table("race_pauses")
