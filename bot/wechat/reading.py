"""Reads the XML (or JSON) of a callback into plain fields, within narrow limits."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bot.wechat.crypto import Refused

# Real messages stay below 8 KiB.
LARGEST_BODY = 64 * 1024
# The deepest real one has five levels: xml, SendPicsInfo, PicList, item, PicMd5Sum.
_DEEPEST = 6
_MOST_ELEMENTS = 64

# A field is text, or for the few nested ones an object; repeated nested ones become a list.
Fields = dict[str, Any]


def read_fields(body: bytes) -> Fields:
    """The elements below the root, by name.

    An element that stands there twice is refused: which of the two would count is a question
    that two parsers answer differently.

    Raises:
        Refused: Too large, not UTF-8, not well-formed, with a DTD or entities, too deep, too many
            elements, a duplicate, or not an object at all.
    """
    if len(body) > LARGEST_BODY:
        raise Refused("too large")
    try:
        # The parser would take UTF-16 as well, which nothing that filters bytes expects.
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("not UTF-8") from None
    if text.lstrip()[:1] == "{":
        return _from_json(text)
    return _from_xml(text)


def _from_xml(text: str) -> Fields:
    if text.startswith("<?xml"):
        # A declared encoding contradicts a text that is decoded already.
        text = text.partition("?>")[2]
    try:
        root = fromstring(text.strip(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        raise Refused("not the XML we read") from None
    if root.tag != "xml":
        raise Refused("another root")
    _check_size(root, list)
    return _fields_of(root)


def _check_size(root: Any, inside: Callable[[Any], list[Any]]) -> None:
    # Level by level, because a recursion could be made to end badly.
    level, depth, seen = [root], 1, 1
    while level:
        if depth > _DEEPEST or seen > _MOST_ELEMENTS:
            raise Refused("too deep or too many elements")
        level = [child for element in level for child in inside(element)]
        seen += len(level)
        depth += 1


def _fields_of(element: Element) -> Fields:
    fields: Fields = {}
    for child in element:
        value = _fields_of(child) if len(child) else (child.text or "")
        if child.tag not in fields:
            fields[child.tag] = value
        elif isinstance(value, dict) and element.tag != "xml":
            earlier = fields[child.tag]
            fields[child.tag] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        else:
            raise Refused("an element twice")
    return fields


def _from_json(text: str) -> Fields:
    """The JSON format that mini-programs may choose; numbers become text as in XML."""
    try:
        loaded = json.loads(text, object_pairs_hook=_once_each, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise Refused("not JSON") from None
    if not isinstance(loaded, dict):
        raise Refused("not an object")
    _check_size(loaded, _inside)
    return loaded


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _once_each(pairs: list[tuple[str, Any]]) -> Fields:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Refused("a key twice")
    return fields
