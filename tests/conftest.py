"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.database import Database
from tests.fakes import FakeBrain, FakeClock
from tests.postgresql import PostgresDatabases, postgresql_server

SQLITE, POSTGRESQL = "sqlite", "postgresql"
ON_BOTH = {"bot", "connectors", "scenarios"}


@pytest.fixture
def clock() -> FakeClock:
    """A clock that moves when told."""
    return FakeClock()


@pytest.fixture
def brain() -> FakeBrain:
    """A brain with a script."""
    return FakeBrain()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresDatabases]:
    """A PostgreSQL server for the whole run, with all tables in it."""
    with postgresql_server() as url:
        yield PostgresDatabases(url)


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with all tables."""
    if getattr(request, "param", SQLITE) == POSTGRESQL:
        with request.getfixturevalue("postgresql").empty() as opened:
            yield opened
        return
    opened = Database(f"sqlite:///{tmp_path}/test.db")
    opened.create_tables()
    yield opened
    opened.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What works over one database must work over the other: these folders run on both."""
    folder = metafunc.definition.path.relative_to(Path(__file__).parent).parts[0]
    marked = metafunc.definition.get_closest_marker("one_database")
    if "database" in metafunc.fixturenames and folder in ON_BOTH and marked is None:
        kinds = [SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.postgres)]
        metafunc.parametrize("database", kinds, indirect=True)
