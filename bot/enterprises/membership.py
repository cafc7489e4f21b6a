"""Who speaks for which enterprise: one enterprise for a customer, many customers for it."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.enterprises.models import (
    BindingEvent,
    BindingGuesses,
    By,
    Enterprise,
    Membership,
    Way,
)
from bot.staff.models import Staff

logger = logging.getLogger(__name__)


def enterprise_of(session: Session, customer_id: int | None) -> Enterprise | None:
    """The enterprise that a customer speaks for."""
    if customer_id is None:
        return None
    query = select(Enterprise).join(Membership, Membership.enterprise_id == Enterprise.id)
    return session.scalar(query.where(Membership.customer_id == customer_id))


def members_of(session: Session, enterprise_id: int) -> list[Membership]:
    """Everybody who speaks for an enterprise, whoever has done so longest first."""
    query = select(Membership).where(Membership.enterprise_id == enterprise_id)
    return list(session.scalars(query.order_by(Membership.bound_at, Membership.customer_id)))


def bind(
    session: Session,
    customer_id: int,
    enterprise: Enterprise,
    *,
    way: Way,
    staff_id: int,
    now: datetime,
) -> Enterprise | None:
    """Have a customer speak for an enterprise.

    Returns:
        The enterprise they spoke for until now, if it was another one.
    """
    held = session.get(Membership, customer_id, with_for_update=True)
    if held is not None and held.enterprise_id == enterprise.id:
        return None
    before = None
    if held is not None:
        before = held.enterprise
        unbind(session, customer_id, by=By.CUSTOMER, now=now)
    session.add(Membership(customer_id=customer_id, enterprise_id=enterprise.id, bound_at=now))
    session.add(
        BindingEvent(
            enterprise_id=enterprise.id,
            customer_id=customer_id,
            act="bound",
            by=By.CUSTOMER,
            staff_id=staff_id,
            way=way,
            happened_at=now,
        )
    )
    session.flush()
    logger.info("enterprise_bound enterprise=%d customer=%d", enterprise.id, customer_id)
    return before


def unbind(
    session: Session, customer_id: int, *, by: By, staff: Staff | None = None, now: datetime
) -> Enterprise | None:
    """End a customer's speaking for an enterprise; which one, or None if there was none."""
    enterprise = enterprise_of(session, customer_id)
    if enterprise is None:
        return None
    session.execute(delete(Membership).where(Membership.customer_id == customer_id))
    session.add(
        BindingEvent(
            enterprise_id=enterprise.id,
            customer_id=customer_id,
            act="unbound",
            by=by,
            staff_id=staff.id if staff else None,
            happened_at=now,
        )
    )
    session.flush()
    logger.info(
        "enterprise_unbound enterprise=%d customer=%d by=%s", enterprise.id, customer_id, by
    )
    return enterprise


def forget_member(session: Session, customer_id: int, *, now: datetime) -> None:
    """Let go of a customer who left; what remains is that somebody was bound, and when."""
    unbind(session, customer_id, by=By.UNFOLLOWED, now=now)
    session.execute(delete(BindingGuesses).where(BindingGuesses.customer_id == customer_id))
