"""Simulated customers and staff, and what each of them checks by itself."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from random import Random
from typing import Any
from uuid import uuid4

from tests.load.client import Caller, Refused
from tests.running import DEMO_PASSWORD

# A channel delivers a message up to this many times.
MOST_DELIVERIES = 4
LONGEST_BURST = 6
PERSON_SHARE = 0.015


class Customer:
    """Writes in bursts, delivers each message several times, and remembers all it is shown."""

    def __init__(
        self, number: int, caller: Caller, texts: Iterator[str], messages: int, chance: Random
    ) -> None:
        self.number = number
        self.sent: list[str] = []
        self.deliveries = 0
        self.shown: dict[int, dict[str, Any]] = {}
        self.repeated: list[int] = []
        self.longest_silence = 0.0
        self.status = "bot"
        self._caller = caller
        self._texts = texts
        self._messages = messages
        self._chance = chance
        self._cursor = 0
        self._news = asyncio.Event()
        self._late: list[asyncio.Task[None]] = []

    @property
    def has_more_to_say(self) -> bool:
        """Whether the customer has not said everything yet."""
        return len(self.sent) < self._messages

    async def live(self) -> None:
        """The whole of the customer's day."""
        opened = await self._caller.call("POST", "/api/widget/conversations", {})
        self.path = f"/api/widget/conversations/{opened['conversation_id']}"
        self._caller.headers["Authorization"] = f"Bearer {opened['token']}"
        following = asyncio.create_task(self._follow())
        try:
            while len(self.sent) < self._messages:
                await self._burst()
            await asyncio.gather(*self._late)
            await self._answered()
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following

    async def _burst(self) -> None:
        left = self._messages - len(self.sent)
        for _ in range(min(left, self._chance.randint(1, LONGEST_BURST))):
            await self._say()
        await self._answered()
        await asyncio.sleep(self._chance.random() * 0.5)

    async def _say(self) -> None:
        """One message: delivered once for sure, and again at once, or later, or both."""
        client_id = str(uuid4())
        wants_person = self._chance.random() < PERSON_SHARE
        text = "转人工" if wants_person else f"{next(self._texts)}（{len(self.sent) + 1}）"
        body = {"client_id": client_id, "text": text}
        times = self._chance.randint(1, MOST_DELIVERIES)
        at_once = self._chance.randint(1, times)
        await asyncio.gather(*(self._deliver(body) for _ in range(at_once)))
        self.sent.append(client_id)
        for _ in range(times - at_once):
            self._late.append(asyncio.create_task(self._deliver_late(body)))

    async def _deliver(self, body: dict[str, str]) -> None:
        self.deliveries += 1
        answer = await self._caller.call("POST", f"{self.path}/messages", body)
        assert answer["message"]["text"] == body["text"]

    async def _deliver_late(self, body: dict[str, str]) -> None:
        await asyncio.sleep(self._chance.random() * 3)
        await self._deliver(body)

    async def _answered(self) -> None:
        """Wait until the last message is followed by something, unless a person is asked for."""
        started = time.monotonic()
        while self.status == "bot" and not self._is_answered():
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), 1)
            waited = time.monotonic() - started
            self.longest_silence = max(self.longest_silence, waited)
            if waited > 90:
                return
        if self.status != "bot":
            await asyncio.sleep(1)

    def _is_answered(self) -> bool:
        said = [change["message"] for change in self.shown.values() if "message" in change]
        if not said:
            return False
        own = sum(each["author"] == "customer" for each in said)
        return own == len(self.sent) and said[-1]["author"] != "customer"

    async def _follow(self) -> None:
        while True:
            path = f"{self.path}/changes?after={self._cursor}&wait=20"
            page = await self._caller.call("GET", path)
            self.take(page)

    def take(self, page: dict[str, Any]) -> None:
        """Keep a page of the feed."""
        for change in page["changes"]:
            if change["cursor"] in self.shown or change["cursor"] <= self._cursor:
                self.repeated.append(change["cursor"])
            self.shown[change["cursor"]] = change
            if change["type"] == "status":
                self.status = change["status"]
        self._cursor = max(self._cursor, page["cursor"])
        self._news.set()

    async def problems(self) -> list[str]:
        """What is wrong with what the customer was shown in the end; nothing, one hopes."""
        fresh = await self._everything()
        said = [change["message"] for change in fresh if change["type"] == "message"]
        own = [each["client_id"] for each in said if each["author"] == "customer"]
        found = []
        if lost := set(self.sent) - set(own):
            found.append(f"{len(lost)} lost")
        if len(own) != len(set(own)):
            found.append(f"{len(own) - len(set(own))} duplicated")
        if own != [each for each in self.sent if each in own] and not lost:
            found.append("out of order")
        if self.repeated:
            found.append(f"{len(self.repeated)} changes shown twice")
        seen = [self.shown[cursor] for cursor in sorted(self.shown)]
        if seen != [change for change in fresh if change["cursor"] <= self._cursor]:
            found.append("what was followed differs from a fresh fetch")
        for before, after in pairwise(said):
            same = before["conversation_id"] == after["conversation_id"]
            if same and after["seq"] <= before["seq"]:
                found.append(f"message {after['seq']} after {before['seq']}")
        if self.status == "bot" and not self._is_answered():
            found.append("left without an answer")
        return [f"customer {self.number}: {each}" for each in found]

    async def _everything(self) -> list[dict[str, Any]]:
        cursor, found = 0, []
        while True:
            page = await self._caller.call("GET", f"{self.path}/changes?after={cursor}&wait=0")
            if not page["changes"]:
                return found
            found += page["changes"]
            cursor = page["cursor"]


class Member:
    """A member of staff who takes whoever waits, answers and ends it."""

    def __init__(self, username: str, caller: Caller, chance: Random) -> None:
        self.done: Counter[str] = Counter()
        self._username = username
        self._caller = caller
        self._chance = chance

    async def work(self) -> None:
        """Serve until cancelled."""
        answer = await self._caller.call(
            "POST", "/api/desk/login", {"username": self._username, "password": DEMO_PASSWORD}
        )
        self._caller.headers["X-CSRF-Token"] = answer["csrf_token"]
        while True:
            listed = await self._caller.call("GET", "/api/desk/conversations?status=queued")
            waiting = [each["id"] for each in listed["conversations"]]
            if waiting:
                await self._serve(self._chance.choice(waiting))
            else:
                await asyncio.sleep(0.5)

    async def _serve(self, conversation_id: str) -> None:
        path = f"/api/desk/conversations/{conversation_id}"
        try:
            await self._caller.call("POST", f"{path}/accept", {})
            self.done["accepted"] += 1
            for number in range(self._chance.randint(1, 3)):
                body = {"client_id": str(uuid4()), "text": f"您好，这是第 {number + 1} 句。"}
                await self._caller.call("POST", f"{path}/messages", body)
                self.done["replied"] += 1
                await asyncio.sleep(self._chance.random() * 0.5)
            if self._chance.random() < 0.5:
                await self._caller.call("POST", f"{path}/resolve", {"outcome": "已答复"})
                self.done["resolved"] += 1
            else:
                await self._caller.call("POST", f"{path}/return_to_bot", {})
                self.done["returned"] += 1
        except Refused as error:
            # Somebody was faster, the customer ended it, or a lost answer was repeated.
            self.done[f"refused {error.args[0]}"] += 1
