"""One turn at a time per conversation: what the bot is asked, and what is stored of its answer.

A turn begins and ends in a unit of work of its own; none is open while Rasa runs, because its
actions write to the same database.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from knowledge.encoders import pack
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.conversations.brain import Answer, Brain, FailureKind, Question
from bot.conversations.fallback import Fallback
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import append
from bot.conversations.models import (
    Author,
    Conversation,
    ConversationStatus,
    Message,
    SuppressedDraft,
    Turn,
    TurnStatus,
)
from bot.database import Database
from bot.errors import BrainFailed
from bot.faq.service import FaqService, Understanding
from bot.staff.hours import SHANGHAI

logger = logging.getLogger(__name__)

# A letter, digit or Chinese character: without one there is nothing to understand.
_MEANINGFUL = re.compile(r"[^\W_]")


@dataclass(frozen=True)
class Begun:
    """A turn under way: what is asked and in whose name."""

    turn_id: int
    conversation_id: str
    tracker_id: str
    channel: str
    text: str
    payload: str | None


def begin_turn(session: Session, conversation_id: str, *, now: datetime) -> Begun | None:
    """Take the customer messages that nobody has answered yet into a new turn.

    Short messages that came in a row are taken together; a pressed button is a turn of its own.

    Returns:
        The turn, or None when the bot has nothing to say here: nothing is unanswered, a person
        speaks, or a turn is already running.
    """
    conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
    running = select(Turn.id).where(
        Turn.conversation_id == conversation_id, Turn.status == TurnStatus.RUNNING
    )
    if conversation.status != ConversationStatus.BOT or session.scalar(running):
        return None
    taken = _together(
        list(
            session.scalars(
                select(Message)
                .where(
                    Message.conversation_id == conversation_id,
                    Message.author == Author.CUSTOMER,
                    Message.seq > conversation.answered_seq,
                )
                .order_by(Message.seq)
            )
        )
    )
    if not taken:
        return None
    turn = Turn(
        conversation_id=conversation_id,
        epoch=conversation.epoch,
        first_seq=taken[0].seq,
        last_seq=taken[-1].seq,
        status=TurnStatus.RUNNING,
        started_at=now,
    )
    session.add(turn)
    session.flush()
    return Begun(
        turn.id,
        conversation_id,
        conversation.tracker_id,
        conversation.channel,
        "，".join(message.text for message in taken),
        taken[0].data.get("payload"),
    )


def finish_turn(
    session: Session, turn_id: int, answer: Answer, handoff: Handoff, *, now: datetime
) -> TurnStatus:
    """Store the replies, unless the conversation changed hands since the turn began.

    A late reply is kept as a draft that staff can see and send. Finishing a turn that is no
    longer running changes nothing.
    """
    turn = session.get_one(Turn, turn_id)
    if turn.status != TurnStatus.RUNNING:
        return TurnStatus(turn.status)
    conversation = session.get_one(Conversation, turn.conversation_id, with_for_update=True)
    _note_understanding(turn, conversation, answer, now)
    if conversation.epoch != turn.epoch or conversation.status != ConversationStatus.BOT:
        turn.status = TurnStatus.SUPPRESSED
        for reply in answer.replies:
            session.add(
                SuppressedDraft(
                    conversation_id=conversation.id,
                    turn_id=turn.id,
                    text=reply.text,
                    data=reply.data,
                    created_at=now,
                )
            )
        return TurnStatus.SUPPRESSED
    turn.status = TurnStatus.ANSWERED
    conversation.answered_seq = turn.last_seq
    summary = {
        "intent": answer.intent,
        "category": answer.category,
        "confidence": answer.confidence,
        "handled": answer.handled,
    }
    for reply in answer.replies:
        append(
            session,
            conversation,
            Author.BOT,
            reply.text,
            now=now,
            kind=reply.kind,
            data={**reply.data, "turn": summary},
            turn_id=turn.id,
        )
    if answer.handoff_reason:
        handoff.request_handoff(session, conversation, answer.handoff_reason, now=now)
    return TurnStatus.ANSWERED


def interrupt_running_turns(
    session: Session, conversation_id: str | None = None, *, now: datetime
) -> list[str]:
    """Close the turns that a dead process, or a crash in one conversation, left behind.

    Returns:
        The conversations whose unanswered messages a new turn must take.
    """
    left = update(Turn).where(Turn.status == TurnStatus.RUNNING)
    if conversation_id is not None:
        left = left.where(Turn.conversation_id == conversation_id)
    session.execute(left.values(status=TurnStatus.INTERRUPTED, ended_at=now))
    unanswered = select(Conversation.id).where(
        Conversation.status == ConversationStatus.BOT,
        select(Message.id)
        .where(
            Message.conversation_id == Conversation.id,
            Message.author == Author.CUSTOMER,
            Message.seq > Conversation.answered_seq,
        )
        .exists(),
    )
    return list(session.scalars(unanswered))


class TurnRunner:
    """Runs turns on the event loop, one at a time per conversation, many side by side."""

    def __init__(
        self,
        database: Database,
        brain: Brain,
        faq: FaqService,
        fallback: Fallback,
        handoff: Handoff,
        clock: Callable[[], datetime],
        limit_seconds: float,
    ) -> None:
        self._database = database
        self._brain = brain
        self._faq = faq
        self._fallback = fallback
        self._handoff = handoff
        self._clock = clock
        self._limit_seconds = limit_seconds
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    async def recover(self) -> None:
        """Answer what a process that died left unanswered; call it once at start."""
        left = await self._database.write(interrupt_running_turns, now=self._clock())
        for conversation_id in left:
            self.wake(conversation_id)

    def wake(self, conversation_id: str) -> None:
        """See to it that this conversation's unanswered messages get their turn."""
        if conversation_id in self._running:
            self._again.add(conversation_id)
            return
        task = asyncio.get_running_loop().create_task(self._run(conversation_id))
        self._running[conversation_id] = task

    async def settle(self) -> None:
        """Wait until no turn is running, for tests and for a quiet shutdown."""
        while self._running:
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _run(self, conversation_id: str) -> None:
        try:
            while await self._take_turn(conversation_id) or conversation_id in self._again:
                self._again.discard(conversation_id)
        except Exception:
            # The outermost edge of a turn: nobody above could do anything with it. The messages
            # stay unanswered, and the turn must not block the next one.
            logger.exception("turn_crashed conversation=%s", conversation_id)
            await self._database.write(interrupt_running_turns, conversation_id, now=self._clock())
        finally:
            del self._running[conversation_id]
            if conversation_id in self._again:
                self._again.discard(conversation_id)
                self.wake(conversation_id)

    async def _take_turn(self, conversation_id: str) -> bool:
        begun = await self._database.write(begin_turn, conversation_id, now=self._clock())
        if begun is None:
            return False
        started = time.monotonic()
        answer = await self._answer(begun)
        status = await self._database.write(
            finish_turn, begun.turn_id, answer, self._handoff, now=self._clock()
        )
        logger.info(
            "turn turn=%d status=%s intent=%s confidence=%.2f failure=%s milliseconds=%.0f",
            begun.turn_id,
            status,
            answer.intent,
            answer.confidence or 0.0,
            answer.failure,
            (time.monotonic() - started) * 1000,
        )
        return True

    async def _answer(self, begun: Begun) -> Answer:
        if begun.payload is None and not _MEANINGFUL.search(begun.text):
            return self._fallback.not_text()
        today = self._clock().astimezone(SHANGHAI).date()
        # A button says what is wanted; only words have to be understood.
        understanding = None if begun.payload else await self._understand(begun.text, today)
        try:
            async with asyncio.timeout(self._limit_seconds):
                answer = await self._brain.ask(_question(begun, understanding))
        except TimeoutError:
            failure = FailureKind.TIMEOUT
        except BrainFailed as error:
            failure = FailureKind(error.kind)
            logger.warning("brain_failed kind=%s turn=%d", failure, begun.turn_id)
        else:
            if answer.failure is None:
                return answer
            apology = self._fallback.apology(answer.failure)
            return replace(answer, replies=[*answer.replies, *apology.replies])
        return self._fallback.without_brain(
            begun.text, begun.payload, understanding, today, failure
        )

    async def _understand(self, text: str, today: date) -> Understanding:
        return await asyncio.to_thread(self._faq.understand, text, today)


def _question(begun: Begun, understanding: Understanding | None) -> Question:
    metadata: dict[str, Any] = {
        "conversation_id": begun.conversation_id,
        "turn_id": begun.turn_id,
        "channel": begun.channel,
    }
    if understanding is not None:
        metadata["vectors"] = pack(understanding.vectors)
        metadata["faq"] = [
            {"id": each.id, "score": round(each.score, 4)} for each in understanding.candidates
        ]
    return Question(begun.tracker_id, begun.text, begun.payload, metadata)


def _together(pending: list[Message]) -> list[Message]:
    taken: list[Message] = []
    for message in pending:
        if taken and message.data.get("payload"):
            break
        taken.append(message)
        if message.data.get("payload"):
            break
    return taken


def _note_understanding(
    turn: Turn, conversation: Conversation, answer: Answer, now: datetime
) -> None:
    turn.ended_at = now
    turn.failure = answer.failure
    turn.handled = answer.handled
    turn.intent = answer.intent
    turn.category = answer.category
    turn.confidence = answer.confidence
    turn.entities = answer.entities
    turn.slots = answer.slots
    # What the conversation is about is the last service topic, not the last "thank you".
    if answer.category and answer.category != "out_of_scope":
        conversation.category = answer.category
