"""Alembic's entry point: runs the revisions over the connection it is given."""

from __future__ import annotations

from typing import Literal

from alembic import context

import bot.models  # noqa: F401  (registers every record)
from bot.database import Base, UtcDateTime


def render_item(kind: str, item: object, _autogenerate: object) -> str | Literal[False]:
    """Write our own column type as what the database sees, so that revisions import nothing."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    # SQLite can alter little in place; Alembic then copies the table.
    render_as_batch=True,
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
