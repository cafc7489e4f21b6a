"""One cast for everybody: 小林 is a customer, Alice and Bob are staff, Mallory is nobody."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy.orm import Session

from bot.conversations.ledger import (
    Incoming,
    Opened,
    Received,
    customer_of,
    open_conversation,
    record_incoming,
)
from bot.staff.models import Staff
from bot.staff.service import add_staff
from tests.fakes import FakeClock

PASSWORD = "correct horse battery"


def xiaolin(session: Session, clock: FakeClock) -> Opened:
    """小林 opens the widget."""
    return open_conversation(session, "widget", now=clock())


def writes(
    session: Session,
    opened: Opened,
    text: str,
    clock: FakeClock,
    *,
    client_id: str | None = None,
    payload: str | None = None,
) -> Received:
    """The customer writes something."""
    incoming = Incoming(client_id or str(uuid4()), text, payload)
    customer = customer_of(session, opened.token)
    return record_incoming(session, opened.conversation.id, customer, incoming, now=clock())


def alice(session: Session) -> Staff:
    """Alice, a member of staff."""
    return add_staff(
        session,
        "alice",
        PASSWORD,
        name="爱丽丝",
        number="11",
        role="staff",
        skills=["metrology"],
    )


def bob(session: Session) -> Staff:
    """Bob, another one."""
    return add_staff(
        session, "bob", PASSWORD, name="鲍勃", number="12", role="staff", skills=["standards"]
    )
