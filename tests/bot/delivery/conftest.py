"""Fixtures: 小陈 has written, and a sender serves a channel with a script."""

from __future__ import annotations

import pytest

from bot.conversations.bell import Bell
from bot.database import Database
from bot.delivery.senders import Senders
from tests.bot.delivery.post import FakeChannel, says, xiaochen
from tests.fakes import FakeClock


@pytest.fixture
def talk(database: Database, clock: FakeClock) -> str:
    """The conversation with 小陈, who has just written."""
    with database.writing() as session:
        conversation_id = xiaochen(session, clock)
        says(session, conversation_id, clock)
    return conversation_id


@pytest.fixture
def channel() -> FakeChannel:
    """A push channel with a script."""
    return FakeChannel()


@pytest.fixture
def senders(database: Database, channel: FakeChannel, clock: FakeClock) -> Senders:
    """The channel's sender, which sends when told."""
    made = Senders(database, Bell(), clock)
    made.add(channel)
    return made
