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
    upgrade(database, "head")


def upgrade(database: Database, revision: str) -> None:
    """Apply revisions up to one of them."""
    if database.is_shared:
        with database.engine.begin() as connection:
            # Another machine may be starting over the same database.
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            command.upgrade(_config(connection), revision)
        return
    with database.engine.connect() as connection:
        # SQLite alters a table by making it anew and dropping the old one, which it refuses
        # while rows elsewhere refer to it. The check can be put off only outside a transaction.
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                command.upgrade(_config(connection), revision)
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if broken:
                    raise RuntimeError(f"a revision left rows without what they refer to: {broken}")
        finally:
            connection.connection.cursor().execute("PRAGMA foreign_keys=ON")


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
