"""Alembic's entry: run the migrations on the connection that ``upgrade`` opened."""

from __future__ import annotations

from alembic import context

from overfit_core.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite cannot alter a column; batch mode copies the table instead.
    render_as_batch=True,
)
context.run_migrations()
