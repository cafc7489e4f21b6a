"""What customers and staff do in the situations, in one line each."""

from __future__ import annotations

import asyncio
import threading
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import func, select

from bot.conversations.brain import Answer, Question
from bot.conversations.models import Author, Conversation, Message
from bot.database import Database
from tests.connectors.visitor import Xiaolin
from tests.factories import PASSWORD
from tests.fakes import FakeBrain

# Far beyond what a test takes; only a fault waits for so long.
PATIENCE_SECONDS = 30


class ThinkingBrain(FakeBrain):
    """Thinks until told to go on, from whichever thread."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    async def ask(self, question: Question) -> Answer:
        """The next scripted answer, or an echo, once it may go on."""
        self.asked.set()
        await asyncio.to_thread(self.go_on.wait, PATIENCE_SECONDS)
        return await super().ask(question)

    def think(self) -> None:
        """Stay busy with the next question."""
        self.asked.clear()
        self.go_on.clear()


def says(customer: Xiaolin, text: str, client_id: str | None = None, **body: Any) -> httpx.Response:
    """The customer sends something and does not wait for the bot."""
    body = {"client_id": client_id or str(uuid4()), "text": text, **body}
    return customer.client.post(f"{customer.path}/messages", json=body)


def asks_for_a_person(customer: Xiaolin) -> None:
    """The customer wants to be served by a person."""
    assert customer.client.post(f"{customer.path}/handoff").status_code == 200


def at_desk(conversation_id: str, verb: str = "") -> str:
    """Where the desk finds a conversation."""
    return f"/api/desk/conversations/{conversation_id}{verb and '/' + verb}"


def replies(staff: httpx.Client, conversation_id: str, text: str, **body: Any) -> httpx.Response:
    """A member of staff writes into a conversation."""
    body = {"client_id": str(uuid4()), "text": text, **body}
    return staff.post(at_desk(conversation_id, "messages"), json=body)


def signs_in(staff: httpx.Client, username: str) -> None:
    """A member of staff begins another day."""
    staff.cookies.clear()
    answer = staff.post("/api/desk/login", json={"username": username, "password": PASSWORD})
    assert answer.status_code == 200
    staff.headers["X-CSRF-Token"] = answer.json()["csrf_token"]


def serves(staff: httpx.Client, conversation_id: str) -> None:
    """A member of staff accepts a conversation."""
    assert staff.post(at_desk(conversation_id, "accept")).status_code == 200


def ends(staff: httpx.Client, conversation_id: str) -> None:
    """A member of staff resolves a conversation."""
    answer = staff.post(at_desk(conversation_id, "resolve"), json={"outcome": "已答复"})
    assert answer.status_code == 200


def in_queue(staff: httpx.Client) -> list[str]:
    """The conversations that wait for a person."""
    listed = staff.get("/api/desk/conversations?status=queued").json()["conversations"]
    return [each["id"] for each in listed]


def said_by(customer: Xiaolin, author: Author) -> list[dict[str, Any]]:
    """The messages of one author that the customer has in view."""
    found = [c["message"] for c in customer.changes()["changes"] if c["type"] == "message"]
    return [each for each in found if each["author"] == author]


def texts(messages: list[dict[str, Any]]) -> list[str]:
    """What they say."""
    return [each["text"] for each in messages]


def count(database: Database, record: type[Message] | type[Conversation]) -> int:
    """How many records of a kind are stored."""
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(record)) or 0
