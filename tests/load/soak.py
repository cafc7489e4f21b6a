"""The soak: customers and staff over two web processes while processes are killed at random.

``python -m tests.load.soak`` needs the environments, a trained model and PostgreSQL. It ends with
1 if a message was lost, duplicated or out of order, or the ledger's audit finds anything.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random

from sqlalchemy import create_engine, text

from bench.texts import questions
from bot.processes import terminal
from bot.settings import ROOT
from tests.load.client import Caller
from tests.load.people import Customer, Member
from tests.postgresql import postgresql_server
from tests.running import Platform, running_platform

# What is killed: the words in its command line, and its name in the report.
VICTIMS = {"-m connectors": "web", "components.serve": "rasa", "rasa_sdk": "actions"}
FEWEST_KILLS = 20
STAFF = ("staff1", "staff2", "admin")


@dataclass
class Result:
    """What happened and what was found."""

    seconds: float = 0.0
    sent: int = 0
    deliveries: int = 0
    longest_silence: float = 0.0
    killed: Counter[str] = field(default_factory=Counter)
    # A process that dies when everybody has finished proves nothing.
    killed_at_work: int = 0
    staff: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    turns: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


async def soak(
    platform: Platform, customers: int, messages: int, kills: int, seconds: float, seed: int = 1
) -> Result:
    """Let everybody loose on a running platform.

    Args:
        platform: It is running, over PostgreSQL.
        customers: How many.
        messages: Of all customers together.
        kills: How many processes are killed, at random moments spread over ``seconds``.
        seconds: About how long it takes.
        seed: The same again, as far as a running machine can be.
    """
    result, chance, started = Result(), Random(seed), time.monotonic()
    texts = cycle(questions())
    people = [
        Customer(
            number,
            Caller(platform.url, chance, result.troubles),
            texts,
            messages // customers,
            Random(seed * 1000 + number),
        )
        for number in range(customers)
    ]
    callers = [Caller(platform.url, chance, result.troubles) for _ in STAFF]
    members = [Member(name, caller, chance) for name, caller in zip(STAFF, callers, strict=True)]
    working = [asyncio.create_task(each.work()) for each in members]
    killing = asyncio.create_task(_kill(platform, kills, seconds, result, chance, people))
    telling = asyncio.create_task(_tell(people, result))
    try:
        await asyncio.gather(*(each.live() for each in people))
        await killing
        await _settle(people)
        for each in people:
            result.problems += await each.problems()
    finally:
        for task in (*working, killing, telling):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for caller in (*callers, *(each._caller for each in people)):
            await caller.close()
    result.seconds = time.monotonic() - started
    result.sent = sum(len(each.sent) for each in people)
    result.deliveries = sum(each.deliveries for each in people)
    result.longest_silence = max(each.longest_silence for each in people)
    result.staff = sum((each.done for each in members), Counter())
    return result


async def _kill(
    platform: Platform,
    kills: int,
    seconds: float,
    result: Result,
    chance: Random,
    people: list[Customer],
) -> None:
    """Kill one process after the other, whichever; the same kind not before it is back."""
    for _ in range(kills):
        await asyncio.sleep(chance.uniform(0.5, 1.5) * seconds / kills)
        words = chance.choice([*VICTIMS, "-m connectors"])
        while not (pids := platform.pids_of(words)):
            await asyncio.sleep(0.2)
        os.kill(chance.choice(pids), signal.SIGKILL)
        result.killed[VICTIMS[words]] += 1
        result.killed_at_work += any(each.has_more_to_say for each in people)


async def _settle(people: list[Customer], seconds: float = 60) -> None:
    """Wait until every customer has been answered, or is with a person."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if all(each.status != "bot" or each._is_answered() for each in people):
            return
        for each in people:
            path = f"{each.path}/changes?after={each._cursor}&wait=0"
            each.take(await each._caller.call("GET", path))
        await asyncio.sleep(1)


async def _tell(people: list[Customer], result: Result) -> None:
    while True:
        await asyncio.sleep(20)
        sent = sum(len(each.sent) for each in people)
        terminal.say(f"  {sent} messages, killed {result.killed.total()} {dict(result.killed)}")


def turns_by_outcome(url: str) -> Counter[str]:
    """How the turns ended: answered by Rasa, without it and why, or not at all."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT status, failure, count(*) FROM turns GROUP BY status, failure")
        ).all()
    engine.dispose()
    return Counter({f"{status} {failure or 'rasa'}": count for status, failure, count in rows})


def staff_replies(url: str) -> int:
    """How many replies of staff are stored, each once."""
    engine = create_engine(url)
    with engine.connect() as connection:
        stored = connection.execute(
            text("SELECT count(*) FROM messages WHERE author = 'staff' AND NOT private")
        ).scalar_one()
    engine.dispose()
    return int(stored)


def audited(url: str) -> tuple[int, str]:
    """What the ledger's own audit says."""
    done = subprocess.run(
        [sys.executable, "-m", "bot.ledger", "audit"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


@contextmanager
def two_web_processes(folder: Path) -> Iterator[Platform]:
    """The whole product over an empty PostgreSQL, with two web processes."""
    with postgresql_server() as url:
        settings = {
            "DATABASE_URL": url,
            "TRACKER_STORE_URL": "",
            "WEB_PROCESSES": "2",
            "WORKING_HOURS": "00:00-24:00",
        }
        with running_platform(folder, **settings) as running:
            yield running


def main() -> int:
    """Run it and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.soak")
    parser.add_argument("--customers", type=int, default=200)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=300, help="the kills are spread over")
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with two_web_processes(Path(folder)) as platform:
            result = asyncio.run(
                soak(
                    platform,
                    wanted.customers,
                    wanted.messages,
                    wanted.kills,
                    wanted.seconds,
                    wanted.seed,
                )
            )
            result.turns = turns_by_outcome(platform.database_url)
            stored = staff_replies(platform.database_url)
            if stored < result.staff["replied"]:
                result.problems.append(f"{result.staff['replied'] - stored} replies of staff lost")
            if result.killed_at_work < min(wanted.kills, FEWEST_KILLS):
                result.problems.append("too few processes were killed while people were talking")
            code, said = audited(platform.database_url)
    return _report(result, code, said)


def _report(result: Result, code: int, said: str) -> int:
    for name, value in vars(result).items():
        terminal.say(f"{name}: {dict(value) if isinstance(value, Counter) else value}")
    answered = {name: n for name, n in result.turns.items() if name.startswith("answered")}
    by_rasa = answered.get("answered rasa", 0) / max(1, sum(answered.values()))
    terminal.say(f"turns answered by Rasa: {by_rasa:.1%}")
    terminal.say(said)
    terminal.say("nothing lost, nothing twice, all in order" if not result.problems else "PROBLEMS")
    return 1 if result.problems or code else 0


if __name__ == "__main__":
    sys.exit(main())
