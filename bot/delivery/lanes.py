"""Taking a customer's lane under a lease, and recording what the channel said.

One guarded statement takes a lane, so two senders never hold the same customer; everything that
waits in it goes along, in order. A lease that ran out is taken over: its parcels may have reached
the customer, which each of them says.
"""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from bot.conversations.changes import note_delivery
from bot.conversations.models import Conversation, Customer, Message
from bot.delivery.channel import UNSURE, Batch, Failed, Held, Outcome, Parcel, Retry, Sent
from bot.delivery.models import DeliveryState, Lane, Outgoing
from bot.delivery.outbox import announce, hurry
from bot.delivery.views import delivery_view

logger = logging.getLogger(__name__)

WAITING, SENDING, HELD = DeliveryState.WAITING, DeliveryState.SENDING, DeliveryState.HELD
SENT, FAILED = DeliveryState.SENT, DeliveryState.FAILED

# Longer than a channel may take (``senders.CHANNEL_SECONDS``), so that a sender which still lives
# has given up before somebody else takes its lane over.
LEASE = timedelta(seconds=60)
# With the back-off below, about three quarters of an hour of trying.
MOST_ATTEMPTS = 16
_FIRST_PAUSE = 2.0
_LONGEST_PAUSE = 600.0
# A channel is handed at most so many at once; who was away for long gets the rest right after.
_MOST_PARCELS = 50

Draw = Callable[[float, float], float]


@dataclass(frozen=True)
class Claimed:
    """A lane in our hands: what to send, and the lease that proves it is ours."""

    lease: str
    batch: Batch


def pause(attempts: int, draw: Draw = random.uniform) -> float:
    """Seconds until the next attempt: exponential, with full jitter.

    The jitter spreads customers whose channel failed for all of them at once (see "Exponential
    Backoff And Jitter", AWS Architecture Blog).
    """
    return draw(0.0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** max(0, attempts - 1)))


def next_due(session: Session, channel: str) -> datetime | None:
    """When the next lane of a channel falls due; None while none will."""
    return session.scalar(
        select(func.min(Lane.due_at)).where(Lane.channel == channel, Lane.due_at.is_not(None))
    )


def claim(session: Session, channel: str, *, now: datetime) -> Claimed | None:
    """Take the lane that has been due longest, with everything that waits in it."""
    while True:
        taken = _take(session, channel, now)
        if taken is None:
            return None
        customer = session.get_one(Customer, taken.customer_id)
        parcels = _parcels(session, customer, now)
        if parcels:
            return Claimed(taken.lease, _batch(session, customer, parcels))
        _give_back(session, customer, None, now)


def claim_for(session: Session, channel: str, customer_id: int, *, now: datetime) -> Claimed | None:
    """Take one customer's lane with everything in it, held or not, whoever has it now.

    For a channel that can only answer: the customer listens at this moment, and nobody else
    could bring them anything.
    """
    lease = secrets.token_hex(16)
    taken = session.execute(
        update(Lane)
        .where(Lane.customer_id == customer_id, Lane.channel == channel)
        .values(lease=lease, due_at=now + LEASE)
        .returning(Lane.customer_id)
        .execution_options(synchronize_session=False)
    ).all()
    if not taken:
        return None
    session.execute(
        update(Outgoing)
        .where(Outgoing.customer_id == customer_id, Outgoing.state.in_((SENDING, HELD)))
        .values(state=WAITING)
        .execution_options(synchronize_session=False)
    )
    customer = session.get_one(Customer, customer_id)
    parcels = _parcels(session, customer, now)
    if parcels:
        return Claimed(lease, _batch(session, customer, parcels))
    _give_back(session, customer, None, now)
    return None


def record(
    session: Session,
    claimed: Claimed,
    outcomes: Sequence[Outcome],
    *,
    now: datetime,
    draw: Draw = random.uniform,
) -> bool:
    """Store what became of each parcel and give the lane back.

    Returns:
        False when the lease had run out and somebody else has the lane: theirs is the record.
    """
    ours = session.execute(
        update(Lane)
        .where(Lane.customer_id == claimed.batch.customer_id, Lane.lease == claimed.lease)
        .values(lease=None)
        .returning(Lane.customer_id)
    ).all()
    if not ours:
        logger.warning("lease_lost customer=%d", claimed.batch.customer_id)
        return False
    customer = session.get_one(Customer, claimed.batch.customer_id, populate_existing=True)
    rows = _rows(session, customer.id, (SENDING,))
    by_message = {each.message_id: each for each in rows}
    again_at: datetime | None = None
    for parcel, outcome in zip(claimed.batch.parcels, outcomes, strict=False):
        row = by_message.get(parcel.message_id)
        if row is None:
            continue
        if isinstance(outcome, Retry) and again_at is None:
            again_at = _put_off(row, outcome, now, draw)
        else:
            _settle(row, outcome, now)
    _lift_hold(customer, claimed.batch, rows)
    for row in rows:
        if row.state == SENDING:
            row.state = WAITING
    session.flush()
    _announce_states(session, [each for each in rows if each.state != WAITING or each.reason])
    _give_back(session, customer, again_at, now)
    if again_at is not None and any(_has_own_way(each) for each in rows):
        hurry(session, customer.id, again_at)
    return True


@dataclass(frozen=True)
class _Taken:
    customer_id: int
    lease: str


