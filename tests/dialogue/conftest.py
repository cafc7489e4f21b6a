"""The engine with a trained model, started once for all dialogues."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from bot import settings
from bot.conversations.answering import Answering
from bot.conversations.fallback import Fallback
from bot.conversations.ledger import open_conversation
from bot.conversations.rasa_brain import RasaBrain
from bot.database import Database
from bot.faq.service import shared_faq_service
from bot.processes.engine import Engine
from bot.resources.importing import import_resources
from bot.responses import Responses
from bot.staff.hours import SHANGHAI
from tests.dialogue.talk import Talk

# Generous: a slow machine is no failure of the dialogue.
_LIMIT_SECONDS = 30.0


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Rasa and the action server over a database with the demo resources."""
    url = f"sqlite:///{tmp_path_factory.mktemp('dialogue')}/platform.db"
    database = Database(url)
    database.create_tables()
    with database.writing() as session:
        import_resources(session)
    database.close()
    with Engine(settings.load({"DATABASE_URL": url})) as started:
        yield started


@pytest.fixture(scope="session")
def talk(engine: Engine) -> Iterator[Callable[[], Talk]]:
    """Begins a conversation of a new customer."""
    database = Database(engine.settings.database_url)
    brain = RasaBrain(engine.settings.rasa_url, _LIMIT_SECONDS)
    faq = shared_faq_service()
    answering = Answering(brain, faq, Fallback(faq, Responses.load(), database), _LIMIT_SECONDS)
    now = datetime.now(UTC)
    with asyncio.Runner() as runner:

        def begin() -> Talk:
            with database.writing() as session:
                opened = open_conversation(session, "widget", now=now)
            today = now.astimezone(SHANGHAI).date()
            return Talk(answering, runner, opened.conversation.id, today)

        yield begin
        runner.run(brain.close())
    database.close()
