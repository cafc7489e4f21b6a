"""Alice's desk, and who comes to it about an enterprise."""

from __future__ import annotations

import pytest

from bot.conversations.ledger import Opened
from bot.database import Database
from tests.bot.enterprises.cast import Office
from tests.fakes import FakeClock


@pytest.fixture
def office(database: Database, clock: FakeClock) -> Office:
    return Office(database, clock)


@pytest.fixture
def xiaolin(office: Office) -> Opened:
    return office.visitor()
