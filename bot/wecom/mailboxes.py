"""Reading an account's messages under a lease, its cursor stored with what stands before it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.wecom.models import KfMailbox

TOPIC = "wecom:mail"
# Each stored page extends it; a call gives up long before.
LEASE = timedelta(seconds=60)
# A callback that was lost three times over costs so much at most.
_LOOK_ANYWAY = timedelta(minutes=5)
# WeCom's ten minutes, less the time a call takes.
_TOKEN_GOOD = timedelta(minutes=9, seconds=30)
_LONGEST_PAUSE = 60


@dataclass(frozen=True)
class Claimed:
    """A mailbox in our hands."""

    open_kfid: str
    lease: str
    cursor: str
    token: str = field(repr=False)
    wanted: int
    troubles: int
    failures: int
    opened_at: datetime


def note_mail(session: Session, open_kfid: str, token: str, *, now: datetime) -> None:
    """A callback says that there is something to read; many of them are read at once."""
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    row = insert(KfMailbox).values(
        open_kfid=open_kfid,
        cursor="",
        token=token,
        token_at=now,
        wanted=1,
        due_at=now,
        troubles=0,
        failures=0,
        opened_at=now,
    )
    # Who is at work, or has been told to wait, looks again by themselves.
    is_free = KfMailbox.lease.is_(None) & (KfMailbox.troubles == 0) & (KfMailbox.failures == 0)
    change = {
        "token": token,
        "token_at": now,
        "wanted": KfMailbox.wanted + 1,
        "due_at": case((is_free, now), else_=KfMailbox.due_at),
    }
    session.execute(row.on_conflict_do_update(index_elements=["open_kfid"], set_=change))
    session.info.setdefault("topics", set()).add(TOPIC)


def look_soon(session: Session, *, now: datetime) -> None:
    """After a start: what was said meanwhile may have had nobody to tell."""
    session.execute(update(KfMailbox).where(KfMailbox.lease.is_(None)).values(due_at=now))


def next_mail(session: Session) -> datetime | None:
    """When the next mailbox falls due."""
    return session.scalar(select(func.min(KfMailbox.due_at)))


def claim_mailbox(session: Session, *, now: datetime) -> Claimed | None:
    """Take the mailbox that has been due longest; two readers never have the same."""
    longest_due = (
        select(KfMailbox.open_kfid)
        .where(KfMailbox.due_at <= now)
        .order_by(KfMailbox.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = session.scalar(
        update(KfMailbox)
        .where(KfMailbox.open_kfid == longest_due, KfMailbox.due_at <= now)
        .values(lease=secrets.token_hex(16), due_at=now + LEASE)
        .returning(KfMailbox.open_kfid)
        .execution_options(synchronize_session=False)
    )
    if taken is None:
        return None
    row = session.get_one(KfMailbox, taken, populate_existing=True)
    is_good = row.token_at is not None and row.token_at > now - _TOKEN_GOOD
    return Claimed(
        row.open_kfid,
        row.lease or "",
        row.cursor,
        row.token if is_good else "",
        row.wanted,
        row.troubles,
        row.failures,
        row.opened_at,
    )


def advance(session: Session, claimed: Claimed, before: str, cursor: str, now: datetime) -> bool:
    """Move the cursor on, in the unit of work of the messages before it.

    Returns:
        False if somebody else has the mailbox by now: nothing of ours may be stored then.
    """
    moved = session.execute(
        update(KfMailbox)
        .where(
            KfMailbox.open_kfid == claimed.open_kfid,
            KfMailbox.lease == claimed.lease,
            KfMailbox.cursor == before,
        )
        .values(cursor=cursor, due_at=now + LEASE)
        .returning(KfMailbox.open_kfid)
        .execution_options(synchronize_session=False)
    ).all()
    return bool(moved)


def give_back(session: Session, claimed: Claimed, *, now: datetime) -> None:
    """Everything is read; what came meanwhile is read at once."""
    due_at = case((KfMailbox.wanted > claimed.wanted, now), else_=now + _LOOK_ANYWAY)
    _let_go(session, claimed, due_at=due_at, troubles=0, failures=0)


def wait_for_wecom(
    session: Session, claimed: Claimed, seconds: float | None, *, now: datetime
) -> None:
    """WeCom refused or is away: again after so many seconds, or later from time to time."""
    troubles = claimed.troubles + 1
    due_at = now + timedelta(seconds=_pause(troubles) if seconds is None else seconds)
    _let_go(session, claimed, due_at=due_at, troubles=troubles)


def note_not_stored(session: Session, claimed: Claimed, *, now: datetime) -> None:
    """A page could not be stored: it is read again, later from time to time."""
    failures = claimed.failures + 1
    due_at = now + timedelta(seconds=_pause(failures))
    _let_go(session, claimed, due_at=due_at, failures=failures)


def _pause(times: int) -> float:
    return float(min(_LONGEST_PAUSE, 2 ** min(times, 10)))


def _let_go(session: Session, claimed: Claimed, **values: object) -> None:
    session.execute(
        update(KfMailbox)
        .where(KfMailbox.open_kfid == claimed.open_kfid, KfMailbox.lease == claimed.lease)
        .values(lease=None, **values)
        .execution_options(synchronize_session=False)
    )
    session.info.setdefault("topics", set()).add(TOPIC)
