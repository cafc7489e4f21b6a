"""Waiting until everything said has been sent, and looking at what is stored."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.database import Database
from bot.delivery.models import Lane
from tests.connectors.serving import Served


def settled(web: Served) -> None:
    """Wait for the turns, then for everything that can be sent."""
    web.settle()
    asyncio.run_coroutine_threadsafe(_sent(web), web._loop).result(20)


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
