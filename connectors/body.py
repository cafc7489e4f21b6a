"""Reads a request's JSON body; what is malformed becomes a sentence, never a traceback."""

from __future__ import annotations

import json
from typing import Any

from sanic import Request

from bot.errors import BadInput


class Fields:
    """The fields of one JSON object, taken out with a check each."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._values.get(name) is not None

    def text(self, name: str, *, limit: int, required: bool = True) -> str:
        """A string of at most ``limit`` characters; empty when absent and not required.

        Raises:
            BadInput: It is missing, not a string, or too long.
        """
        value = self._values.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or (required and not value.strip()):
            raise BadInput(f"缺少 {name}，或者它不是文字。")
        if len(value) > limit:
            raise BadInput(f"{name} 最多 {limit} 字。")
        # Half a surrogate pair is legal in JSON but in no other place.
        return value.encode("utf-8", "ignore").decode("utf-8")

    def integer(self, name: str, *, least: int, most: int) -> int:
        """A whole number between two bounds.

        Raises:
            BadInput: It is missing, not a whole number, or out of bounds.
        """
        value = self._values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise BadInput(f"{name} 应为 {least} 到 {most} 的整数。")
        return value

    def boolean(self, name: str, *, default: bool | None = None) -> bool:
        """True or false.

        Raises:
            BadInput: It is neither, or missing without a default.
        """
        value = self._values.get(name, default)
        if not isinstance(value, bool):
            raise BadInput(f"{name} 应为 true 或 false。")
        return value

    def texts(self, name: str, *, most: int, limit: int) -> list[str]:
        """A list of at most ``most`` strings; empty when absent.

        Raises:
            BadInput: It is not a list of strings, or too long.
        """
        value = self._values.get(name, [])
        if not isinstance(value, list) or len(value) > most:
            raise BadInput(f"{name} 应为最多 {most} 项的列表。")
        if not all(isinstance(each, str) and len(each) <= limit for each in value):
            raise BadInput(f"{name} 的每一项应为不超过 {limit} 字的文字。")
        return list(value)


def fields(request: Request) -> Fields:
    """The body of a request as fields; an empty body counts as an empty object.

    Raises:
        BadInput: It is not a JSON object in UTF-8.
    """
    if not request.body:
        return Fields({})
    try:
        loaded = json.loads(request.body)
    except (ValueError, RecursionError):
        raise BadInput("请求内容不是有效的 JSON。") from None
    if not isinstance(loaded, dict):
        raise BadInput("请求内容应为一个 JSON 对象。")
    return Fields(loaded)


def cursor_in(request: Request) -> int:
    """The ``after`` of a feed request, 0 when absent.

    Raises:
        BadInput: It is not a whole number.
    """
    return _number(request, "after", 0, 2**62)


def wait_in(request: Request, most: int = 25) -> int:
    """The ``wait`` of a feed request in seconds, 0 when absent, at most 25.

    Raises:
        BadInput: It is not a whole number.
    """
    return min(_number(request, "wait", 0, 10**6), most)


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.args.get(name)
    if text is None or text == "":
        return default
    if not text.isascii() or not text.isdigit() or int(text) > most:
        raise BadInput(f"{name} 应为不小于 0 的整数。")
    return int(text)
