"""Who is typing: passed on to whoever it concerns, kept nowhere, and worth nothing soon after.

The receiver forgets it after ``SECONDS`` by its own clock, so a sender that vanishes leaves no
mark behind; the sender repeats it while it goes on.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.conversations.bell import WORD, Bell
from bot.conversations.models import Conversation, ConversationStatus
from bot.database import Database
from bot.errors import ConversationNotFound
from bot.staff.models import Staff

# A little longer than the pause after which the sender repeats it.
SECONDS = 6


def heard_by_customer(customer_id: int) -> str:
    """Under which name a customer hears that a person is typing."""
    return f"typing:customer:{customer_id}"


def heard_by_staff(staff_id: int) -> str:
    """Under which name a member of staff hears that a customer is typing."""
    return f"typing:staff:{staff_id}"


def customer_typing(session: Session, conversation_id: str) -> str | None:
    """The topic to announce while the customer types; None while no person serves."""
    row = session.get_one(Conversation, conversation_id)
    if row.status != ConversationStatus.STAFF or row.staff_id is None:
        return None
    return heard_by_staff(row.staff_id) + WORD + conversation_id


def staff_typing(session: Session, conversation_id: str, staff: Staff) -> str | None:
    """The topic to announce while staff type a reply; None for who does not hold it.

    Raises:
        ConversationNotFound: There is none of that id.
    """
    row = session.get(Conversation, conversation_id)
    if row is None:
        raise ConversationNotFound
    if row.status != ConversationStatus.STAFF or row.staff_id != staff.id:
        return None
    return heard_by_customer(row.customer_id) + WORD + conversation_id


async def pass_on(database: Database, bell: Bell, topic: str) -> None:
    """Announce a topic in this process and, where there are others, in those."""
    if database.is_shared:
        # Goes out with the commit; nothing is stored.
        await database.write(_announce, topic)
    else:
        bell.ring({topic})


def _announce(session: Session, topic: str) -> None:
    session.info.setdefault("topics", set()).add(topic)
