"""Gets an answer to what a customer asked: from the brain, or without it, but always one."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bot.conversations.brain import Answer, Brain, FailureKind, Question
from bot.conversations.fallback import Fallback
from bot.errors import BrainFailed
from bot.faq.service import FaqService
from bot.faq.two_questions import Understood, understand
from knowledge.encoders import pack
from knowledge.search import Candidate

logger = logging.getLogger(__name__)

# A letter, digit or Chinese character: without one there is nothing to understand.
_MEANINGFUL = re.compile(r"[^\W_]")
# A message is answered or taken together with others long before.
_FORGOTTEN_AFTER_SECONDS = 10.0


@dataclass(frozen=True)
class Asked:
    """What a turn asks and in whose name; ``payload`` is set when a button was pressed."""

    turn_id: int
    conversation_id: str
    tracker_id: str
    channel: str
    text: str
    payload: str | None = None


class Answering:
    """Understands once, asks the brain within a time limit, and never comes back empty."""

    def __init__(
        self, brain: Brain, faq: FaqService, fallback: Fallback, limit_seconds: float
    ) -> None:
        self._brain = brain
        self._faq = faq
        self._fallback = fallback
        self._limit_seconds = limit_seconds
        self._ahead: dict[str, asyncio.Future[Understood]] = {}

    def foresee(self, text: str, today: date) -> None:
        """Begin to understand a message while it is still being stored.

        ``answer`` takes up what was begun for the same text; what nobody takes is forgotten.
        """
        if text in self._ahead or not _MEANINGFUL.search(text):
            return
        loop = asyncio.get_running_loop()
        begun = asyncio.ensure_future(asyncio.to_thread(understand, self._faq, text, today))
        self._ahead[text] = begun
        loop.call_later(_FORGOTTEN_AFTER_SECONDS, self._ahead.pop, text, None)

    def apology(self) -> Answer:
        """What is said when answering itself broke down."""
        return self._fallback.apology(FailureKind.ERROR)

    async def answer(self, asked: Asked, today: date) -> Answer:
        """Answer, by what is in force today."""
        if asked.payload is None and not _MEANINGFUL.search(asked.text):
            return self._fallback.not_text()
        # A button says what is wanted; only words have to be understood.
        understood = None
        if asked.payload is None:
            self.foresee(asked.text, today)
            understood = await self._ahead.pop(asked.text)
        try:
            async with asyncio.timeout(self._limit_seconds):
                answer = await self._brain.ask(_question(asked, understood))
        except TimeoutError:
            failure = FailureKind.TIMEOUT
        except BrainFailed as error:
            failure = FailureKind(error.kind)
        else:
            if answer.failure is None:
                return answer
            apology = self._fallback.apology(answer.failure)
            return replace(answer, replies=[*answer.replies, *apology.replies])
        logger.warning("brain_failed kind=%s turn=%d", failure, asked.turn_id)
        return await self._fallback.without_brain(
            asked.text, asked.payload, understood, today, failure
        )


def _question(asked: Asked, understood: Understood | None) -> Question:
    metadata: dict[str, Any] = {
        "conversation_id": asked.conversation_id,
        "turn_id": asked.turn_id,
        "channel": asked.channel,
    }
    if understood is not None:
        metadata["vectors"] = pack(understood.whole.vectors)
        metadata["faq"] = _listed(understood.whole.candidates)
        if understood.parts:
            metadata["halves"] = [
                {"text": each.text, "faq": _listed(each.candidates)} for each in understood.parts
            ]
    return Question(asked.tracker_id, asked.text, asked.payload, metadata)


def _listed(candidates: Iterable[Candidate]) -> list[dict[str, Any]]:
    return [{"id": each.id, "score": round(each.score, 4)} for each in candidates]
