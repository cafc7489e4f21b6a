"""Putting a conversation off: it stays with its holder, out of the way, until a moment or a word.

It wakes when its time has come, however long nothing ran meanwhile; when the customer writes;
and with any change of who has it. What was promised to the customer runs on: putting off is for
the holder's eyes. Each step is a line of type ``postponed`` in the desk's change feed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from bot.conversations.changes import note_desk
from bot.conversations.models import Conversation, Postponement, Waking
from bot.errors import BadInput
from bot.staff.hours import SHANGHAI, WorkingHours
from bot.staff.models import Staff
from bot.sweeps import Sweep

LONGEST = timedelta(days=60)
_SHORTEST = timedelta(minutes=1)
_WAKE_SECONDS = 5.0
# Each is a line in the feed; what is left over wakes in the next run.
_MOST_AT_ONCE = 200


class Named(StrEnum):
    """Moments that only the server can tell, because it knows the working days."""

    NEXT_DAY = "next_day"  # the beginning of the next working day


def moment_of(words: str, hours: WorkingHours, *, now: datetime) -> datetime:
    """The moment that a client means: a ``Named`` one, or a time with its offset.

    Raises:
        BadInput: It is neither, too soon, or too far away.
    """
    if words in set(Named):
        return hours.next_opening(_end_of(now.astimezone(SHANGHAI).date()))
    try:
        until = datetime.fromisoformat(words)
    except ValueError:
        raise BadInput("请选择什么时候再处理。") from None
    if until.tzinfo is None:
        raise BadInput("时间要带时区。")
    if not now + _SHORTEST <= until <= now + LONGEST:
        raise BadInput(f"请选择一分钟以后、{LONGEST.days} 天以内的时间。")
    return until


def postpone(
    session: Session,
    conversation: Conversation,
    staff: Staff,
    until: datetime,
    note: str,
    *,
    now: datetime,
) -> Postponement:
    """Put a conversation off that the caller holds and has locked; anew replaces what was said."""
    _close(session, conversation.id, Waking.REPLACED, now)
    put_off = Postponement(
        conversation_id=conversation.id,
        staff_id=staff.id,
        until=until,
        note=note[:200],
        postponed_at=now,
    )
    session.add(put_off)
    session.flush()
    _note(session, conversation, postponed_view(put_off))
    return put_off


def wake(session: Session, conversation: Conversation, cause: Waking, *, now: datetime) -> bool:
    """Take up again what was put off; otherwise nothing.

    Returns:
        Whether it had been put off.
    """
    woken = _close(session, conversation.id, cause, now)
    if woken is None:
        return False
    _note(session, conversation, None, cause=cause, note=woken.note)
    return True


def any_due(session: Session, now: datetime) -> bool:
    """Whether something put off should be awake by now."""
    due = Postponement.woken_at.is_(None) & (Postponement.until <= now)
    return bool(session.scalar(select(exists().where(due))))


def wake_due(session: Session, now: datetime) -> int:
    """Wake whatever is due, however long ago that was; two who look at once wake it once.

    Returns:
        How many conversations have woken.
    """
    due = (
        select(Conversation)
        .join(Postponement, Postponement.conversation_id == Conversation.id)
        .where(Postponement.woken_at.is_(None), Postponement.until <= now)
        .order_by(Conversation.id)
        .limit(_MOST_AT_ONCE)
        # Whoever is writing there just now wakes it, or it is looked at again in the next run.
        .with_for_update(of=Conversation, skip_locked=True)
    )
    return sum(wake(session, each, Waking.DUE, now=now) for each in session.scalars(due).all())


def waking_sweep() -> Sweep:
    """What wakes conversations, for the web application."""
    return Sweep("postponed", _WAKE_SECONDS, wake_due, any_due)


def postponed_among(session: Session, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What is put off among some conversations, by conversation; one query."""
    query = select(Postponement).where(
        Postponement.conversation_id.in_(ids), Postponement.woken_at.is_(None)
    )
    return {each.conversation_id: postponed_view(each) for each in session.scalars(query)}


def postponed_view(put_off: Postponement) -> dict[str, Any]:
    """Until when, and what shall be done then."""
    return {"until": put_off.until.isoformat(), "note": put_off.note}


def postponements_of(session: Session, conversation_id: str) -> list[dict[str, Any]]:
    """Puttings off and wakings as lines of the desk's timeline."""
    query = (
        select(Postponement, Staff)
        .join(Staff, Staff.id == Postponement.staff_id)
        .where(Postponement.conversation_id == conversation_id)
        .order_by(Postponement.id)
    )
    lines = []
    for each, staff in session.execute(query):
        who = {"name": staff.name, "number": staff.number}
        said = {"staff": who, "reason": each.note, "until": each.until.isoformat()}
        put_off_at = each.postponed_at.isoformat()
        lines.append({"transition": "postponed", **said, "happened_at": put_off_at})
        if each.woken_at is not None and each.cause in (Waking.DUE, Waking.HOLDER):
            woken_at = each.woken_at.isoformat()
            lines.append(
                {"transition": "woken", **said, "cause": each.cause, "happened_at": woken_at}
            )
    return lines


def _close(
    session: Session, conversation_id: str, cause: Waking, now: datetime
) -> Postponement | None:
    return session.scalar(
        update(Postponement)
        .where(Postponement.conversation_id == conversation_id, Postponement.woken_at.is_(None))
        .values(woken_at=now, cause=cause)
        .returning(Postponement)
        .execution_options(synchronize_session="fetch")
    )


def _note(
    session: Session, conversation: Conversation, put_off: dict[str, Any] | None, **more: str
) -> None:
    holder = conversation.staff.card if conversation.staff else None
    note_desk(session, conversation, "postponed", {"postponed": put_off, "holder": holder, **more})


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI) - timedelta(seconds=1)