def _take(session: Session, channel: str, now: datetime) -> _Taken | None:
    lease = secrets.token_hex(16)
    longest_due = (
        select(Lane.customer_id)
        .where(Lane.channel == channel, Lane.due_at <= now)
        .order_by(Lane.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = session.execute(
        update(Lane)
        .where(Lane.customer_id == longest_due, Lane.due_at <= now)
        .values(lease=lease, due_at=now + LEASE)
        .returning(Lane.customer_id)
        .execution_options(synchronize_session=False)
    ).scalar()
    return None if taken is None else _Taken(taken, lease)


def _parcels(session: Session, customer: Customer, now: datetime) -> list[Outgoing]:
    """What waits, marked as under way; the dead letters among it are put aside."""
    rows = _rows(session, customer.id, (WAITING, SENDING))[:_MOST_PARCELS]
    cut_off = next((each for each in rows if each.state == SENDING), None)
    dead: list[Outgoing] = []
    if not customer.address:
        dead = rows
        for row in dead:
            row.state, row.reason = FAILED, "no_address"
    elif cut_off is not None:
        # The process died with it in hand. It counts as an attempt: a parcel that kills each
        # sender must not be tried for ever.
        cut_off.attempts += 1
        if cut_off.attempts >= MOST_ATTEMPTS:
            cut_off.state, cut_off.reason = FAILED, "interrupted"
            dead = [cut_off]
    left = [each for each in rows if each not in dead]
    for row in left:
        # Kept as the sign that an earlier attempt was cut off.
        row.reason = "interrupted" if row.state == SENDING else row.reason
        row.state, row.tried_at = SENDING, now
    session.flush()
    _announce_states(session, dead)
    return left


def _batch(session: Session, customer: Customer, rows: list[Outgoing]) -> Batch:
    return Batch(
        customer_id=customer.id,
        conversation_id=rows[-1].conversation_id,
        address=customer.address or "",
        parcels=tuple(_parcel(each) for each in rows),
        last_contact_at=customer.last_contact_at,
        sent_since_contact=_spent(session, customer),
    )


def _parcel(row: Outgoing) -> Parcel:
    message = row.message
    bare = row.form == "text"
    return Parcel(
        message_id=message.id,
        seq=message.seq,
        author=message.author,
        kind="text" if bare else message.kind,
        text=message.text,
        data={} if bare else message.data,
        attempts=row.attempts,
        pieces=row.pieces,
        repeated=row.reason.partition(":")[0] in UNSURE,
        staff={"name": message.staff.name, "number": message.staff.number}
        if message.staff
        else None,
        created_at=message.created_at,
    )


def _spent(session: Session, customer: Customer) -> int:
    spent = select(func.coalesce(func.sum(Outgoing.pieces), 0)).where(
        Outgoing.customer_id == customer.id
    )
    if customer.last_contact_at is not None:
        spent = spent.where(Outgoing.tried_at >= customer.last_contact_at)
    return int(session.scalar(spent) or 0)


def _rows(session: Session, customer_id: int, states: tuple[DeliveryState, ...]) -> list[Outgoing]:
    query = (
        select(Outgoing)
        .where(Outgoing.customer_id == customer_id, Outgoing.state.in_(states))
        .order_by(Outgoing.id)
        .options(joinedload(Outgoing.message).joinedload(Message.staff))
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def _put_off(row: Outgoing, outcome: Retry, now: datetime, draw: Draw) -> datetime | None:
    """The next attempt's time, or None when that was the last one."""
    row.attempts += outcome.counts
    row.pieces += outcome.pieces
    row.reason = outcome.reason[:200]
    if row.attempts >= MOST_ATTEMPTS:
        row.state = FAILED
        return None
    row.state = WAITING
    seconds = pause(row.attempts, draw)
    if outcome.after_seconds is not None:
        # No earlier than the channel asked for, and not all at that moment.
        seconds = outcome.after_seconds + pause(1, draw)
    return now + timedelta(seconds=seconds)


def _has_own_way(row: Outgoing) -> bool:
    return row.state == WAITING and row.attempts > 0 and bool(row.message.data.get("notice"))


def _settle(row: Outgoing, outcome: Outcome, now: datetime) -> None:
    row.pieces += outcome.pieces
    match outcome:
        case Sent(receipt=receipt):
            row.state, row.reason = SENT, ""
            row.receipt, row.sent_at = receipt, now
        case Held(reason=reason):
            row.state, row.reason = HELD, reason[:200]
        case Failed(reason=reason):
            row.state, row.reason = FAILED, reason[:200]
        case Retry(reason=reason):
            # Along with the one the channel stopped at; its own attempts are still to come.
            row.state, row.reason = WAITING, reason[:200]


def _lift_hold(customer: Customer, batch: Batch, rows: list[Outgoing]) -> None:
    # The customer wrote while the channel was being called: what it said is out of date.
    if customer.last_contact_at == batch.last_contact_at:
        return
    for row in rows:
        if row.state == HELD:
            row.state = WAITING


def _give_back(
    session: Session, customer: Customer, again_at: datetime | None, now: datetime
) -> None:
    left = set(
        session.scalars(
            select(Outgoing.state)
            .where(Outgoing.customer_id == customer.id, Outgoing.state.in_((WAITING, HELD)))
            .distinct()
        )
    )
    due_at = again_at or now if left == {WAITING} else None
    session.execute(
        update(Lane)
        .where(Lane.customer_id == customer.id)
        .values(lease=None, held=HELD in left, due_at=due_at)
    )
    if due_at is not None:
        announce(session, customer.channel)


def _announce_states(session: Session, rows: Sequence[Outgoing]) -> None:
    by_conversation: dict[str, list[Outgoing]] = {}
    for row in rows:
        by_conversation.setdefault(row.conversation_id, []).append(row)
    for conversation_id, some in by_conversation.items():
        states = {each.message_id: delivery_view(each) for each in some}
        note_delivery(session, session.get_one(Conversation, conversation_id), states)
