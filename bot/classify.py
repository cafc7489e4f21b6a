"""Classifies and answers questions from the command line, one JSON object a line.

``.venv/bin/python -m bot.classify < questions.jsonl > answers.jsonl`` asks the trained assistant
itself: it starts Rasa and the actions on free ports over a throwaway database, and asks each
question in a conversation of its own. Nothing that runs already is touched.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable
from typing import Any

from bot import logs
from bot.conversations.brain import Answer, Reply
from bot.conversations.ledger import checked_text
from bot.errors import ServiceError, SettingsError, StartFailed
from bot.evaluation.assistant import Assistant, assistant, engine_apart
from bot.settings import Settings, load


def main() -> None:
    """Read standard input, write standard output; a bad line gets an ``error`` and goes on."""
    logs.configure("WARNING")
    try:
        with engine_apart(load()) as settings:
            asyncio.run(_classify(settings, sys.stdin))
    except (SettingsError, StartFailed) as error:
        sys.exit(str(error))


async def _classify(settings: Settings, lines: Iterable[str]) -> None:
    async with assistant(settings) as asked:
        for number, line in enumerate(filter(str.strip, lines), start=1):
            result = await _classified(line, number, asked)
            sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
            sys.stdout.flush()


async def _classified(line: str, number: int, asked: Assistant) -> dict[str, Any]:
    try:
        written = json.loads(line)["text"]
        text = checked_text(written)
    except (ValueError, KeyError, TypeError, AttributeError):
        return {"text": None, "error": f"第 {number} 行不是含有 text 的 JSON 对象。"}
    except ServiceError as error:
        return {"text": written, "error": error.sentence}
    answered = await asked.ask(text)
    answer = answered.answer
    return {
        "text": written,
        "intent": answer.intent,
        "category": answer.category,
        "confidence": answer.confidence,
        "entities": answer.entities,
        "faq": [{"id": each.id, "score": round(each.score, 4)} for each in answered.candidates],
        "answer": plain_text(answer),
        "handled": answered.handled,
    }


def plain_text(answer: Answer) -> str:
    """All replies as one text: what a screen would show, without its layout."""
    return "\n".join(part for reply in answer.replies for part in _parts(reply) if part)


def _parts(reply: Reply) -> Iterable[str]:
    yield reply.text
    basis = reply.data.get("faq", {}).get("basis")
    if basis:
        yield "依据：" + "；".join(basis)
    cards = [reply.data["card"]] if "card" in reply.data else reply.data.get("items", [])
    for card in cards:
        facts = "；".join(f"{label}：{value}" for label, value in card.get("facts", []))
        yield f"{card.get('title', '')}（{facts}）"
    yield "".join(f"〔{button['title']}〕" for button in reply.data.get("buttons", []))


if __name__ == "__main__":
    main()
