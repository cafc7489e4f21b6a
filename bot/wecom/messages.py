"""What a page of ``sync_msg`` says: WeCom's messages and events as ours, unknown ones tolerated."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.wechat.messages import (
    Link,
    Media,
    Noted,
    Place,
    Text,
    Unknown,
    Unsupported,
    loggable,
    storable,
)
from bot.wecom.account import Address, is_id

logger = logging.getLogger(__name__)

CUSTOMER, SYSTEM, AGENT = 3, 4, 5
_MOST_CODE = 512
# WeCom allows 128 bytes; a scene of ours is never longer.
LONGEST_PARAMETER = 64


@dataclass(frozen=True)
class Entered:
    """A customer opened the chat; the code allows one greeting, within 20 seconds."""

    code: str = field(default="", repr=False)
    parameter: str = ""


@dataclass(frozen=True)
class NotDelivered:
    """A message of ours that WeCom had taken did not arrive."""

    msgid: str
    fail_type: int


@dataclass(frozen=True)
class SessionChanged:
    """1 taken from the queue, 2 passed on, 3 ended, 4 taken up again by the person."""

    change: int
    code: str = field(default="", repr=False)


@dataclass(frozen=True)
class Recalled:
    """Somebody took a message back."""

    msgid: str


Content = (
    Text
    | Media
    | Place
    | Link
    | Unsupported
    | Unknown
    | Noted
    | Entered
    | NotDelivered
    | SessionChanged
    | Recalled
)


@dataclass(frozen=True)
class Item:
    """One message or event; ``origin`` says whether the customer, WeCom or a person there."""

    msgid: str
    address: Address = field(repr=False)
    sent_at: datetime
    origin: int
    content: Content


@dataclass(frozen=True)
class Page:
    """What one call of ``sync_msg`` brought."""

    items: tuple[Item, ...]
    cursor: str
    has_more: bool


def read_page(answer: dict[str, Any], open_kfid: str) -> Page:
    """The page in our words; what has no id, time or customer is left out, and said in the log."""
    listed = answer.get("msg_list")
    items = [_item(each, open_kfid) for each in listed] if isinstance(listed, list) else []
    cursor = answer.get("next_cursor")
    return Page(
        tuple(each for each in items if each is not None),
        cursor if isinstance(cursor, str) else "",
        answer.get("has_more") == 1,
    )


def _item(told: Any, open_kfid: str) -> Item | None:
    if not isinstance(told, dict):
        logger.warning("kf_unreadable kind=%s", type(told).__name__)
        return None
    kind = _text(told, "msgtype").lower()
    inner = told.get(kind)
    inner = inner if isinstance(inner, dict) else {}
    # Events name the customer inside.
    where = inner if kind == "event" else told
    address = Address(_text(where, "open_kfid") or open_kfid, _text(where, "external_userid"))
    msgid, sent_at = _text(told, "msgid"), _moment(told.get("send_time"))
    if not 1 <= len(msgid) <= 128 or sent_at is None or address.open_kfid != open_kfid:
        logger.warning("kf_unreadable kind=%s", loggable(kind))
        return None
    content = _event(inner) if kind == "event" else _message(kind, inner)
    if address.external_userid and not is_id(address.external_userid):
        logger.warning("kf_unreadable kind=%s", loggable(kind))
        return None
    origin = told.get("origin")
    return Item(msgid, address, sent_at, origin if isinstance(origin, int) else SYSTEM, content)


def _message(kind: str, inner: dict[str, Any]) -> Content:
    read = _MESSAGES.get(kind)
    return read(kind, inner) if read is not None else Unsupported(loggable(kind))


def _event(inner: dict[str, Any]) -> Content:
    name = _text(inner, "event_type").lower()
    match name:
        case "enter_session":
            parameter = _text(inner, "scene_param")[:LONGEST_PARAMETER]
            return Entered(_text(inner, "welcome_code")[:_MOST_CODE], parameter)
        case "msg_send_fail":
            return NotDelivered(_text(inner, "fail_msgid")[:64], _number(inner, "fail_type"))
        case "session_status_change":
            code = _text(inner, "msg_code")[:_MOST_CODE]
            return SessionChanged(_number(inner, "change_type"), code)
        case "user_recall_msg" | "servicer_recall_msg":
            return Recalled(_text(inner, "recall_msgid")[:128])
        case "servicer_status_change" | "reject_customer_msg_switch_change":
            return Noted(loggable(name))
        case _:
            return Unknown(loggable(name), is_event=True)


def _said(_kind: str, inner: dict[str, Any]) -> Content:
    text = _text(inner, "content")
    return Text(text, _text(inner, "menu_id") or None) if text else Unsupported("text")


def _media(kind: str, inner: dict[str, Any]) -> Content:
    return Media(kind, _text(inner, "media_id"))


def _place(_kind: str, inner: dict[str, Any]) -> Content:
    latitude, longitude = inner.get("latitude"), inner.get("longitude")
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return Unsupported("location")
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return Unsupported("location")
    label = _text(inner, "name") or _text(inner, "address")
    return Place(float(latitude), float(longitude), label)


def _link(_kind: str, inner: dict[str, Any]) -> Content:
    return Link(_text(inner, "title"), _text(inner, "desc"), _text(inner, "url"))


_MESSAGES: dict[str, Callable[[str, dict[str, Any]], Content]] = {
    "text": _said,
    "image": _media,
    "voice": _media,
    "video": _media,
    "file": _media,
    "location": _place,
    "link": _link,
}


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return storable(value) if isinstance(value, str) else ""


def _number(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    return value if isinstance(value, int) and abs(value) < 2**31 else 0


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, int) or not 0 < value < 2**33:
        return None
    return datetime.fromtimestamp(value, UTC)
