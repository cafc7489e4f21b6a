"""Variables in canned replies: what is known of the conversation goes in, the rest stays marked."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases.models import Case
from bot.conversations.models import Conversation
from bot.desk.people import person_of
from bot.errors import BadInput
from bot.staff.models import Staff

VARIABLES = ("客户姓名", "单位", "案件号", "工号", "姓名", "平台名称")
_VARIABLE = re.compile(r"[{｛]\s*([^{}｛｝\n]{1,20}?)\s*[}｝]")


def values_for(
    session: Session, conversation_id: str | None, staff: Staff, platform_name: str
) -> dict[str, str]:
    """What each variable stands for in this conversation; what nobody knows is left out."""
    known = {"工号": staff.number, "姓名": staff.name, "平台名称": platform_name}
    conversation = session.get(Conversation, conversation_id) if conversation_id else None
    if conversation is None:
        return known
    person = person_of(session, conversation.customer_id)
    newest = select(Case.number).where(Case.customer_id == conversation.customer_id)
    number = session.scalar(newest.order_by(Case.id.desc()).limit(1))
    told = {"客户姓名": person.contact, "单位": person.company, "案件号": number or ""}
    return {**known, **{name: value for name, value in told.items() if value}}


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with its variables filled in; unknown ones stay, for a person to fill."""
    return _VARIABLE.sub(lambda found: values.get(found[1], f"{{{found[1]}}}"), text)


def check_variables(text: str) -> None:
    """Refuse a variable that does not exist, before somebody sends it to a customer.

    Raises:
        BadInput: Names the variable and those there are.
    """
    for name in _VARIABLE.findall(text):
        if name not in VARIABLES:
            there = "、".join(f"{{{each}}}" for each in VARIABLES)
            raise BadInput(f"没有变量 {{{name}}}，可以用：{there}。")
