"""Counts what is asked of the database, so that a list cannot ask once for each row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from bot.database import Database


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements that are carried out while the block runs."""
    seen: list[str] = []

    def note(*details: Any) -> None:
        seen.append(details[2])

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
