"""Offers of a conversation to a colleague or a group; its holder keeps it until one accepts.

An offer stands for half a minute. Refused, run out or withdrawn, it changes nothing but itself. In
a group the first who accepts has it; one who does not want it leaves it to the others.
Each step is a line of type ``transfer`` in the desk's change feed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from bot.conversations.changes import note_desk
from bot.conversations.models import Conversation, OfferState, TransferOffer
from bot.conversations.sight import READS_ALL, served_by
from bot.conversations.transitions import held_by, locked
from bot.errors import BadInput, Conflict, NotYours, OfferOver
from bot.staff.models import Role, Staff

OFFER_STANDS = timedelta(seconds=30)
SERVING = (Role.STAFF, Role.SUPERVISOR, Role.ADMIN)


def offer_transfer(
    session: Session, conversation_id: str, staff: Staff, to: Staff, *, now: datetime
) -> TransferOffer:
    """Offer a conversation to a colleague; the same offer again is the one that stands.

    Raises:
        ConversationNotFound: There is no such conversation.
        NotYours: It is not the caller's.
        BadInput: The colleague serves no customers, or is the caller.
        Conflict: It is being offered to somebody else.
    """
    if to.id == staff.id or to.role not in SERVING:
        raise BadInput("只能转给其他接待客户的同事。")
    wanted = TransferOffer(conversation_id=conversation_id, from_id=staff.id, to_id=to.id)
    return _offered(session, wanted, staff, [to], now)


def offer_to_group(
    session: Session,
    conversation_id: str,
    staff: Staff,
    category: str,
    members: Sequence[Staff],
    *,
    now: datetime,
) -> TransferOffer:
    """Offer a conversation to a group; the same offer again is the one that stands.

    Args:
        session: The unit of work.
        conversation_id: The conversation.
        staff: Who has it.
        category: Whose group.
        members: Who of the group is there, and is told.
        now: The present moment.

    Raises:
        ConversationNotFound: There is no such conversation.
        NotYours: It is not the caller's.
        Conflict: It is being offered to somebody else.
    """
    wanted = TransferOffer(conversation_id=conversation_id, from_id=staff.id, category=category)
    return _offered(session, wanted, staff, members, now)


def _offered(
    session: Session, wanted: TransferOffer, staff: Staff, told: Sequence[Staff], now: datetime
) -> TransferOffer:
    held_by(session, wanted.conversation_id, staff)
    _expire(session, now, TransferOffer.conversation_id == wanted.conversation_id)
    standing = open_offer(session, wanted.conversation_id)
    if standing is None:
        wanted.state, wanted.offered_at = OfferState.OPEN, now
        wanted.expires_at = now + OFFER_STANDS
        session.add(wanted)
        session.flush()
        _note(session, wanted, told)
        return wanted
    if (standing.to_id, standing.category) != (wanted.to_id, wanted.category):
        name = standing.receiver.name if standing.receiver else "业务组"
        raise Conflict(f"正在等{name}回应，可以先撤回。")
    return standing


def open_offer(session: Session, conversation_id: str) -> TransferOffer | None:
    """The offer that stands, if there is one; it may have run out a moment ago."""
    return session.scalar(
        select(TransferOffer)
        .where(
            TransferOffer.conversation_id == conversation_id,
            TransferOffer.state == OfferState.OPEN,
        )
        .execution_options(populate_existing=True)
    )


def offer_to(
    session: Session, conversation_id: str, staff: Staff, *, now: datetime
) -> TransferOffer | None:
    """What is offered to this member of staff at this moment."""
    offer = open_offer(session, conversation_id)
    if offer is None or offer.expires_at <= now or not _is_for(session, offer, staff):
        return None
    return offer


def offers_to(session: Session, staff: Staff, *, now: datetime) -> list[TransferOffer]:
    """Everything that is offered to a member of staff, for a page that was opened just now."""
    query = select(TransferOffer).where(
        or_(TransferOffer.to_id == staff.id, TransferOffer.to_id.is_(None)),
        TransferOffer.state == OfferState.OPEN,
        TransferOffer.expires_at > now,
    )
    found = session.scalars(query.order_by(TransferOffer.id)).all()
    return [each for each in found if _is_for(session, each, staff) and _is_pressing(each, staff)]


def _is_for(session: Session, offer: TransferOffer, staff: Staff) -> bool:
    """Whether somebody may accept: the one who was asked, or anybody of the group but the giver."""
    if offer.category is None or offer.to_id is not None:
        return offer.to_id == staff.id
    if offer.from_id == staff.id or staff.role in READS_ALL:
        return offer.from_id != staff.id
    serves = served_by(session, staff, TransferOffer.category)
    return (
        session.scalar(select(TransferOffer.id).where(TransferOffer.id == offer.id, serves))
        is not None
    )


def _is_pressing(offer: TransferOffer, staff: Staff) -> bool:
    """Whether it is put before somebody: supervisors, who may take all, serve what they list."""
    return offer.category is None or staff.role == Role.STAFF or offer.category in staff.skills


def accept_offer(
    session: Session, conversation: Conversation, staff: Staff, *, now: datetime
) -> TransferOffer:
    """Close an offer as accepted; who holds the conversation, the caller changes.

    Raises:
        OfferOver: Nothing is offered to the caller, or no longer.
    """
    offer = offer_to(session, conversation.id, staff, now=now)
    if offer is None:
        raise OfferOver
    if offer.category is not None:
        offer.to_id, conversation.category = staff.id, offer.category
        session.flush()
    _close(session, offer, OfferState.ACCEPTED, now)
    return offer


def refuse_transfer(
    session: Session, conversation_id: str, staff: Staff, *, now: datetime
) -> TransferOffer:
    """Leave a conversation with the colleague who offered it; a group's others may still take it.

    Raises:
        ConversationNotFound: There is no such conversation.
        OfferOver: Nothing is offered to the caller, or no longer.
    """
    locked(session, conversation_id)
    offer = offer_to(session, conversation_id, staff, now=now)
    if offer is None:
        raise OfferOver
    if offer.to_id is not None:
        _close(session, offer, OfferState.REFUSED, now)
    return offer


def withdraw_transfer(
    session: Session, conversation_id: str, staff: Staff, *, now: datetime
) -> TransferOffer:
    """Take one's own offer back.

    Raises:
        ConversationNotFound: There is no such conversation.
        OfferOver: There is no offer, or it has been answered.
        NotYours: Somebody else made it.
    """
    locked(session, conversation_id)
    offer = open_offer(session, conversation_id)
    if offer is None:
        raise OfferOver
    if offer.from_id != staff.id:
        raise NotYours
    _close(session, offer, OfferState.WITHDRAWN, now)
    return offer


def expire_transfers(session: Session, now: datetime) -> int:
    """Close the offers that nobody answered in time; their senders keep the conversations.

    Returns:
        How many there were.
    """
    due = select(TransferOffer.conversation_id).where(_is_due(now))
    ids = list(session.scalars(due))
    # Conversations are locked before anything is written about them; see ``transitions``.
    session.scalars(
        select(Conversation.id)
        .where(Conversation.id.in_(ids))
        .order_by(Conversation.id)
        .with_for_update()
    ).all()
    return _expire(session, now, TransferOffer.conversation_id.in_(ids))


def any_expired(session: Session, now: datetime) -> bool:
    """Whether there is an offer that has run out."""
    return bool(session.scalar(select(exists().where(_is_due(now)))))


def offer_view(offer: TransferOffer) -> dict[str, Any]:
    """An offer as the desk gets it; times in ISO 8601; ``group`` names a category."""
    return {
        "state": str(offer.state),
        "from": offer.sender.card,
        "to": offer.receiver.card if offer.receiver else None,
        "group": offer.category,
        "offered_at": offer.offered_at.isoformat(),
        "expires_at": offer.expires_at.isoformat(),
    }


def _is_due(now: datetime) -> Any:
    return (TransferOffer.state == OfferState.OPEN) & (TransferOffer.expires_at <= now)


def _expire(session: Session, now: datetime, *which: Any) -> int:
    due = list(session.scalars(select(TransferOffer).where(_is_due(now), *which)))
    return sum(_close(session, offer, OfferState.EXPIRED, now) for offer in due)


def _close(session: Session, offer: TransferOffer, state: OfferState, now: datetime) -> bool:
    closed = session.execute(
        update(TransferOffer)
        .where(TransferOffer.id == offer.id, TransferOffer.state == OfferState.OPEN)
        .values(state=state, closed_at=now)
        .returning(TransferOffer.id)
        .execution_options(synchronize_session=False)
    ).all()
    session.refresh(offer)
    if closed:
        _note(session, offer)
    return bool(closed)


def _note(session: Session, offer: TransferOffer, told: Sequence[Staff] = ()) -> None:
    conversation = session.get_one(Conversation, offer.conversation_id)
    members = [each.username for each in told]
    note_desk(
        session, conversation, "transfer", {"transfer": offer_view(offer), "members": members}
    )
