"""Choices in a chat without buttons: offered with a number, taken by number, words or menu."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.conversations.models import Author, Message
from bot.wechat.models import WeChatChoice
from bot.wechat.wording import cards_in

# "2", "２。", "选2", "第 2 个"
_NUMBER = re.compile(r"(?:选择?|第)?\s*(\d{1,2})\s*(?:个|项|号)?")
_ENDS = " \t。．.，,、!！?？)）"
_LONGEST_TITLE = 200
# A score is no button of the dialogue: it concerns a service that is over.
SCORE = "/wechat_score "
_SCORES = ("5 很满意", "4 满意", "3 一般", "2 不满意", "1 很不满意")


@dataclass(frozen=True)
class Choice:
    """One thing a customer may choose; ``id`` names it at Tencent, ``number`` to the customer."""

    id: int
    number: int
    title: str


@dataclass(frozen=True)
class Picked:
    """A choice that was made, and the conversation in which it was offered."""

    payload: str
    conversation_id: str


def options_in(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Title and payload of everything a message lets the customer choose, each payload once."""
    if data.get("survey"):
        return [(title, f"{SCORE}{title[0]}") for title in _SCORES]
    found = {each["payload"]: each["title"] for each in reversed(data.get("buttons", []))}
    options = [(title, payload) for payload, title in reversed(found.items())]
    cards = cards_in(data)
    for card in cards:
        action = card.get("action")
        if action and action["payload"] not in found:
            found[action["payload"]] = ""
            # Among several, the bare act would not say whom it concerns.
            whom = f"：{card.get('title') or ''}".rstrip("：") if len(cards) > 1 else ""
            options.append((f"{action['title']}{whom}", action["payload"]))
    return options


def offer(
    session: Session, customer_id: int, message_ids: Iterable[str]
) -> dict[str, list[Choice]]:
    """The choices of some messages of one customer, in order, numbered on.

    Numbers go on from those offered since the customer last said something, so that one number
    means one thing. A message that is sent again keeps its numbers.
    """
    offered: dict[str, list[Choice]] = {}
    for message_id in message_ids:
        message = session.get(Message, message_id)
        options = options_in(message.data) if message is not None else []
        if message is None or not options:
            continue
        known = session.scalars(
            select(WeChatChoice)
            .where(WeChatChoice.message_id == message_id)
            .order_by(WeChatChoice.number)
        ).all()
        made = known or _made(session, customer_id, message, options)
        offered[message_id] = [Choice(each.id, each.number, each.title) for each in made]
    return offered


def chosen(
    session: Session, customer_id: int, conversation_id: str, text: str, menu_id: str | None
) -> Picked | None:
    """What a customer's words stand for, or None when they are words like any others.

    An item of a menu counts however old it is. A number or a title counts only if it was offered
    since the customer last said something: "2" may as well answer "how many".
    """
    if menu_id is not None and menu_id.isascii() and menu_id.isdigit() and len(menu_id) < 18:
        pressed = session.get(WeChatChoice, int(menu_id))
        if pressed is not None and pressed.customer_id == customer_id:
            return Picked(pressed.payload, pressed.conversation_id)
    plain = unicodedata.normalize("NFKC", text).strip(_ENDS)
    if not plain or len(plain) > _LONGEST_TITLE:
        return None
    number = _NUMBER.fullmatch(plain)
    for each in _open(session, customer_id, conversation_id):
        if number is not None and each.number == int(number[1]):
            return Picked(each.payload, each.conversation_id)
        if plain == unicodedata.normalize("NFKC", each.title).strip(_ENDS):
            return Picked(each.payload, each.conversation_id)
    return None


def _made(
    session: Session, customer_id: int, message: Message, options: list[tuple[str, str]]
) -> list[WeChatChoice]:
    open_ones = _open(session, customer_id, message.conversation_id)
    last = max((each.number for each in open_ones), default=0)
    made = [
        WeChatChoice(
            customer_id=customer_id,
            conversation_id=message.conversation_id,
            message_id=message.id,
            seq=message.seq,
            number=number,
            title=title[:_LONGEST_TITLE],
            payload=payload,
        )
        for number, (title, payload) in enumerate(options, last + 1)
    ]
    session.add_all(made)
    session.flush()
    return made


def _open(session: Session, customer_id: int, conversation_id: str) -> list[WeChatChoice]:
    last_said = (
        select(func.coalesce(func.max(Message.seq), 0))
        .where(Message.conversation_id == conversation_id, Message.author == Author.CUSTOMER)
        .scalar_subquery()
    )
    query = select(WeChatChoice).where(
        WeChatChoice.customer_id == customer_id,
        WeChatChoice.conversation_id == conversation_id,
        WeChatChoice.seq > last_said,
    )
    return list(session.scalars(query.order_by(WeChatChoice.number)))
