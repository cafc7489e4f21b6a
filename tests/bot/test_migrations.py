"""The migrations make exactly the schema that the records describe."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

import bot.models  # noqa: F401
from bot.database import Base, Database
from bot.migrations.run import migrate, upgrade


def test_migrated_database_equals_the_records(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/migrated.db")
    migrate(database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/migrated.db")
    migrate(database)
    migrate(database)
    database.close()


def test_a_table_that_others_refer_to_is_altered_with_its_rows(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/migrated.db")
    upgrade(database, "0010")
    with database.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO cases (id, number, kind, status, need, details, contact, phone,"
                " company, wrong_tails, created_at, due_at) VALUES (1, 'YZ-1', 'service',"
                " 'submitted', '', '{}', '', '', '', 0, '2026-11-24', '2026-11-25')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO case_steps (case_id, status, note, happened_at)"
                " VALUES (1, 'submitted', '', '2026-11-24')"
            )
        )
    migrate(database)
    with database.engine.begin() as connection:
        joined = "SELECT number FROM cases JOIN case_steps ON case_id = cases.id"
        assert connection.execute(text(joined)).scalars().all() == ["YZ-1"]
        # Checked again from here on.
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    database.close()
