"""The load's customers and staff: a WebSocket that says "ask now", and the feed asked then."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any
from uuid import uuid4

from aiohttp import ClientSession, ClientTimeout, TCPConnector

# Whoever waits longer counts with this; nothing is left out of the figures.
LONGEST_SECONDS = 30.0
# As a person types who sends half-sentences.
BURST_PAUSE_SECONDS = 0.15


class Generator:
    """One event loop's connections to the platform."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def __aenter__(self) -> Generator:
        """Open."""
        self._session = ClientSession(
            connector=TCPConnector(limit=0, keepalive_timeout=60),
            timeout=ClientTimeout(total=LONGEST_SECONDS),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close all connections."""
        await self._session.close()

    async def call(
        self, method: str, path: str, headers: dict[str, str], body: Any = None
    ) -> dict[str, Any]:
        """A JSON call that must succeed."""
        async with self._session.request(
            method, f"{self.url}{path}", json=body, headers=headers
        ) as answer:
            if answer.status >= 300:
                raise RuntimeError(f"{method} {path}: {answer.status} {await answer.text()}")
            found: dict[str, Any] = await answer.json()
            return found

    def socket(self, path: str, headers: dict[str, str]) -> Any:
        """A WebSocket."""
        return self._session.ws_connect(f"{self.url}{path}", headers=headers)


class Follower:
    """Follows a feed as the pages do: a frame says "ask now", and one asks until all is read."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.headers: dict[str, str] = {}
        self.cursor = 0
        self.status = ""
        self._expected: list[tuple[Callable[[dict[str, Any]], bool], asyncio.Future[float]]] = []
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()

    async def follow(self, live: str, changes: str) -> None:
        """Begin, and return as soon as the socket has spoken."""
        self._task = asyncio.create_task(self._follow(live, changes))
        await asyncio.wait_for(self._ready.wait(), LONGEST_SECONDS)

    async def _follow(self, live: str, changes: str) -> None:
        async with self.generator.socket(live, self.headers) as socket:
            async for frame in socket:
                told = json.loads(frame.data)
                self._ready.set()
                while told["cursor"] > self.cursor:
                    page = await self.generator.call(
                        "GET", f"{changes}?after={self.cursor}&wait=0", self.headers
                    )
                    self._take(page)
                    if not page["changes"]:
                        break

    def _take(self, page: dict[str, Any]) -> None:
        now = time.perf_counter()
        self.cursor = max(self.cursor, page["cursor"])
        for change in page["changes"]:
            if change["type"] == "status":
                self.status = change["status"]
            for wanted, found in self._expected:
                if not found.done() and wanted(change):
                    found.set_result(now)
        self._expected = [each for each in self._expected if not each[1].done()]

    def expect(self, wanted: Callable[[dict[str, Any]], bool]) -> asyncio.Future[float]:
        """When a change of this kind will have been read."""
        found: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._expected.append((wanted, found))
        return found


class Desk(Follower):
    """A member of staff with the desk open."""

    def __init__(self, generator: Generator, token: str, csrf_token: str) -> None:
        super().__init__(generator)
        self.headers = {"Cookie": f"desk_session={token}", "X-CSRF-Token": csrf_token}

    async def open(self) -> None:
        """Open the desk."""
        me = await self.generator.call("GET", "/api/desk/me", self.headers)
        self.cursor = me["cursor"]
        await self.follow("/api/desk/live", "/api/desk/changes")

    async def act(self, conversation_id: str, verb: str, body: dict[str, Any]) -> None:
        """Do something with a conversation."""
        path = f"/api/desk/conversations/{conversation_id}/{verb}"
        await self.generator.call("POST", path, self.headers, body)


class Widget(Follower):
    """A customer with the widget open."""

    def __init__(self, generator: Generator, number: int) -> None:
        super().__init__(generator)
        self.number = number
        self.desk: Desk | None = None

    async def open(self) -> None:
        """Open the widget."""
        opened = await self.generator.call("POST", "/api/widget/conversations", {}, {})
        self.id, self.cursor = opened["conversation_id"], opened["cursor"]
        self.headers = {"Authorization": f"Bearer {opened['token']}"}
        self._path = f"/api/widget/conversations/{self.id}"
        await self.follow(f"{self._path}/live", f"{self._path}/changes")

    async def gets_a_person(self) -> None:
        """Ask for a person, who accepts."""
        assert self.desk is not None
        served = self.expect(lambda change: change.get("status") == "staff")
        await self.desk.act(self.id, "accept", {})
        await asyncio.wait_for(served, LONGEST_SECONDS)

    async def tells_its_desk(self) -> float:
        """From the customer's pressing "send" until the desk has read it."""
        assert self.desk is not None
        return await self._said(self.desk, self._send)

    async def hears_from_its_desk(self) -> float:
        """From the reply's being sent until the widget has read it."""
        desk = self.desk
        assert desk is not None

        async def reply(text: str) -> None:
            await desk.act(self.id, "messages", {"client_id": str(uuid4()), "text": text})

        return await self._said(self, reply)

    async def asks_the_bot(self, text: str) -> float:
        """From pressing "send" until the answer has been read; a person asked for is refused."""
        answered = self.expect(lambda change: _author(change) in ("bot", "system"))
        started = time.perf_counter()
        await self._send(text)
        seconds = await _until(answered, started)
        if self.status == "queued":
            await self._send("取消", payload="/cancel_handoff")
        return seconds

    async def asks_in_a_burst(self, texts: list[str]) -> float:
        """From the last of several quick messages until an answer after it has been read."""
        for text in texts[:-1]:
            await self._send(text)
            await asyncio.sleep(BURST_PAUSE_SECONDS)
        started = time.perf_counter()
        last = (await self._send(texts[-1]))["message"]["seq"]
        answered = self.expect(
            lambda change: _author(change) == "bot" and change["message"]["seq"] > last
        )
        return await _until(answered, started)

    async def _send(self, text: str, **more: str) -> dict[str, Any]:
        body = {"client_id": str(uuid4()), "text": text, **more}
        return await self.generator.call("POST", f"{self._path}/messages", self.headers, body)

    async def _said(self, hearer: Follower, say: Callable[[str], Any]) -> float:
        text = f"您好 {uuid4()}"
        heard = hearer.expect(lambda change: change.get("message", {}).get("text") == text)
        started = time.perf_counter()
        await say(text)
        return await _until(heard, started)


def _author(change: dict[str, Any]) -> str:
    return str(change.get("message", {}).get("author", ""))


async def _until(found: asyncio.Future[float], started: float) -> float:
    with suppress(TimeoutError):
        return await asyncio.wait_for(found, LONGEST_SECONDS) - started
    return LONGEST_SECONDS
