"""Keeping enterprises: each once, under a credit code whose check digit is right."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from bot.conversations.ledger import cleaned
from bot.enterprises.models import Enterprise
from bot.errors import BadInput, EnterpriseKnown, EnterpriseNotFound
from bot.resources.regions import is_region
from bot.staff.models import Staff

LONGEST_NAME = 128
_SHORTEST_NAME = 4
_MOST_FOUND = 10


def add_enterprise(
    session: Session, staff: Staff, name: str, credit_code: str, region: str, *, now: datetime
) -> Enterprise:
    """Keep an enterprise.

    Raises:
        BadInput: The name is none, the code's check digit is wrong, or the region is unknown.
        EnterpriseKnown: One of that credit code is there already; ``enterprise`` says which.
    """
    name, region = " ".join(cleaned(name).split()), cleaned(region)
    if not _SHORTEST_NAME <= len(name) <= LONGEST_NAME:
        raise BadInput(f"企业名称应为 {_SHORTEST_NAME} 到 {LONGEST_NAME} 个字。")
    if region and not is_region(region):
        raise BadInput(f"地区表里没有“{region[:20]}”，请写行政区划的全称，或者留空。")
    code = checked_code(credit_code)
    known = session.scalar(select(Enterprise).where(Enterprise.credit_code == code))
    if known is not None:
        raise EnterpriseKnown(enterprise=enterprise_view(known))
    made = Enterprise(
        name=name, credit_code=code, region=region, created_by_id=staff.id, created_at=now
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        # A colleague was faster by a moment.
        known = session.scalars(select(Enterprise).where(Enterprise.credit_code == code)).one()
        raise EnterpriseKnown(enterprise=enterprise_view(known)) from None
    return made


def checked_code(written: str) -> str:
    """A credit code in normal form.

    Raises:
        BadInput: It is none; the sentence says what is wrong with it.
    """
    code = uscc.compact(unicodedata.normalize("NFKC", cleaned(written))).upper()
    if len(code) != 18:
        raise BadInput(f"统一社会信用代码是 18 位，写了 {len(code)} 位。")
    try:
        return str(uscc.validate(code))
    except ValidationError:
        raise BadInput("统一社会信用代码不对：校验位不符，请核对营业执照。") from None


def enterprise_of_id(session: Session, enterprise_id: int) -> Enterprise:
    """An enterprise.

    Raises:
        EnterpriseNotFound: There is none of that number.
    """
    found = session.get(Enterprise, enterprise_id)
    if found is None:
        raise EnterpriseNotFound
    return found


def enterprises_like(session: Session, words: str) -> list[Enterprise]:
    """Enterprises whose name holds the words, or whose credit code begins with them."""
    words = " ".join(cleaned(words).split())
    if not words:
        return []
    query = (
        select(Enterprise)
        .where(
            or_(
                Enterprise.name.contains(words, autoescape=True),
                Enterprise.credit_code.startswith(words.upper(), autoescape=True),
            )
        )
        .order_by(Enterprise.name, Enterprise.id)
        .limit(_MOST_FOUND)
    )
    return list(session.scalars(query))


def enterprise_view(enterprise: Enterprise) -> dict[str, object]:
    """An enterprise as staff see it."""
    return {
        "id": enterprise.id,
        "name": enterprise.name,
        "credit_code": enterprise.credit_code,
        "region": enterprise.region,
    }
