"""Brings a database's schema up to date, at every start."""

from __future__ import annotations

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from bot.database import Database
from bot.settings import load

# Any number, the same everywhere.
_LOCK = 20_251_124


def migrate(database: Database) -> None:
    """Apply the revisions that a database has not seen; the second time there is nothing to do."""
    with database.engine.begin() as connection:
        if database.is_shared:
            # Another machine may be starting over the same database.
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        command.upgrade(_config(connection), "head")


def revise(database: Database, message: str) -> None:
    """Write a new revision from the difference between the records and the database."""
    with database.engine.begin() as connection:
        number = len(list((Path(__file__).parent / "versions").glob("*.py"))) + 1
        command.revision(_config(connection), message, autogenerate=True, rev_id=f"{number:04}")


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


if __name__ == "__main__":
    # A developer's way to add a revision: python -m bot.migrations.run "Add the audit log"
    opened = Database(load().database_url)
    migrate(opened)
    revise(opened, sys.argv[1])
