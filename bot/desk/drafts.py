"""What staff have begun to write: kept per person and conversation until it is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.orm import Session

from bot.conversations.models import Conversation
from bot.database import UtcDateTime
from bot.desk.models import ReplyDraft
from bot.errors import BadInput, ConversationNotFound, TooLarge
from bot.staff.models import Staff

MODES = ("reply", "note")
# A message has 2,000 characters; who pastes more is told so and must not lose it.
LONGEST = 8_000

# What was saved later stays, in whatever order the requests of one browser, or of two, arrive.
_SAVE = text(
    "INSERT INTO reply_drafts (staff_id, conversation_id, mode, text, version, saved_at) "
    "VALUES (:staff_id, :conversation_id, :mode, :text, :version, :now) "
    "ON CONFLICT (staff_id, conversation_id, mode) DO UPDATE "
    "SET text = excluded.text, version = excluded.version, saved_at = excluded.saved_at "
    "WHERE excluded.version > reply_drafts.version"
).bindparams(bindparam("now", type_=UtcDateTime()))


def save_draft(
    session: Session,
    conversation_id: str,
    staff: Staff,
    mode: str,
    words: str,
    version: int,
    *,
    now: datetime,
) -> dict[str, Any]:
    """Keep a draft; an empty one stays as a mark, so that no older text comes back.

    Args:
        session: The unit of work; the caller commits it.
        conversation_id: Where it is written.
        staff: Who writes.
        mode: ``reply`` or ``note``.
        words: The text as it stands in the box.
        version: Grows with every change; one that is not newer than what is kept changes nothing.
        now: The present moment.

    Returns:
        What is kept now: ``text`` and ``version``.

    Raises:
        BadInput: There is no such mode.
        TooLarge: More than 8,000 characters.
        ConversationNotFound: There is none of that id.
    """
    if mode not in MODES:
        raise BadInput("mode 应为 reply 或 note。")
    if len(words) > LONGEST:
        raise TooLarge(f"草稿最多保存 {LONGEST} 字，请先把内容另存。")
    if session.get(Conversation, conversation_id) is None:
        raise ConversationNotFound
    key = {"staff_id": staff.id, "conversation_id": conversation_id, "mode": mode}
    session.execute(_SAVE, {**key, "text": _storable(words), "version": version, "now": now})
    kept = session.get_one(ReplyDraft, tuple(key.values()), populate_existing=True)
    return _view(kept)


def drafts_of(session: Session, conversation_id: str, staff: Staff) -> dict[str, dict[str, Any]]:
    """A person's drafts of one conversation by mode; sent ones with an empty text."""
    query = select(ReplyDraft).where(
        ReplyDraft.staff_id == staff.id, ReplyDraft.conversation_id == conversation_id
    )
    return {each.mode: _view(each) for each in session.scalars(query)}


def forget_draft(
    session: Session, conversation_id: str, staff: Staff, mode: str, sent: str
) -> None:
    """Empty the draft that has just been sent; one that says something else stays."""
    session.execute(
        update(ReplyDraft)
        .where(
            ReplyDraft.staff_id == staff.id,
            ReplyDraft.conversation_id == conversation_id,
            ReplyDraft.mode == mode,
            func.trim(ReplyDraft.text, " \n\t\r") == sent,
        )
        .values(text="")
    )


def _view(draft: ReplyDraft) -> dict[str, Any]:
    return {"text": draft.text, "version": draft.version, "saved_at": draft.saved_at.isoformat()}


def _storable(words: str) -> str:
    # PostgreSQL refuses a NUL; nobody types one.
    return words.replace("\x00", "")
