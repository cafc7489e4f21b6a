"""What colleagues answered to similar questions: resolved conversations, searched by meaning.

Nothing is stored: the latest resolved conversations are read when somebody first asks, and what
was resolved since is added later. Words in common choose, the quick encoder puts in order; so
only what may be shown is ever encoded, and once.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot.conversations.fallback import ASKS_FOR_PERSON
from bot.conversations.models import Author, Conversation, ConversationStatus, Customer, Message
from bot.desk.masking import masked
from knowledge.postings import Postings, Scores

MOST_EPISODES = 2_000
# Questions about the same thing lie at 0.6 and above, about another thing of the same subject
# below 0.5; without an encoder a quarter of the question's words must be there.
LEAST = 0.55
LEAST_COVERED = 0.25
_CHECK_EVERY = timedelta(minutes=1)
_COMPARED = 40
_MOST_PAIRS = 4  # of one conversation
_LONGEST = 400
_SHORTEST_QUESTION, _SHORTEST_ANSWER = 4, 8
_COURTESY = re.compile(
    r"^(?:您?好|请问|请稍[等候]|稍等|不客气|再见|感谢|谢谢|还有.{0,8}(?:帮|问)|马上|我(?:来|帮您)?(?:查|看)).{0,14}$"
)
Encode = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True)
class Answered:
    """A question of some customer and what staff answered to it, without personal data."""

    conversation_id: str
    question: str
    answer: str
    category: str | None
    resolved_at: datetime

    def view(self) -> dict[str, Any]:
        """The pair as JSON; whose conversation it was is nobody's business here."""
        return {
            "question": self.question,
            "answer": self.answer,
            "category": self.category,
            "resolved_at": self.resolved_at.isoformat(),
        }


class Similar:
    """The latest answers of staff, ready to be searched.

    Args:
        encode: The quick encoder; without one, words alone decide.
    """

    def __init__(self, encode: Encode | None = None) -> None:
        self._encode = encode
        self._pairs: dict[str, tuple[Answered, ...]] = {}
        self._answered: list[Answered] = []
        self._postings = Postings([])
        self._rows: dict[str, NDArray[np.float32]] = {}
        self._checked_at: datetime | None = None
        self._reading = threading.Lock()
        self._swapping = threading.Lock()

    def refresh(self, session: Session, *, now: datetime) -> None:
        """Take in what was resolved since; looks at most once a minute.

        Only new conversations are read, and those that are no longer there are forgotten. While
        one caller reads, the others go on with what is there.
        """
        if not self._reading.acquire(blocking=False):
            return
        try:
            if self._checked_at is not None and now - self._checked_at < _CHECK_EVERY:
                return
            latest = _latest(session)
            new = [each for each in latest if each.id not in self._pairs]
            gone = self._pairs.keys() - {each.id for each in latest}
            if new or gone:
                read = _pairs(session, new)
                kept = {key: pairs for key, pairs in self._pairs.items() if key not in gone}
                self._take(kept | read)
            self._checked_at = now
        finally:
            self._reading.release()

    def find(self, question: str, *, without: str = "", limit: int = 3) -> list[Answered]:
        """The best answers to similar questions, one of each conversation, best first.

        Args:
            question: The customer's words.
            without: A conversation that needs no reminding of itself.
            limit: How many at most.
        """
        with self._swapping:
            answered, postings = self._answered, self._postings
        if not question or not answered:
            return []
        rows = np.arange(len(answered))
        covered = postings.scores(postings.wanted(question), rows)[1]
        near = [int(row) for row in np.argsort(-covered, kind="stable")[:_COMPARED]]
        near = [row for row in near if covered[row] > 0]
        scores = self._scores(question, [answered[row].question for row in near], covered[near])
        best: dict[str, Answered] = {}
        for score, row in sorted(zip(scores, near, strict=True), reverse=True):
            each = answered[row]
            said = {other.answer for other in best.values()}
            if score >= LEAST and each.conversation_id != without and each.answer not in said:
                best.setdefault(each.conversation_id, each)
        return list(best.values())[:limit]

    def _take(self, pairs: dict[str, tuple[Answered, ...]]) -> None:
        answered = [each for those in pairs.values() for each in those]
        postings = Postings([each.question for each in answered])
        asked = {each.question for each in answered}
        rows = {text: row for text, row in self._rows.items() if text in asked}
        with self._swapping:
            self._pairs, self._answered = pairs, answered
            self._postings, self._rows = postings, rows

    def _scores(self, question: str, texts: Sequence[str], covered: Scores) -> list[float]:
        if self._encode is None or not texts:
            return [float(share) * LEAST / LEAST_COVERED for share in covered]
        new = [text for text in dict.fromkeys(texts) if text not in self._rows]
        encoded = self._encode([question, *new])
        known = self._rows | dict(zip(new, encoded[1:], strict=True))
        self._rows = known
        return [float(known[text] @ encoded[0]) for text in texts]


def _latest(session: Session) -> list[Conversation]:
    by_staff = exists().where(
        Message.conversation_id == Conversation.id, Message.author == Author.STAFF
    )
    query = (
        select(Conversation)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(
            Conversation.status == ConversationStatus.RESOLVED,
            Customer.erased_at.is_(None),
            by_staff,
        )
        .order_by(Conversation.created_at.desc())
        .limit(MOST_EPISODES)
    )
    return list(session.scalars(query))


def _pairs(session: Session, found: Sequence[Conversation]) -> dict[str, tuple[Answered, ...]]:
    pairs: dict[str, tuple[Answered, ...]] = {}
    for first in range(0, len(found), 400):
        some = {each.id: each for each in found[first : first + 400]}
        query = (
            select(Message)
            .where(
                Message.conversation_id.in_(some),
                Message.author.in_([Author.CUSTOMER, Author.STAFF]),
                Message.private.is_(False),
            )
            .order_by(Message.conversation_id, Message.seq)
        )
        said: dict[str, list[Message]] = {key: [] for key in some}
        for message in session.scalars(query):
            said[message.conversation_id].append(message)
        pairs |= {key: tuple(_answered(some[key], those)) for key, those in said.items()}
    return pairs


def _answered(conversation: Conversation, said: Iterable[Message]) -> list[Answered]:
    """Each run of questions and the run of staff's answers that follows it."""
    found: list[Answered] = []
    asked: list[str] = []
    told: list[str] = []

    def close() -> None:
        if asked and told:
            found.append(
                Answered(
                    conversation.id,
                    masked("，".join(asked[-2:]))[:_LONGEST],
                    masked("\n".join(told))[:_LONGEST],
                    conversation.category,
                    conversation.resolved_at or conversation.created_at,
                )
            )
            asked.clear()
        told.clear()

    for message in said:
        if message.author == Author.CUSTOMER:
            if told:
                close()
            if _asks(message):
                asked.append(message.text)
        elif len(message.text) >= _SHORTEST_ANSWER and not _COURTESY.match(message.text):
            told.append(message.text)
    close()
    return found[:_MOST_PAIRS]


def _asks(message: Message) -> bool:
    text = message.text
    long_enough = len(text) >= _SHORTEST_QUESTION
    return long_enough and "payload" not in message.data and not ASKS_FOR_PERSON.search(text)
