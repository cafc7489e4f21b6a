"""Reading what the tests of this folder look at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.conversations.audit import audit
from bot.conversations.models import Author, Conversation, Message
from bot.database import Database
from bot.desk.detail import conversation_detail
from bot.staff.hours import WorkingHours
from bot.wecom.models import KfMailbox
from tests.connectors.serving import Served


def said(database: Database, author: Author) -> list[str]:
    """What was said by somebody, in order."""
    with database.reading() as session:
        query = select(Message.text).where(Message.author == author)
        return list(session.scalars(query.order_by(Message.created_at, Message.seq)))


def conversations(database: Database) -> list[tuple[str, str | None]]:
    """Status and holder of every conversation."""
    with database.reading() as session:
        found = session.scalars(select(Conversation).order_by(Conversation.created_at))
        return [(each.status, each.staff.username if each.staff else None) for each in found]


def seen_at_the_desk(web: Served, database: Database) -> dict[str, Any]:
    """The one conversation."""
    with database.reading() as session:
        conversation = session.scalars(select(Conversation)).one()
        hours = WorkingHours.parse("08:30-17:30")
        return conversation_detail(session, conversation.id, hours, now=web.app.ctx.clock())


def consistent(web: Served, database: Database) -> None:
    """The ledger keeps all its rules."""
    with database.reading() as session:
        report = audit(session, grace=timedelta(0), now=web.app.ctx.clock())
    assert report.problems == []


def mailbox(database: Database) -> KfMailbox:
    """The one mailbox."""
    with database.reading() as session:
        return session.scalars(select(KfMailbox)).one()


def heard(database: Database) -> list[str]:
    """What customers said, as the ledger has it."""
    with database.reading() as session:
        query = select(Message.text).where(Message.author == Author.CUSTOMER)
        return sorted(session.scalars(query))
