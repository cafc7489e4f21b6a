"""Who speaks to a customer by WeCom's account of it, and the codes that allow one message more.

0 new, 1 the assistant: we may send. 2 the company's own queue, 3 one of its people in WeCom: we
may not. 4 over: nothing may be sent until the customer writes again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.wecom.models import KfSession

NEW, ASSISTANT, QUEUE, AGENT, OVER = range(5)
THEIRS = (QUEUE, AGENT)
# A code on its way when its time ends would be refused.
_MARGIN = timedelta(seconds=1)
CODE_SECONDS = timedelta(seconds=20)


@dataclass(frozen=True)
class Standing:
    """How a session stands, and the code that may be used now."""

    state: int = NEW
    is_ours: bool = False
    code: str | None = None


def standing(session: Session, customer_id: int, *, now: datetime) -> Standing:
    """What is known of a customer's session."""
    known = session.get(KfSession, customer_id)
    if known is None:
        return Standing()
    is_good = known.code_until is not None and known.code_until - _MARGIN > now
    return Standing(known.state, known.is_ours, known.code if is_good else None)


def note_state(
    session: Session, customer_id: int, state: int, *, asked_at: datetime | None = None
) -> KfSession:
    """WeCom says how a session stands; a session that is new has not been claimed by us yet."""
    known = _row(session, customer_id)
    known.state = state
    known.is_ours = known.is_ours and state in (NEW, ASSISTANT)
    known.asked_at = asked_at or known.asked_at
    return known


def note_said(session: Session, customer_id: int) -> None:
    """The customer wrote: a session that was over begins anew."""
    known = _row(session, customer_id)
    if known.state == OVER:
        known.state, known.is_ours = NEW, False


def note_ours(session: Session, customer_id: int, state: int) -> None:
    """WeCom was told that the assistant serves; whether it agreed, ``state`` says."""
    known = _row(session, customer_id)
    if known.state not in THEIRS:
        known.state, known.is_ours = state, True


def note_code(session: Session, customer_id: int, code: str, until: datetime) -> None:
    """An event allows one message until then."""
    known = _row(session, customer_id)
    known.code, known.code_until = code, until


def use_code(session: Session, customer_id: int, code: str) -> bool:
    """Take a code for use; False if somebody has used it: each works once."""
    used = session.execute(
        update(KfSession)
        .where(KfSession.customer_id == customer_id, KfSession.code == code)
        .values(code=None, code_until=None)
        .returning(KfSession.customer_id)
        .execution_options(synchronize_session=False)
    ).all()
    return bool(used)


def _row(session: Session, customer_id: int) -> KfSession:
    # Everybody who comes here holds the customer's row or lane, so two do not both make one.
    known = session.get(KfSession, customer_id, with_for_update=True, populate_existing=True)
    if known is None:
        known = KfSession(customer_id=customer_id, state=NEW, is_ours=False)
        session.add(known)
        session.flush()
    return known
