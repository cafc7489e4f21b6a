"""One turn at a time per conversation: what the bot is asked, and what is stored of its answer.

A turn begins and ends in a unit of work of its own; none is open while Rasa runs, because its
actions write to the same database.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from bot.conversations.answering import Answering, Asked
from bot.conversations.brain import Answer
from bot.conversations.buttons import OWN
from bot.conversations.changes import note_desk
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
from bot.conversations.reasons import is_alarming
from bot.conversations.turn_owners import (
    BEAT_SECONDS,
    LOOK_SECONDS,
    Process,
    anything_left,
    beat,
    interrupt,
    recover,
    retire,
    take_over,
)
from bot.database import Database
from bot.staff.hours import SHANGHAI
from bot.sweeps import Sweep

logger = logging.getLogger(__name__)


def begin_turn(session: Session, conversation_id: str, *, now: datetime) -> Asked | None:
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
    unanswered = (
        select(Message)
        .where(
            Message.conversation_id == conversation_id,
            Message.author == Author.CUSTOMER,
            Message.seq > conversation.answered_seq,
        )
        .order_by(Message.seq)
    )
    taken = _together(list(session.scalars(unanswered)))
    return _begun(session, conversation, taken, now) if taken else None


def begin_turn_with(
    session: Session, conversation: Conversation, message: Message, *, now: datetime
) -> Asked | None:
    """Begin the turn of a customer message that this unit of work has just stored.

    Where everything before it is dealt with, nothing has to be looked up. Otherwise as
    ``begin_turn``, which see.
    """
    if conversation.answered_seq == message.seq - 1:
        return _begun(session, conversation, [message], now)
    return begin_turn(session, conversation.id, now=now)


def _begun(
    session: Session, conversation: Conversation, taken: list[Message], now: datetime
) -> Asked:
    turn = Turn(
        conversation_id=conversation.id,
        epoch=conversation.epoch,
        first_seq=taken[0].seq,
        last_seq=taken[-1].seq,
        status=TurnStatus.RUNNING,
        owner=session.info.get("owner"),
        started_at=now,
    )
    session.add(turn)
    session.flush()
    return Asked(
        turn.id,
        conversation.id,
        conversation.tracker_id,
        conversation.channel,
        "，".join(message.text for message in taken),
        taken[0].data.get("payload"),
    )


@dataclass(frozen=True)
class Finished:
    """How a turn ended, and whether customer messages came in that no turn has taken."""

    status: TurnStatus
    more: bool


def finish_turn(
    session: Session, turn_id: int, answer: Answer, handoff: Handoff, *, now: datetime
) -> Finished:
    """Store the replies, unless the conversation changed hands since the turn began.

    A late reply is kept as a draft that staff can see and send; of one to a customer who has been
    erased meanwhile nothing is. Finishing a turn that is no longer running changes nothing.
    """
    # Held until the end, so that nobody takes it over while its replies are being stored.
    turn = session.get_one(Turn, turn_id, with_for_update=True)
    if turn.status != TurnStatus.RUNNING:
        return Finished(TurnStatus(turn.status), False)
    conversation = session.get_one(Conversation, turn.conversation_id, with_for_update=True)
    if conversation.customer.erased_at is not None:
        turn.status, turn.ended_at = TurnStatus.INTERRUPTED, now
        return Finished(TurnStatus.INTERRUPTED, False)
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
        if answer.replies:
            # Whoever took over has opened the conversation long before this.
            note_desk(session, conversation, "draft", {})
        return Finished(TurnStatus.SUPPRESSED, False)
    turn.status = TurnStatus.ANSWERED
    # Whatever was said since the turn began has a higher number than what it took.
    more = conversation.last_seq > turn.last_seq
    # Otherwise all is dealt with up to the last reply, which comes right after.
    conversation.answered_seq = turn.last_seq if more else turn.last_seq + len(answer.replies)
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
    elif _is_alarming(session, turn):
        handoff.raise_alarm(session, conversation, now=now)
    return Finished(TurnStatus.ANSWERED, more)


def _is_alarming(session: Session, turn: Turn) -> bool:
    said = session.scalars(
        select(Message.text).where(
            Message.conversation_id == turn.conversation_id,
            Message.author == Author.CUSTOMER,
            Message.seq.between(turn.first_seq, turn.last_seq),
        )
    )
    return any(map(is_alarming, said))


class TurnRunner:
    """Runs turns on the event loop, one at a time per conversation, many side by side."""

    def __init__(
        self,
        database: Database,
        answering: Answering,
        handoff: Handoff,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._answering = answering
        self._handoff = handoff
        self._clock = clock
        self._running: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[str, Asked | None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def foresee(self, text: str) -> None:
        """Begin to understand a message that is about to be stored."""
        self._answering.foresee(text, self._today())

    async def recover(self) -> None:
        """Answer what processes that died left unanswered; call it once at start.

        Turns of other processes that are alive stay theirs. From now on this process counts as
        alive, as long as ``sweeps`` are run.
        """
        self._loop = asyncio.get_running_loop()
        left = await self._database.write(recover, self._process(), now=self._clock())
        self._wake_all(left)

    async def retire(self) -> None:
        """End all turns of this process and say that it lives no more."""
        await self.settle()
        await self._database.write(retire, self._database.owner)

    def sweeps(self) -> list[Sweep]:
        """What has to be done again and again while this process serves."""
        return [
            Sweep("turns_left", LOOK_SECONDS, self._take_over, self._anything_left),
            *([Sweep("turns_alive", BEAT_SECONDS, self._beat)] if self._database.is_shared else []),
        ]

    def _beat(self, session: Session, now: datetime) -> None:
        beat(session, self._database.owner, now=now)

    def _process(self) -> Process:
        running = frozenset(list(self._running))
        return Process(self._database.owner, self._database.is_shared, running)

    def _anything_left(self, session: Session, now: datetime) -> bool:
        return anything_left(session, self._process(), now=now)

    def _take_over(self, session: Session, now: datetime) -> None:
        left = take_over(session, self._process(), now=now)

        def stored(_session: Session) -> None:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._wake_all, left)

        event.listen(session, "after_commit", stored, once=True)

    def _wake_all(self, conversation_ids: list[str]) -> None:
        for conversation_id in conversation_ids:
            self.wake(conversation_id)

    def wake(self, conversation_id: str, begun: Asked | None = None) -> None:
        """See to it that this conversation's unanswered messages get their turn.

        Args:
            conversation_id: The conversation.
            begun: The turn, when it was begun together with storing the message.
        """
        if conversation_id in self._running:
            # The running task is at its end if a turn could be begun; it must not be lost.
            self._waiting[conversation_id] = begun or self._waiting.get(conversation_id)
            return
        task = asyncio.get_running_loop().create_task(self._run(conversation_id, begun))
        self._running[conversation_id] = task

    async def settle(self) -> None:
        """Wait until no turn is running, for tests and for a quiet shutdown."""
        while self._running:
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _run(self, conversation_id: str, begun: Asked | None) -> None:
        try:
            while True:
                begun = begun or await self._begin(conversation_id)
                more = begun is not None and await self._take(begun)
                waiting = conversation_id in self._waiting
                begun = self._waiting.pop(conversation_id, None)
                if not (more or waiting):
                    break
        except Exception:
            # The outermost edge of a turn: nobody above could do anything with it. The messages
            # stay unanswered, and the turn must not block the next one.
            logger.exception("turn_crashed conversation=%s", conversation_id)
            await self._database.write(interrupt, conversation_id, now=self._clock())
        finally:
            del self._running[conversation_id]
            if conversation_id in self._waiting:
                del self._waiting[conversation_id]
                self.wake(conversation_id)

    async def _begin(self, conversation_id: str) -> Asked | None:
        return await self._database.write(begin_turn, conversation_id, now=self._clock())

    async def _take(self, begun: Asked) -> bool:
        started = time.monotonic()
        try:
            answer = await self._answering.answer(begun, self._today())
            finished = await self._finish(begun, answer)
        except Exception:
            # Whatever it was, the customer must not be left without a word.
            logger.exception("turn_failed turn=%d", begun.turn_id)
            answer = self._answering.apology()
            finished = await self._finish(begun, answer)
        logger.info(
            "turn turn=%d status=%s intent=%s confidence=%.2f failure=%s milliseconds=%.0f",
            begun.turn_id,
            finished.status,
            answer.intent,
            answer.confidence or 0.0,
            answer.failure,
            (time.monotonic() - started) * 1000,
        )
        return finished.more

    async def _finish(self, begun: Asked, answer: Answer) -> Finished:
        return await self._database.write(
            finish_turn, begun.turn_id, answer, self._handoff, now=self._clock()
        )

    def _today(self) -> date:
        return self._clock().astimezone(SHANGHAI).date()


def _together(pending: list[Message]) -> list[Message]:
    taken: list[Message] = []
    for message in pending:
        # Dealt with as they came: our own buttons and words, and files, which the bot cannot read.
        own = message.data.get("payload") in OWN or "command" in message.data
        if message.kind == "file" or own:
            continue
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
    # What the conversation is about is the last service topic: not the last "thank you", and not
    # “到哪一步了”, which says nothing of the case's service.
    if answer.category not in (None, "out_of_scope") and answer.intent != "ask_case_status":
        conversation.category = answer.category
