"""What each member of staff has read, kept on the server: the same on every device."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from bot.conversations.models import Conversation
from bot.desk.models import Mention
from bot.errors import ConversationNotFound
from bot.staff.models import Staff

# A mark never goes back: two devices may report in any order.
_MARK = text(
    "INSERT INTO read_marks (staff_id, conversation_id, seq) "
    "VALUES (:staff_id, :conversation_id, :seq) "
    "ON CONFLICT (staff_id, conversation_id) DO UPDATE SET seq = excluded.seq "
    "WHERE excluded.seq > read_marks.seq"
)


def mark_read(
    session: Session, conversation_id: str, staff: Staff, seq: int, *, now: datetime
) -> int:
    """Note that a conversation was read up to a message; notes naming the reader count as read.

    Again, or with a lower number, it changes nothing.

    Returns:
        The number that was marked, at most that of the newest message.

    Raises:
        ConversationNotFound: There is none of that id.
    """
    conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        raise ConversationNotFound
    seen = min(seq, conversation.last_seq)
    session.execute(_MARK, {"staff_id": staff.id, "conversation_id": conversation.id, "seq": seen})
    session.execute(
        update(Mention)
        .where(
            Mention.staff_id == staff.id,
            Mention.conversation_id == conversation.id,
            Mention.read_at.is_(None),
        )
        .values(read_at=now)
    )
    return seen
