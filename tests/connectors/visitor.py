"""小林 on the widget API, and what a refusal looks like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import func, select

from bot.conversations.handoff import Handoff
from bot.conversations.models import Message
from bot.database import Database
from tests.connectors.serving import Served
from tests.factories import alice

CHINESE = re.compile(r"[\u4e00-\u9fff]")
UNKNOWN = "0" * 32


@dataclass
class Xiaolin:
    """小林 on the widget, without a browser."""

    served: Served
    client: httpx.Client
    id: str
    opened_at: int

    @property
    def path(self) -> str:
        """The address of the conversation."""
        return f"/api/widget/conversations/{self.id}"

    def sends(self, **body: Any) -> httpx.Response:
        """Send a body as it is, with a fresh id unless one is given."""
        body = {"client_id": str(uuid4()), **body}
        response = self.client.post(f"{self.path}/messages", json=body)
        self.served.settle()
        return response

    def changes(self, after: int = 0, wait: int = 0) -> dict[str, Any]:
        """What the feed says."""
        query = {"after": after, "wait": wait}
        return dict(self.client.get(f"{self.path}/changes", params=query).json())

    def texts(self) -> list[str]:
        """Everything said so far."""
        return [c["message"]["text"] for c in self.changes()["changes"] if c["type"] == "message"]


def resolve(database: Database, xiaolin: Xiaolin) -> None:
    """Alice takes the conversation and ends it."""
    handoff: Handoff = xiaolin.served.app.ctx.handoff
    now = xiaolin.served.app.ctx.clock()
    with database.writing() as session:
        staff = alice(session)
        handoff.accept(session, xiaolin.id, staff, now=now)
        handoff.resolve(session, xiaolin.id, staff, "done", now=now)


def refused(response: httpx.Response, status: int, code: str | None = None) -> None:
    """The one shape of an error, with a sentence in Chinese."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert CHINESE.search(error["message"])
    assert code is None or error["code"] == code


def messages_stored(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Message)) or 0
