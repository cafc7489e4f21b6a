"""How fast one customer may write: far above what a person types, below a program gone wild.

Counted in the database, so that it is the same number for any count of web processes: one moment
for each customer says until when their pace is used up (the generic cell rate algorithm, as in
ITU-T I.371). Only messages that are stored count; a second delivery costs nothing, and a refused
one makes nobody wait longer. Floods are kept off before they reach the database, by each process
for itself (``connectors.widget.access``): a refusal must cost less than an answer.

A channel that never repeats what was refused (WeChat) has everything taken; see ``patience``.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from bot.conversations.models import Customer
from bot.errors import TooManyRequests

# So many at once, as after a long time without a network; then two a second.
BURST = 200
EACH = timedelta(seconds=0.5)
_TRIES = 20

_customers = Customer.__table__.c
_SPEND = (
    update(Customer.__table__)  # type: ignore[arg-type]
    .where(
        _customers.id == bindparam("customer"),
        _customers.paced_at.is_not_distinct_from(bindparam("before")),
    )
    .values(paced_at=bindparam("after"))
    .returning(_customers.id)
)


def keep_pace(session: Session, customer: Customer, *, now: datetime) -> None:
    """Count a message that is about to be stored.

    Raises:
        TooManyRequests: Too many in a short time; ``retry_after_seconds`` says when again.
    """
    for _ in range(_TRIES):
        before = customer.paced_at
        after = max(before or now, now) + EACH
        wait = (after - BURST * EACH - now).total_seconds()
        if wait > 0:
            seconds = math.ceil(wait)
            raise TooManyRequests(
                f"您发得有点快，请 {seconds} 秒后再试。", retry_after_seconds=seconds
            )
        values = {"customer": customer.id, "before": before, "after": after}
        if session.execute(_SPEND, values).all():
            # The row was changed past the session.
            set_committed_value(customer, "paced_at", after)
            return
        # Another process counted one meanwhile.
        session.refresh(customer, ["paced_at"])
    raise TooManyRequests(retry_after_seconds=1)
