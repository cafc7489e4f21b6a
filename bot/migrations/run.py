"""Brings a database's schema up to date, at every start."""

from __future__ import annotations

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config

from bot.database import Database
from bot.settings import load


def migrate(database: Database) -> None:
    """Apply the revisions that a database has not seen; the second time there is nothing to do."""
    with database.engine.begin() as connection:
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
