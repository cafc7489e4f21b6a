"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.database import Database
from tests.fakes import FakeBrain, FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """A clock that moves when told."""
    return FakeClock()


@pytest.fixture
def brain() -> FakeBrain:
    """A brain with a script."""
    return FakeBrain()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database with all tables."""
    opened = Database(f"sqlite:///{tmp_path}/test.db")
    opened.create_tables()
    yield opened
    opened.close()
