"""Cards and labels: the words of ``cards.yml`` filled with what services found."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_VARIABLE = re.compile(r"\{(\w+)\}")


@cache
def _texts() -> dict[str, Any]:
    path = Path(__file__).with_name("cards.yml")
    loaded: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return loaded


def label(*keys: str, **values: object) -> str:
    """A single text, for example ``label("case_statuses", "done")``."""
    text: Any = _texts()
    for key in keys:
        text = text[key]
    return str(text).format(**values)


def card(
    kind: str,
    values: dict[str, Any],
    *,
    shown_as: str | None = None,
    payload: str | None = None,
    demo: bool = False,
) -> dict[str, Any]:
    """A card as the channels draw it.

    Args:
        kind: Which template of ``cards.yml``.
        values: Its variables; a fact with an empty one is left out.
        shown_as: The card's type, if it is another word than the template's.
        payload: What its button asks; without one it has no button.
        demo: Whether the thing is invented, for showing the product.
    """
    template = _texts()[kind]
    facts = [
        [name, openly(text.format(**values).strip())]
        for name, text in template["facts"]
        if all(values.get(variable) for variable in _VARIABLE.findall(text))
    ]
    button = {"title": template["action"], "payload": payload} if payload else None
    return {
        "type": shown_as or kind,
        "title": template["title"].format(**values),
        "facts": facts,
        "action": button,
        "demo": demo,
    }


def openly(text: str) -> str:
    """Our mark for what nobody has checked yet, in words that a customer can act on."""
    return text.replace("待核", "以主管部门答复为准")


def joined(parts: list[str], values: dict[str, Any]) -> str:
    """Texts filled in and joined by “｜”, without those that have an empty variable."""
    filled = [
        text.format(**values)
        for text in parts
        if all(values.get(variable) for variable in _VARIABLE.findall(text))
    ]
    return "｜".join(filled)


def summary_parts() -> list[str]:
    """The parts of a case's summary."""
    return list(_texts()["summary"])


def command(intent: str, **entities: str) -> str:
    """A button's payload."""
    if not entities:
        return f"/{intent}"
    return f"/{intent}{json.dumps(entities, ensure_ascii=False)}"


def button(title: str, intent: str, **entities: str) -> dict[str, str]:
    """A button."""
    return {"title": title, "payload": command(intent, **entities)}
