"""Classifies and answers questions from the command line, one JSON object a line.

``.venv/bin/python -m bot.classify < questions.jsonl > answers.jsonl`` asks the trained assistant
itself: it starts Rasa and the actions on free ports over a throwaway database, and asks each
question in a conversation of its own. Nothing that runs already is touched.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from bot import logs
from bot.conversations.answering import Answering, Asked
from bot.conversations.brain import Answer, Reply
from bot.conversations.fallback import Fallback
from bot.conversations.ledger import checked_text, open_conversation
from bot.conversations.rasa_brain import RasaBrain
from bot.database import Database
from bot.errors import ServiceError, SettingsError
from bot.faq.service import FaqService, load_faq_service
from bot.processes import Engine
from bot.resources.importing import import_resources
from bot.responses import Responses
from bot.settings import Settings, load
from bot.staff.hours import SHANGHAI

logger = logging.getLogger("bot.classify")

# A cold engine's first answers may be slow, and nobody waits at a phone here.
_LIMIT_SECONDS = 30.0


def main() -> None:
    """Read standard input, write standard output; a bad line gets an ``error`` and goes on."""
    try:
        settings = load()
    except SettingsError as error:
        sys.exit(str(error))
    logs.configure("WARNING")
    with tempfile.TemporaryDirectory() as folder:
        aside = replace(
            settings, database_url=f"sqlite:///{folder}/classify.db", tracker_store_url=""
        )
        with Engine(aside) as engine:
            asyncio.run(_classify(engine.settings, sys.stdin))


async def _classify(settings: Settings, lines: Iterable[str]) -> None:
    now = datetime.now(UTC)
    database = Database(settings.database_url)
    database.create_tables()
    with database.writing() as session:
        import_resources(session)
        conversation_id = open_conversation(session, "classify", now=now).conversation.id
    faq = load_faq_service()
    brain = RasaBrain(settings.rasa_url, _LIMIT_SECONDS)
    answering = Answering(brain, faq, Fallback(faq, Responses.load()), _LIMIT_SECONDS)
    today = now.astimezone(SHANGHAI).date()
    for number, line in enumerate(filter(str.strip, lines), start=1):
        result = await _classified(line, number, conversation_id, answering, faq, today)
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    await brain.close()
    database.close()


async def _classified(
    line: str,
    number: int,
    conversation_id: str,
    answering: Answering,
    faq: FaqService,
    today: date,
) -> dict[str, Any]:
    try:
        written = json.loads(line)["text"]
        text = checked_text(written)
    except (ValueError, KeyError, TypeError, AttributeError):
        return {"text": None, "error": f"第 {number} 行不是含有 text 的 JSON 对象。"}
    except ServiceError as error:
        return {"text": written, "error": error.sentence}
    asked = Asked(number, conversation_id, f"classify.{number}", "classify", text)
    answer = await answering.answer(asked, today)
    candidates = faq.understand(text, today).candidates
    return {
        "text": written,
        "intent": answer.intent,
        "category": answer.category,
        "confidence": answer.confidence,
        "entities": answer.entities,
        "faq": [{"id": each.id, "score": round(each.score, 4)} for each in candidates],
        "answer": plain_text(answer),
        "handled": answer.handled or "clarify",
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
