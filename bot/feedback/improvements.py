"""What customers' judgements suggest for the knowledge base, without saying whose they were.

Questions and comments are shown outside their conversation here, to whoever keeps the knowledge
base, so personal data is masked. A customer counts once for each entry, however often they press.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.models import Author, Conversation, Message, Turn
from bot.desk.masking import masked
from bot.feedback.models import MessageFeedback

# Newer judgements say more about the entry as it is now.
_MOST_JUDGEMENTS = 2_000
_MOST_WORDS = 5


@dataclass(frozen=True)
class Improvement:
    """An entry that did not help: how many customers said so, their questions and comments."""

    entry_id: str
    unhelpful: int
    helpful: int
    questions: tuple[str, ...]
    comments: tuple[str, ...]


def improvements(session: Session, *, since: datetime | None = None) -> list[Improvement]:
    """Entries that somebody found unhelpful, those of the most customers first.

    Args:
        session: Any unit of work; two queries.
        since: Judgements before it are left out.
    """
    query = (
        select(MessageFeedback, Conversation.customer_id, Message.turn_id)
        .join(Conversation, Conversation.id == MessageFeedback.conversation_id)
        .join(Message, Message.id == MessageFeedback.message_id)
        .where(MessageFeedback.entry_id.is_not(None))
        .order_by(MessageFeedback.given_at.desc(), MessageFeedback.message_id)
        .limit(_MOST_JUDGEMENTS)
    )
    if since is not None:
        query = query.where(MessageFeedback.given_at >= since)
    found: dict[str, list[Any]] = {}
    for judged, customer_id, turn_id in session.execute(query):
        found.setdefault(str(judged.entry_id), []).append((judged, customer_id, turn_id))
    turns = {row[2] for rows in found.values() for row in rows if not row[0].helpful and row[2]}
    asked = _questions(session, turns)
    made = [_improvement(entry_id, rows, asked) for entry_id, rows in found.items()]
    wanted = [each for each in made if each.unhelpful]
    return sorted(wanted, key=lambda each: (-each.unhelpful, each.helpful, each.entry_id))


def _improvement(entry_id: str, rows: list[Any], asked: dict[int, str]) -> Improvement:
    blame = [row for row in rows if not row[0].helpful]
    questions = (asked.get(turn_id, "") for _, _, turn_id in blame)
    return Improvement(
        entry_id=entry_id,
        unhelpful=len({customer_id for _, customer_id, _ in blame}),
        helpful=len({customer_id for judged, customer_id, _ in rows if judged.helpful}),
        questions=_few(questions),
        comments=_few(judged.comment for judged, _, _ in blame),
    )


def _few(texts: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(masked(text) for text in texts if text))[:_MOST_WORDS]


def _questions(session: Session, turn_ids: set[int]) -> dict[int, str]:
    query = (
        select(Turn.id, Message.text)
        .join(Message, Message.conversation_id == Turn.conversation_id)
        .where(
            Turn.id.in_(turn_ids),
            Message.author == Author.CUSTOMER,
            Message.seq.between(Turn.first_seq, Turn.last_seq),
        )
        .order_by(Turn.id, Message.seq)
    )
    asked: dict[int, str] = {}
    for turn_id, text in session.execute(query):
        asked[turn_id] = f"{asked[turn_id]}，{text}" if turn_id in asked else text
    return asked
