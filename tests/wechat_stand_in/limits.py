"""What Tencent documents of menus, codes, texts and fields, and how it refuses the rest."""

from __future__ import annotations

import re
from typing import Any

MOST_BYTES = 2048


class Refusal(Exception):
    """An error answer of Tencent's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def check_menu(body: dict[str, Any]) -> None:
    """Three entries, five below each, names and keys not too long."""
    if not 1 <= len(body.get("button", [])) <= 3:
        raise Refusal(40016, "invalid button size")
    for entry in body["button"]:
        below = entry.get("sub_button")
        if below is None:
            _check_button(entry, 16, 0)
            continue
        _check_name(entry, 16, 40018)
        if not 1 <= len(below) <= 5:
            raise Refusal(40023, "invalid sub button size")
        for item in below:
            _check_button(item, 60, 7)


def check_code(body: dict[str, Any]) -> str:
    """The scene of a code, if everything about it is as it has to be."""
    scene = body.get("action_info", {}).get("scene", {}).get("scene_str", "")
    name, seconds = body.get("action_name"), body.get("expire_seconds")
    if name not in ("QR_LIMIT_STR_SCENE", "QR_STR_SCENE"):
        raise Refusal(40052, "invalid action name")
    if not isinstance(scene, str) or not 1 <= len(scene) <= 64:
        raise Refusal(40053, "invalid action info")
    if seconds is not None and not (name == "QR_STR_SCENE" and 1 <= seconds <= 2_592_000):
        raise Refusal(40051, "invalid expire seconds")
    return scene


def check_fields(wanted: list[str], data: dict[str, Any]) -> None:
    """Every field of a template is there and keeps its rule."""
    for name in wanted:
        value = data.get(name, {}).get("value")
        kind = name.rstrip("0123456789")
        if not isinstance(value, str) or not re.fullmatch(FIELD_RULES[kind], value):
            raise Refusal(47003, f"argument invalid! data.{name}.value invalid")


def _check_button(button: dict[str, Any], most: int, offset: int) -> None:
    """``offset``: the numbers of errors below the first level are higher by that."""
    _check_name(button, most, 40018 + offset)
    kind = button.get("type")
    if kind not in ("click", "view", "miniprogram", "scancode_push", "scancode_waitmsg"):
        raise Refusal(40017 + offset, "invalid button type")
    if kind in ("view", "miniprogram"):
        if not 1 <= len(str(button.get("url", "")).encode()) <= 1024:
            raise Refusal(40020 + offset, "invalid button url size")
    elif not 1 <= len(str(button.get("key", "")).encode()) <= 128:
        raise Refusal(40019 + offset, "invalid button key size")


def _check_name(button: dict[str, Any], most: int, code: int) -> None:
    if not 1 <= len(str(button.get("name", "")).encode()) <= most:
        raise Refusal(code, "invalid button name size")


# What Tencent documents of each kind of field.
_DAY, _HOUR = r"\d{4}年\d{1,2}月\d{1,2}日", r"\d{2}:\d{2}"
FIELD_RULES = {
    "thing": r".{1,20}",
    "number": r"[\d.-]{1,32}",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "character_string": r"[!-~]{1,32}",
    "time": rf"({_DAY} )?{_HOUR}",
    "date": _DAY,
    "amount": r"\D?\d{1,10}(\.\d+)?元?",
    "phone_number": r"[\d+() -]{1,17}",
    "car_number": r"[\u4e00-\u9fffA-Z0-9]{1,8}",
    "name": r"[\u4e00-\u9fff]{1,10}|[A-Za-z .'-]{1,20}",
    "phrase": r"[\u4e00-\u9fff]{1,5}",
}
