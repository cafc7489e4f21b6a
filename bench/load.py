"""The load: a thousand open widgets, fifty staff, people and the bot talking at once.

``make bench-load`` or ``python -m bench.load``: everything on this machine, the generator too,
over a PostgreSQL of its own that keeps every commit (``fsync``) and two web processes. Ends with
1 if a promise is not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from bench.load_clients import Desk, Generator, Widget
from bench.measure import percentile, tree_of
from bench.texts import questions
from bot.database import Database
from bot.processes import terminal
from bot.settings import VAR
from bot.staff.models import Staff
from bot.staff.service import sign_in
from tests.postgresql import postgresql_server
from tests.running import Platform, running_platform

RESULT = VAR / "bench" / "load.json"
WIDGETS, STAFF, HELD = 1000, 50, 2
PEOPLE_PER_SECOND, TURNS_PER_SECOND = 20.0, 10.0
BURST, BURSTS = 5, 20


@dataclass(frozen=True)
class Row:
    """A line of the report: seconds that something took, and what is promised of them."""

    title: str
    seconds: list[float]
    most: float
    share: float = 0.95

    @property
    def figure(self) -> float:
        """What the promise is about."""
        return percentile(self.seconds, self.share) if self.seconds else float("inf")

    @property
    def is_kept(self) -> bool:
        """Whether it is kept."""
        return self.figure <= self.most


class Load:
    """One run against a running platform."""

    def __init__(self, platform: Platform, seconds: float) -> None:
        self._platform = platform
        self._seconds = seconds
        self._generator = Generator(platform.url)
        self._chance = Random(7)
        self._texts = questions(seed=7)
        self.rows: list[Row] = []
        self.cpu: dict[str, dict[str, float]] = {}

    async def run(self) -> None:
        """Open everything, then measure phase by phase."""
        async with self._generator:
            await self._open()
            await self._phase("people", self._people)
            await self._phase("bot", self._bot)
            await self._phase("both", self._people, self._bot)
            await self._phase("bursts", self._bursts)
            for each in [*self._widgets, *self._desks]:
                each.stop()

    async def _open(self) -> None:
        accounts = await asyncio.to_thread(_staff, self._platform.database_url)
        self._widgets = [Widget(self._generator, number) for number in range(WIDGETS)]
        self._desks = [Desk(self._generator, *account) for account in accounts]
        started = time.monotonic()
        await _some_at_once([each.open for each in self._widgets], 20)
        await _some_at_once([each.open for each in self._desks], 10)
        self._served = self._widgets[: STAFF * HELD]
        for number, widget in enumerate(self._served):
            widget.desk = self._desks[number % STAFF]
        await _some_at_once([each.gets_a_person for each in self._served], 4)
        terminal.say(f"open after {time.monotonic() - started:.0f} s")

    async def _phase(self, name: str, *parts: Callable[[str], Coroutine[Any, Any, None]]) -> None:
        before = _cpu(self._platform)
        began = time.monotonic()
        await asyncio.gather(*(part(name) for part in parts))
        spent = time.monotonic() - began
        after = _cpu(self._platform)
        self.cpu[name] = {key: (after[key] - before.get(key, 0.0)) / spent for key in after}
        terminal.say(f"{name}: cores in use {_rounded(self.cpu[name])}")
        for row in self.rows:
            if row.title.startswith(f"{name}:"):
                terminal.say(f"  {line(row)}")

    async def _people(self, phase: str) -> None:
        to_desk: list[float] = []
        to_customer: list[float] = []

        async def say(number: int) -> None:
            widget = self._served[self._chance.randrange(len(self._served))]
            if number % 2:
                to_desk.append(await widget.tells_its_desk())
            else:
                to_customer.append(await widget.hears_from_its_desk())

        await _steadily(say, PEOPLE_PER_SECOND, self._seconds)
        self.rows.append(Row(f"{phase}: customer to desk", to_desk, 0.5))
        self.rows.append(Row(f"{phase}: desk to customer", to_customer, 0.5))

    async def _bot(self, phase: str) -> None:
        turns: list[float] = []
        alone = self._widgets[len(self._served) :]

        async def ask(number: int) -> None:
            turns.append(await alone[number % len(alone)].asks_the_bot(next(self._texts)))

        await _steadily(ask, TURNS_PER_SECOND, self._seconds)
        self.rows.append(Row(f"{phase}: turn of the bot", turns, 1.5))

    async def _bursts(self, phase: str) -> None:
        times = []
        for number in range(BURSTS):
            widget = self._widgets[-1 - number]
            times.append(await widget.asks_in_a_burst([next(self._texts) for _ in range(BURST)]))
        self.rows.append(Row(f"{phase}: five messages, after the last", times, 1.5, share=1.0))


async def _steadily(
    work: Callable[[int], Coroutine[Any, Any, None]], per_second: float, seconds: float
) -> None:
    """Begin the work at a steady rate, however long the earlier ones take."""
    loop, tasks = asyncio.get_running_loop(), []
    began = loop.time()
    for number in range(int(per_second * seconds)):
        await asyncio.sleep(max(0.0, began + number / per_second - loop.time()))
        tasks.append(asyncio.create_task(work(number)))
    await asyncio.gather(*tasks)


async def _some_at_once(
    works: Sequence[Callable[[], Coroutine[Any, Any, None]]], many: int
) -> None:
    places = asyncio.Semaphore(many)

    async def one(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async with places:
            await work()

    await asyncio.gather(*(one(work) for work in works))


def _staff(url: str) -> list[tuple[str, str]]:
    """Fifty accounts, signed in already: the cookie and the CSRF token of each."""
    database = Database(url)
    try:
        with database.writing() as session:
            for number in range(STAFF):
                session.add(
                    Staff(
                        username=f"load{number}",
                        password_hash="",
                        name=f"坐席{number}",
                        number=str(500 + number),
                        role="staff",
                        skills=[],
                    )
                )
        now = datetime.now(UTC)
        with database.writing() as session:
            done = [sign_in(session, f"load{n}", "127.0.0.1", now=now) for n in range(STAFF)]
            return [(each.token, each.csrf_token) for each in done]
    finally:
        database.close()


def _cpu(platform: Platform) -> dict[str, float]:
    """Seconds of processor time so far, by kind of process and of this generator."""
    ticks = os.sysconf("SC_CLK_TCK")
    kinds = {"-m connectors": "web", "components.serve": "rasa", "rasa_sdk": "actions"}
    found = {"generator": time.process_time()}
    for words, name in kinds.items():
        pids = [each for pid in platform.pids_of(words) for each in tree_of(pid)]
        found[name] = sum(_ticks(pid) for pid in pids) / ticks
    return found


def _ticks(pid: int) -> int:
    numbers = Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
    return int(numbers[11]) + int(numbers[12])


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in figures.items()}


def line(row: Row) -> str:
    """A row as text."""
    kept = "✓" if row.is_kept else "✗"
    middle = percentile(row.seconds, 0.5) if row.seconds else float("inf")
    return (
        f"{row.title:36} n={len(row.seconds):<5} p50 {middle * 1000:6.0f} ms  "
        f"p{row.share * 100:.0f} {row.figure * 1000:6.0f} ms  "
        f"promised ≤ {row.most * 1000:.0f} ms {kept}"
    )


def main() -> int:
    """Measure, print, keep the result."""
    parser = argparse.ArgumentParser(prog="python -m bench.load")
    parser.add_argument("--seconds", type=float, default=40, help="of each phase")
    parser.add_argument("--processes", type=int, default=2, help="web processes")
    wanted = parser.parse_args()
    busy = os.getloadavg()[0]
    terminal.say(f"Load of the machine before we begin: {busy:.1f} (other work makes times noisy)")
    with tempfile.TemporaryDirectory() as folder, postgresql_server(fsync=True) as url:
        settings = {
            "DATABASE_URL": url,
            "TRACKER_STORE_URL": "",
            "WEB_PROCESSES": str(wanted.processes),
            "WORKING_HOURS": "00:00-24:00",
            # A thousand customers come from one address here.
            "ASSIGNMENT": "manual",
        }
        with running_platform(Path(folder), **settings) as platform:
            load = Load(platform, wanted.seconds)
            asyncio.run(load.run())
    terminal.say("\n".join(["", *(line(row) for row in load.rows)]))
    kept = all(row.is_kept for row in load.rows)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    result = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_before": busy,
        "cores": load.cpu,
        "rows": [{**vars(row), "figure": row.figure, "kept": row.is_kept} for row in load.rows],
    }
    RESULT.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    terminal.say(f"Written to {RESULT}. Promises {'kept' if kept else 'NOT kept'}.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
