"""小陈 on a push channel, and a channel that answers from a script and keeps what it was given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.ledger import Incoming, append, conversation_at, record_incoming
from bot.conversations.models import Author, Conversation, Customer, Message
from bot.database import Database
from bot.delivery.channel import Batch, Outcome, Sent
from bot.delivery.models import Outgoing
from bot.delivery.senders import Senders
from tests.fakes import FakeClock

CHANNEL = "wechat"


class FakeChannel:
    """Answers each batch by the next of its script, otherwise takes everything."""

    name = CHANNEL

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.script: list[list[Outcome] | Exception] = []
        self.hold: asyncio.Event | None = None
        self.meanwhile: Callable[[], None] = lambda: None

    async def deliver(self, batch: Batch) -> Sequence[Outcome]:
        """Keep the batch and answer."""
        self.batches.append(batch)
        if self.hold is not None:
            await self.hold.wait()
        self.meanwhile()
        answer = self.script.pop(0) if self.script else [Sent()] * len(batch.parcels)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def texts(self) -> list[str]:
        """All texts it was given, in order."""
        return [parcel.text for batch in self.batches for parcel in batch.parcels]


def xiaochen(session: Session, clock: FakeClock, address: str = "address-of-xiaochen") -> str:
    """小陈 is known on the push channel; the id of the conversation."""
    return conversation_at(session, CHANNEL, address, now=clock())[1].id


def says(session: Session, conversation_id: str, clock: FakeClock, text: str = "你好") -> Message:
    """The customer writes."""
    conversation = session.get_one(Conversation, conversation_id)
    customer = session.get_one(Customer, conversation.customer_id)
    incoming = Incoming(str(uuid4()), text)
    return record_incoming(session, conversation_id, customer, incoming, now=clock()).message


def hears(
    database: Database, conversation_id: str, clock: FakeClock, *texts: str, private: bool = False
) -> list[str]:
    """The bot says something to the customer; the messages' ids."""
    with database.writing() as session:
        conversation = session.get_one(Conversation, conversation_id)
        said = [
            append(session, conversation, Author.BOT, text, now=clock(), private=private)
            for text in texts
        ]
        return [each.id for each in said]


def sends(senders: Senders) -> int:
    """Everything due is sent; how many batches."""
    return asyncio.run(senders.run_once(CHANNEL))


def states(database: Database) -> list[str]:
    """The state of every parcel in order."""
    with database.reading() as session:
        return list(session.scalars(select(Outgoing.state).order_by(Outgoing.id)))


def parcels(database: Database) -> list[Outgoing]:
    """Every parcel in order."""
    with database.reading() as session:
        return list(session.scalars(select(Outgoing).order_by(Outgoing.id)))
