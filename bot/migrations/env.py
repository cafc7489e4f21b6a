"""Alembic's entry point: runs the revisions over the connection it is given."""

from __future__ import annotations

from alembic import context

import bot.models  # noqa: F401  (registers every record)
from bot.database import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    # SQLite can alter little in place; Alembic then copies the table.
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
