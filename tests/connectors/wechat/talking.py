"""Waiting until everything said has been sent, and looking at what is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.conversations.desk import record_staff_message
from bot.conversations.models import Conversation
from bot.database import Database
from bot.delivery.models import Lane, Outgoing
from bot.staff.models import Staff
from tests.connectors.serving import Served
from tests.factories import alice
from tests.fakes import FakeBrain


def settled(web: Served) -> None:
    """Wait for the turns, then for everything that can be sent."""
    web.settle()
    asyncio.run_coroutine_threadsafe(_sent(web), web._loop).result(60)


async def _sent(web: Served) -> None:
    senders = web.app.ctx.senders
    while True:
        await senders.run_once("wechat")
        # The application's own loop may have taken a lane first.
        if not await web.app.ctx.database.read(_at_work):
            return
        await asyncio.sleep(0.01)


def _at_work(session: Session) -> bool:
    query = select(func.count()).select_from(Lane).where(Lane.lease.is_not(None))
    return bool(session.scalar(query))


def count(database: Database, record: type[Any]) -> int:
    """How many rows there are of a record."""
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(record)) or 0


def says(web: Served, database: Database, text: str) -> Staff:
    """Alice takes the newest conversation and writes to the customer."""
    context = web.app.ctx
    now = context.clock()
    with database.writing() as session:
        known = session.scalar(select(Staff).where(Staff.username == "alice"))
        staff = known or alice(session)
        conversation_id = _newest(session)
        context.handoff.accept(session, conversation_id, staff, now=now)
        record_staff_message(session, conversation_id, staff, str(uuid4()), text, False, now=now)
    return staff


def resolves(web: Served, database: Database, staff: Staff) -> None:
    """She ends the service."""
    context = web.app.ctx
    with database.writing() as session:
        context.handoff.resolve(session, _newest(session), staff, "done", now=context.clock())


def states(database: Database) -> list[str]:
    """How far each message has come, in order."""
    with database.reading() as session:
        return list(session.scalars(select(Outgoing.state).order_by(Outgoing.id)))


def reasons(database: Database) -> list[str]:
    """Why messages have not been sent."""
    with database.reading() as session:
        return [each for each in session.scalars(select(Outgoing.reason)) if each]


def holds(web: Served, brain: FakeBrain) -> Callable[[], None]:
    """Keep the brain thinking until what is returned is called."""
    hold = brain.hold = asyncio.Event()

    def go_on() -> None:
        web._loop.call_soon_threadsafe(hold.set)

    return go_on


def _newest(session: Session) -> str:
    query = select(Conversation.id).order_by(Conversation.created_at.desc()).limit(1)
    return session.scalars(query).one()
