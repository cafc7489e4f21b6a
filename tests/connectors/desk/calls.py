"""What callers of the desk API send, and how they read its answers."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import httpx

from bot.conversations.changes import changes_for_customer
from bot.conversations.ledger import Opened
from bot.database import Database

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def path(opened: Opened, verb: str = "") -> str:
    """An address below a conversation."""
    return f"/api/desk/conversations/{opened.conversation.id}{verb and '/' + verb}"


def said(text: str, **more: Any) -> dict[str, Any]:
    """A message's body."""
    return {"client_id": str(uuid4()), "text": text, **more}


def refusal(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The error of a response, checked for its shape."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["code"] == code
    assert CHINESE.search(error["message"])
    return dict(error)


def seen_by(database: Database, opened: Opened) -> list[str]:
    """Every text the customer can see."""
    with database.reading() as session:
        page = changes_for_customer(session, opened.conversation.customer_id, 0)
    return [each["message"]["text"] for each in page.changes if each["type"] == "message"]
