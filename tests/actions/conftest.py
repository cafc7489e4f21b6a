"""The surroundings of actions: a database with the demo resources, a clock, a silent search."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import pytest

from actions import context
from actions.context import Context
from bot.database import Database
from bot.faq.service import Understanding
from bot.resources.importing import import_resources
from bot.settings import Settings
from knowledge.entries import Entry, load_entries
from tests.fakes import FakeClock


@dataclass
class SilentSearch:
    """Finds nothing, and notes what it was asked."""

    asked: list[str] = field(default_factory=list)

    def understand(self, text: str, on: date) -> Understanding:
        """Nothing."""
        self.asked.append(text)
        return Understanding({}, ())


@dataclass
class Unchanging:
    """Content that nobody edits."""

    entries: dict[str, Entry]


@pytest.fixture(scope="session")
def entries() -> dict[str, Entry]:
    """The real knowledge base; reading it once is enough."""
    return {entry.id: entry for entry in load_entries()}


@pytest.fixture
def here(database: Database, clock: FakeClock, entries: dict[str, Entry]) -> Iterator[Context]:
    """Put the surroundings in place for one test."""
    made = Context(
        Settings(),
        database,
        clock,
        load_faq=SilentSearch,  # type: ignore[arg-type]
        load_content=lambda: Unchanging(entries),  # type: ignore[arg-type,return-value]
    )
    context.use(made)
    yield made
    context.use(None)


@pytest.fixture
def resources(here: Context) -> Context:
    """The same, with the demo resources in the database."""
    with here.database.writing() as session:
        import_resources(session)
    return here
