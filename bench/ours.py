"""Our half: the whole program as `make run` starts it, asked through the widget's API."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

from bench.http import JsonClient
from bot.processes.children import Child, Program, free_port
from bot.processes.engine import child_environment, wait_until_ready
from bot.processes.training import ensure_model
from bot.settings import VAR, Settings

_DATABASE = VAR / "bench" / "ours.db"
# The widget waits the same way: a poll that is answered as soon as something changed.
_WAIT_SECONDS = 10


class OurBot:
    """The program in a process of its own, over an empty database."""

    name = "ours"

    def __init__(self, settings: Settings) -> None:
        """Choose a port and a database; nothing is started yet."""
        self._settings = replace(
            settings,
            host="127.0.0.1",
            port=free_port(),
            database_url=f"sqlite:///{_DATABASE}",
            tracker_store_url="",
        )
        address = f"http://127.0.0.1:{self._settings.port}"
        self._client = JsonClient(self._settings.port)
        program = Program(
            name="bench-ours",
            title="ours",
            command=(sys.executable, "-m", "bot.processes", "run"),
            environment=child_environment(self._settings),
            health_url=f"{address}/readyz",
        )
        self.children = [Child(program)]

    def train(self) -> float:
        """Train anew, as `make train` does; the seconds it took."""
        started = time.monotonic()
        ensure_model(force=True)
        return time.monotonic() - started

    def start(self) -> float:
        """Start everything over an empty database; the seconds until /readyz says so."""
        _DATABASE.parent.mkdir(parents=True, exist_ok=True)
        for leftover in _DATABASE.parent.glob("ours*.db*"):
            leftover.unlink()
        started = time.monotonic()
        self.children[0].start()
        wait_until_ready(self.children, limit_seconds=400.0)
        return time.monotonic() - started

    def stop(self) -> None:
        """Stop everything; the program first stops its own children."""
        self._client.close()
        for child in self.children:
            child.stop(seconds=20.0)

    def open(self) -> OurConversation:
        """A new customer with a new conversation."""
        return OurConversation(self._client)


class OurConversation:
    """One browser's conversation."""

    def __init__(self, client: JsonClient) -> None:
        """Open it, as the widget does when a person first looks at it."""
        view = client.post("/api/widget/conversations", {})
        self._client = client
        self._path = f"/api/widget/conversations/{view['conversation_id']}"
        self._headers = {"Authorization": f"Bearer {view['token']}"}
        self._cursor = view["cursor"]

    def ask(self, text: str) -> float | None:
        """One turn: from posting the message until the bot's stored answer has been read.

        A turn that ends in a handoff has no answer; the customer takes the wish back, untimed.
        """
        started = time.perf_counter()
        self._post({"text": text})
        for changes in self._pages():
            seconds = time.perf_counter() - started
            if _tells_status(changes, "queued"):
                self._post({"text": "继续问", "payload": "/cancel_handoff"})
                next(page for page in self._pages() if _tells_status(page, "bot"))
                return None
            if any(map(_is_answer, changes)):
                return seconds
        return None

    def _post(self, content: dict[str, str]) -> None:
        message = {"client_id": str(uuid4()), **content}
        self._client.post(f"{self._path}/messages", message, self._headers)

    def _pages(self) -> Iterator[list[dict[str, object]]]:
        end = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < end:
            query = f"after={self._cursor}&wait={_WAIT_SECONDS}"
            view = self._client.get(f"{self._path}/changes?{query}", self._headers)
            self._cursor = view["cursor"]
            yield view["changes"]


def _tells_status(changes: list[dict[str, object]], status: str) -> bool:
    return any(change.get("status") == status for change in changes)


def _is_answer(change: dict[str, object]) -> bool:
    message = change.get("message")
    return isinstance(message, dict) and message.get("author") == "bot"
