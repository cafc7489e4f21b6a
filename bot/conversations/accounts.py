"""The ledger read for an audit: one conversation's rows at a time, in eight queries altogether."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Executable, func, select
from sqlalchemy.orm import Session

from bot.conversations.models import (
    Author,
    Change,
    Conversation,
    ConversationStatus,
    Customer,
    Message,
    StatusEvent,
    SuppressedDraft,
    Turn,
)
from bot.delivery.models import Outgoing
from bot.delivery.outbox import PUSH_CHANNELS

# Rows fetched at once; a server-side cursor hands them over in portions of this size.
_PORTION = 2_000
# The transitions whose member of staff is the one who holds the conversation afterwards.
_TAKES = ("accept", "assign", "transfer", "take_over")


class Head(NamedTuple):
    """The conversation's own row."""

    conversation_id: str
    customer_id: int
    status: str
    epoch: int
    staff_id: int | None
    last_seq: int
    created_at: datetime
    erased: bool


class Said(NamedTuple):
    """A message, without its words: an audit has no need of them."""

    conversation_id: str
    seq: int
    id: str
    author: str
    kind: str
    private: bool
    payload: str | None
    turn_id: int | None
    staff_id: int | None
    created_at: datetime
    channel: str

    @property
    def needs_parcel(self) -> bool:
        """Whether it must be pushed to the customer."""
        said_to_customer = self.author != Author.CUSTOMER and not self.private
        return said_to_customer and self.channel in PUSH_CHANNELS


class Fed(NamedTuple):
    """A line of the change feed."""

    conversation_id: str
    cursor: int
    customer_id: int
    type: str
    message_id: str | None
    for_customer: bool
    status: str | None


class Taken(NamedTuple):
    """A turn and the number of drafts that were kept of it."""

    conversation_id: str
    id: int
    epoch: int
    first_seq: int
    last_seq: int
    status: str
    handled: str | None
    started_at: datetime
    ended_at: datetime | None
    drafts: int


class Moved(NamedTuple):
    """A transition that happened."""

    conversation_id: str
    epoch: int
    id: int
    transition: str
    from_status: str
    to_status: str
    staff_id: int | None
    happened_at: datetime


class Posted(NamedTuple):
    """A parcel of the outbox."""

    conversation_id: str
    id: int
    message_id: str
    customer_id: int
    channel: str
    state: str
    reason: str
    sent_at: datetime | None


class Stage(NamedTuple):
    """A stretch of a conversation with one status; ``holder`` is None where nobody is known."""

    status: str
    holder: int | None
    transition: str
    began_at: datetime | None


@dataclass
class Timeline:
    """The stages of a conversation, and in which of them each message was said.

    The change feed numbers messages and transitions by one counter, so the order is certain
    where times could be equal.
    """

    stages: list[Stage]
    places: dict[str, int]
    # What does not fit: status lines without a transition, transitions without a line.
    strange_lines: list[Fed]
    missing_lines: list[Moved]


@dataclass
class Account:
    """All that the ledger holds about one conversation."""

    conversation_id: str
    heads: list[Head] = field(default_factory=list)
    messages: list[Said] = field(default_factory=list)
    changes: list[Fed] = field(default_factory=list)
    turns: list[Taken] = field(default_factory=list)
    events: list[Moved] = field(default_factory=list)
    parcels: list[Posted] = field(default_factory=list)

    def answers_visibly(self, turn: Taken) -> bool:
        """Whether a turn left a bot message, or handed the customer to a person as it ended."""
        return turn.id in self._speaking or (turn.epoch + 1, turn.ended_at) in self._handoffs

    @cached_property
    def _speaking(self) -> set[int | None]:
        return {each.turn_id for each in self.messages if each.author == Author.BOT}

    @cached_property
    def _handoffs(self) -> set[tuple[int, datetime | None]]:
        # A turn and the handoff it asks for are stored with one time; the customer's own is not.
        asked = [each for each in self.events if each.transition == "request_handoff"]
        return {(each.epoch, each.happened_at) for each in asked}

    @cached_property
    def timeline(self) -> Timeline:
        """Who held the conversation when each message was stored."""
        stages = [Stage(ConversationStatus.BOT, None, "", None)]
        seen: dict[str, int] = {}
        strange: list[Fed] = []
        ahead = list(self.events)
        for change in self.changes:
            if change.type == "message" and change.message_id is not None:
                seen.setdefault(change.message_id, len(stages) - 1)
            elif change.type == "status" and ahead and change.status == ahead[0].to_status:
                stages.append(_after(ahead.pop(0)))
            elif change.type == "status" and change.status != stages[-1].status:
                strange.append(change)
                stages.append(Stage(str(change.status), None, "", None))
        places: dict[str, int] = {}
        last = 0
        for message in self.messages:
            # One that the feed does not know stands where the message before it stood.
            last = places[message.id] = seen.get(message.id, last)
        return Timeline(stages, places, strange, ahead)


