"""Stand-ins with no logic worth testing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from bot.conversations.brain import Answer, Question, Reply
from bot.errors import BrainFailed
from bot.faq.service import FaqReply, Understanding
from knowledge.entries import Entry, load_entries
from knowledge.search import Candidate

ENTRY = load_entries()[0]


class FakeBrain:
    """Answers from a script, remembers what it heard; ``hold`` keeps it thinking."""

    def __init__(self) -> None:
        self.heard: list[Question] = []
        self.script: list[Answer | BrainFailed] = []
        self.hold: asyncio.Event | None = None

    async def ask(self, question: Question) -> Answer:
        """The next scripted answer, or an echo."""
        self.heard.append(question)
        if self.hold is not None:
            await self.hold.wait()
        if not self.script:
            return Answer([Reply(f"听到：{question.text}")], "ask_metrology", "metrology", 0.9)
        answer = self.script.pop(0)
        if isinstance(answer, BrainFailed):
            raise answer
        return answer

    async def is_ready(self) -> bool:
        """Always."""
        return True


class FakeClock:
    """Moves when told; begins on a working Tuesday morning in China."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The present moment."""
        return self.now

    def advance(self, **length: float) -> None:
        """Let time pass."""
        self.now += timedelta(**length)


class FakeFaq:
    """A knowledge base that is sure of one answer, or of nothing."""

    def __init__(self) -> None:
        self.sure: str | None = None
        self.understood: list[str] = []

    def understand(self, text: str, on: date) -> Understanding:
        """No vectors and no candidates."""
        self.understood.append(text)
        return Understanding({}, ())

    def reply(self, candidates: Sequence[Candidate], on: date) -> FaqReply:
        """The one answer, if there is one."""
        if self.sure is None:
            return FaqReply("refuse", None, (), 0.0)
        return FaqReply("answer", replace(ENTRY, answer=self.sure, authority=False), (), 0.95)

    def suggestions(self, text: str, on: date, limit: int = 3) -> list[Entry]:
        """Always the same entry."""
        return [ENTRY]

    def suggestions_for(
        self, questions: Sequence[str], on: date, limit: int = 3
    ) -> tuple[str, list[Entry]]:
        """The first question, and the same entry."""
        return next(iter(questions), ""), [ENTRY] if questions else []

    def published(self, on: date) -> list[Entry]:
        """The same."""
        return [ENTRY]

    def encode_quickly(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Everything means the same."""
        return np.ones((len(texts), 1), np.float32)
