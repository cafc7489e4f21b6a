"""What may stand in a field of a template: its name says which rule it is under.

Tencent refuses a whole message for one value that breaks its rule, so values are made to fit
before they are sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime

from bot.staff.hours import SHANGHAI

NAME = re.compile(r"([a-z_]+?)\d{1,3}")
_MORE = "…"
_HAN = re.compile(r"[\u3400-\u9fff]+")
_LATIN_NAME = re.compile(r"[A-Za-z][A-Za-z .'-]*")
# With it, or without a currency.
_AMOUNT = re.compile(r"[¥$€£]?\d{1,10}(\.\d{1,2})?元?")
_EMPTY = "-"

Value = str | datetime


def kind_of(name: str) -> str | None:
    """The rule a field is under (``thing4``: ``thing``), or None if there is no such rule."""
    found = NAME.fullmatch(name)
    return found[1] if found and found[1] in _RULES else None


def fitted(name: str, value: Value) -> str | None:
    """A value as it may be sent in a field, or None if it cannot be made to fit."""
    kind = kind_of(name)
    return _RULES[kind](value) if kind is not None else None


def _plain(value: Value) -> str:
    if isinstance(value, datetime):
        return _time(value) or ""
    lines = re.sub(r"\s+", " ", value)
    return "".join(c for c in lines if unicodedata.category(c) not in ("Cc", "Cs")).strip()


def _shortened(most: int) -> Callable[[Value], str | None]:
    def rule(value: Value) -> str | None:
        text = _plain(value) or _EMPTY
        return text if len(text) <= most else text[: most - 1].rstrip() + _MORE

    return rule


def _whole(pattern: str) -> Callable[[Value], str | None]:
    """What says something else when it is cut, or is wrong in another form, is not sent."""
    compiled = re.compile(pattern)

    def rule(value: Value) -> str | None:
        text = unicodedata.normalize("NFKC", _plain(value))
        return text if compiled.fullmatch(text) else None

    return rule


def _local(value: Value) -> datetime | None:
    return value.astimezone(SHANGHAI) if isinstance(value, datetime) else None


def _time(value: Value) -> str | None:
    day, local = _date(value), _local(value)
    return f"{day} {local:%H:%M}" if local is not None else None


def _date(value: Value) -> str | None:
    local = _local(value)
    return f"{local.year}年{local.month}月{local.day}日" if local is not None else None


def _amount(value: Value) -> str | None:
    text = _plain(value)
    return text if _AMOUNT.fullmatch(text) else None


def _name(value: Value) -> str | None:
    text = _plain(value)
    if _HAN.fullmatch(text):
        return text[:10]
    return text[:20] if _LATIN_NAME.fullmatch(text) else None


def _phrase(value: Value) -> str | None:
    # The sign for "more" is no Han character, so it has no place here.
    text = _plain(value)
    return text[:5] if _HAN.fullmatch(text) else None


def _configured(value: Value) -> str | None:
    # Only what the administrator wrote down reaches these; Tencent knows whether it is one.
    return _plain(value) or None


_RULES: dict[str, Callable[[Value], str | None]] = {
    "thing": _shortened(20),
    "number": _whole(r"-?\d{1,32}(\.\d{1,30})?"),
    "letter": _whole(r"[A-Za-z]{1,32}"),
    "symbol": _whole(r"[^\w\s]{1,5}"),
    "character_string": _whole(r"[!-~]{1,32}"),
    "time": _time,
    "date": _date,
    "amount": _amount,
    "phone_number": _whole(r"[+\d() -]{1,17}"),
    "car_number": _whole(r"[\u4e00-\u9fffA-Z0-9]{1,8}"),
    "name": _name,
    "phrase": _phrase,
    "enum": _configured,
    "const": _configured,
}