def accounts(session: Session) -> Iterator[Account]:
    """Every conversation's account, in the order of their ids; rows without one have theirs, too.

    Only a few accounts are in memory at any time. The session should show one view of the
    database throughout.
    """
    rows = heapq.merge(*_streams(session), key=_owner)
    for conversation_id, group in groupby(rows, key=_owner):
        account = Account(conversation_id)
        shelves: dict[type, list[Any]] = {
            Head: account.heads,
            Said: account.messages,
            Fed: account.changes,
            Taken: account.turns,
            Moved: account.events,
            Posted: account.parcels,
        }
        for row in group:
            shelves[type(row)].append(row)
        yield account


def _after(event: Moved) -> Stage:
    takes = event.to_status == ConversationStatus.STAFF and event.transition in _TAKES
    holder = event.staff_id if takes else None
    return Stage(event.to_status, holder, event.transition, event.happened_at)


def _owner(row: Any) -> str:
    return str(row.conversation_id)


def _streams(session: Session) -> list[Iterable[Any]]:
    def ordered(owner: Any) -> ColumnElement[str]:
        # Streams are merged in Python's order of strings, which not every collation keeps.
        postgresql = session.get_bind().dialect.name == "postgresql"
        column: ColumnElement[str] = owner.collate("C") if postgresql else owner
        return column

    def stream(query: Executable, row: type[Any]) -> Iterable[Any]:
        found = session.execute(query, execution_options={"yield_per": _PORTION})
        return (row._make(each) for each in found)

    return [
        stream(_HEADS.order_by(ordered(Conversation.id)), Head),
        stream(_SAID.order_by(ordered(Message.conversation_id), Message.seq), Said),
        stream(_FED.order_by(ordered(Change.conversation_id), Change.cursor), Fed),
        stream(_TAKEN.order_by(ordered(Turn.conversation_id), Turn.id), Taken),
        stream(
            _MOVED.order_by(
                ordered(StatusEvent.conversation_id), StatusEvent.epoch, StatusEvent.id
            ),
            Moved,
        ),
        stream(_POSTED.order_by(ordered(Outgoing.conversation_id), Outgoing.id), Posted),
    ]


_HEADS = select(
    Conversation.id,
    Conversation.customer_id,
    Conversation.status,
    Conversation.epoch,
    Conversation.staff_id,
    Conversation.last_seq,
    Conversation.created_at,
    Customer.erased_at.is_not(None),
).join(Customer, Customer.id == Conversation.customer_id)
_SAID = select(
    Message.conversation_id,
    Message.seq,
    Message.id,
    Message.author,
    Message.kind,
    Message.private,
    Message.data["payload"].as_string(),
    Message.turn_id,
    Message.staff_id,
    Message.created_at,
    Message.channel,
)
_FED = select(
    Change.conversation_id,
    Change.cursor,
    Change.customer_id,
    Change.type,
    Change.message_id,
    Change.for_customer,
    Change.data["status"].as_string(),
)
_DRAFTS = (
    select(SuppressedDraft.turn_id, func.count().label("kept"))
    .group_by(SuppressedDraft.turn_id)
    .subquery()
)
_TAKEN = select(
    Turn.conversation_id,
    Turn.id,
    Turn.epoch,
    Turn.first_seq,
    Turn.last_seq,
    Turn.status,
    Turn.handled,
    Turn.started_at,
    Turn.ended_at,
    func.coalesce(_DRAFTS.c.kept, 0),
).join(_DRAFTS, _DRAFTS.c.turn_id == Turn.id, isouter=True)
_MOVED = select(
    StatusEvent.conversation_id,
    StatusEvent.epoch,
    StatusEvent.id,
    StatusEvent.transition,
    StatusEvent.from_status,
    StatusEvent.to_status,
    StatusEvent.staff_id,
    StatusEvent.happened_at,
)
_POSTED = select(
    Outgoing.conversation_id,
    Outgoing.id,
    Outgoing.message_id,
    Outgoing.customer_id,
    Outgoing.channel,
    Outgoing.state,
    Outgoing.reason,
    Outgoing.sent_at,
)
