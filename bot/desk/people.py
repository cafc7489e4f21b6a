"""Who a customer is, as far as cases and the conversation's slots have told."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.cases.models import Case
from bot.conversations.models import Conversation, Turn

# GB 32100-2015: 18 digits and capitals without I, O, Z, S and V.
_CODED = "0-9A-HJ-NPQRTUWXY"
CREDIT_CODE = re.compile(rf"(?<![0-9A-Z])[{_CODED}]{{2}}\d{{6}}[{_CODED}]{{10}}(?![0-9A-Z])")
# Slots grow with a conversation; what a customer said of themselves is in the newest turns.
_TURNS_LOOKED_AT = 40


@dataclass(frozen=True)
class Person:
    """What is known of a customer; empty when nobody has said it."""

    contact: str = ""
    phone: str = ""
    company: str = ""
    credit_code: str = ""


def people(session: Session, customer_ids: Iterable[int]) -> dict[int, Person]:
    """Customers who have cases, by what the newest of these say; one query."""
    query = (
        select(Case.customer_id, Case.contact, Case.phone, Case.company)
        .where(
            Case.customer_id.in_(list(customer_ids)),
            or_(Case.contact != "", Case.company != "", Case.phone != ""),
        )
        .order_by(Case.id.desc())
    )
    known: dict[int, Person] = {}
    for customer_id, contact, phone, company in session.execute(query):
        assert customer_id is not None
        known[customer_id] = _filled(known.get(customer_id, Person()), contact, phone, company)
    return known


def person_of(session: Session, customer_id: int) -> Person:
    """All that is known of one customer, from cases first, then from what the bot understood."""
    person = people(session, [customer_id]).get(customer_id, Person())
    turns = session.execute(
        select(Turn.slots, Turn.entities)
        .join(Conversation, Conversation.id == Turn.conversation_id)
        .where(Conversation.customer_id == customer_id)
        .order_by(Turn.id.desc())
        .limit(_TURNS_LOOKED_AT)
    ).all()
    for slots, entities in turns:
        person = _filled(
            person,
            _text(slots, "case_contact"),
            _text(slots, "case_phone"),
            _text(slots, "case_company") or _entity(entities, "company"),
            _entity(entities, "credit_code"),
        )
    if person.credit_code:
        return person
    details = session.scalars(select(Case.details).where(Case.customer_id == customer_id))
    written = " ".join(str(value) for each in details for value in each.values()).upper()
    found = CREDIT_CODE.search(written)
    return replace(person, credit_code=found[0]) if found else person


def _filled(person: Person, contact: str, phone: str, company: str, code: str = "") -> Person:
    """What is known already is newer, and stays."""
    return Person(
        person.contact or contact,
        person.phone or phone,
        person.company or company,
        person.credit_code or code,
    )


def _text(slots: dict[str, Any], name: str) -> str:
    value = slots.get(name)
    return value if isinstance(value, str) else ""


def _entity(entities: list[dict[str, Any]], kind: str) -> str:
    return next((str(each.get("value", "")) for each in entities if each.get("type") == kind), "")
