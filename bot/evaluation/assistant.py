"""The trained assistant, apart from everything that runs, for whoever wants to question it.

It is the whole product without HTTP: Rasa and the actions on free ports over a throwaway database,
and each question in a conversation of its own.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import count

from bot.conversations.answering import Answering, Asked
from bot.conversations.brain import Answer
from bot.conversations.fallback import Fallback
from bot.conversations.ledger import open_conversation
from bot.conversations.rasa_brain import RasaBrain
from bot.database import Database
from bot.faq.service import FaqService, load_faq_service
from bot.processes import Engine
from bot.resources.importing import import_resources
from bot.responses import Responses
from bot.settings import Settings
from bot.staff.hours import SHANGHAI
from knowledge.search import Candidate

# A cold engine's first answers may be slow, and nobody waits at a phone here.
_LIMIT_SECONDS = 30.0
# What loads at the first question (connections, dictionaries) is no part of a question's time.
_WARM_UP = ("压力表多久检定一次", "哪里能校准卡尺", "今天天气怎么样")


@dataclass(frozen=True)
class Answered:
    """What came of a question: the whole turn, and what the search alone had found."""

    answer: Answer
    candidates: tuple[Candidate, ...]
    seconds: float
    search_seconds: float

    @property
    def entry(self) -> str | None:
        """The knowledge entry it was answered with, if it was."""
        entries = (reply.data["faq"]["id"] for reply in self.answer.replies if "faq" in reply.data)
        return next(entries, None)

    @property
    def handled(self) -> str:
        """What was done with it; an answer that does not say so has asked something back."""
        return self.answer.handled or "clarify"


class Assistant:
    """Answers questions that know nothing of each other."""

    def __init__(
        self, answering: Answering, faq: FaqService, conversation_id: str, today: date
    ) -> None:
        self.faq = faq
        self.today = today
        self._answering = answering
        self._conversation_id = conversation_id
        self._numbers = count(1)

    async def ask(self, text: str) -> Answered:
        """Ask in a new conversation; the text is one that ``checked_text`` lets through."""
        number = next(self._numbers)
        asked = Asked(number, self._conversation_id, f"classify.{number}", "classify", text)
        begun = time.perf_counter()
        answer = await self._answering.answer(asked, self.today)
        ended = time.perf_counter()
        # The vectors are remembered from the turn, so that this is the search and nothing else.
        found = self.faq.understand(text, self.today).candidates
        return Answered(answer, found, ended - begun, time.perf_counter() - ended)

    async def warm_up(self) -> None:
        """Ask a few things so that the first real question takes as long as any other."""
        for text in _WARM_UP:
            await self.ask(text)


@contextmanager
def engine_apart(settings: Settings) -> Iterator[Settings]:
    """Rasa and the actions over a throwaway database; yields the settings that lead to them.

    Raises:
        StartFailed: One of them cannot be started, or the model not be trained.
    """
    with tempfile.TemporaryDirectory() as folder:
        aside = replace(
            settings, database_url=f"sqlite:///{folder}/classify.db", tracker_store_url=""
        )
        with Engine(aside) as engine:
            yield engine.settings


@asynccontextmanager
async def assistant(settings: Settings) -> AsyncIterator[Assistant]:
    """An assistant over what ``engine_apart`` started."""
    now = datetime.now(UTC)
    database = Database(settings.database_url)
    database.create_tables()
    with database.writing() as session:
        import_resources(session)
        conversation_id = open_conversation(session, "classify", now=now).conversation.id
    faq = load_faq_service()
    brain = RasaBrain(settings.rasa_url, _LIMIT_SECONDS)
    answering = Answering(brain, faq, Fallback(faq, Responses.load(), database), _LIMIT_SECONDS)
    try:
        yield Assistant(answering, faq, conversation_id, now.astimezone(SHANGHAI).date())
    finally:
        await brain.close()
        database.close()
