"""A hundred thousand inputs for WeChat's callback: ``make fuzz-wechat``.

They go over HTTP to the real application. It ends with 1 if an answer was neither ``success`` nor
the one kind of refusal, came too late, or was the wrong one; if the ledger does not hold exactly
the texts that were taken; or if memory grew.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from uuid import uuid4

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from sqlalchemy import func, select
from yarl import URL

from bench.measure import percentile
from bot import logs
from bot.conversations.brain import Answer, Question, Reply
from bot.conversations.models import Author, Message
from bot.database import Database
from bot.processes import terminal
from bot.settings import Settings
from bot.wechat.models import WeChatDelivery
from connectors.app import create_app
from tests.connectors.serving import Served, served
from tests.fakes import FakeFaq
from tests.wechat_stand_in.noise import REFUSED, TAKEN, Input, Noise
from tests.wechat_stand_in.phone import Keys
from tests.wechat_stand_in.server import serving

KEYS = Keys("wx0123456789abcdef", "TokenForNoise", "k9NoiseKey00000000000000000000000000000000d")
# As long as WeChat waits.
LIMIT_SECONDS = 5.0
_AT_ONCE = 6
_LONGEST_ADDRESS = 7000
# What a process takes and keeps once it has warmed up: caches of the database and of SQL.
_MAY_GROW = 60_000_000
_NUMBER = re.compile(r"#(\d+)#$")


class QuietBrain:
    """Answers everything and remembers nothing."""

    async def ask(self, _question: Question) -> Answer:
        """Always the same."""
        return Answer([Reply("收到。")], "ask_metrology", "metrology", 0.9)

    async def is_ready(self) -> bool:
        """Always."""
        return True


@dataclass
class Findings:
    """What came back, and what was wrong about it."""

    answers: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)
    may_be_stored: set[int] = field(default_factory=set)
    took: list[tuple[float, str]] = field(default_factory=list)
    seconds: float = 0.0
    memory: list[int] = field(default_factory=list)
    deliveries: int = 0

    @property
    def grown(self) -> int:
        """Bytes of memory more than when it had warmed up."""
        return self.memory[-1] - self.memory[0]


@contextmanager
def platform(database: Database) -> Iterator[Served]:
    """The application with WeChat in secure mode, and a Tencent that takes everything."""
    with serving(_tencent()) as url:
        settings = Settings(
            wechat_app_id=KEYS.app_id,
            wechat_app_secret="secret-for-noise",
            wechat_token=KEYS.token,
            wechat_encoding_aes_key=KEYS.encoding_aes_key,
            wechat_api_base=url,
            wechat_replay_window_seconds=0,
        )
        name = f"noise-{uuid4().hex}"
        app = create_app(
            settings, database, QuietBrain(), FakeFaq(), lambda: datetime.now(UTC), name=name
        )
        with served(app) as running:
            running._loop.call_soon_threadsafe(app.ctx.senders.start)
            yield running


def fuzz(running: Served, database: Database, count: int, seed: int = 1) -> Findings:
    """Send so many inputs, then compare the ledger with what was taken."""
    findings, started = Findings(), time.monotonic()
    inputs, warm = Noise(KEYS, seed).inputs(count), count // 5
    # Collecting garbage stops a large process for seconds; so nothing is under way then.
    for part in (islice(inputs, warm), inputs):
        asyncio.run(_send(running.url, part, findings))
        running.settle()
        findings.memory.append(_memory())
    findings.seconds = time.monotonic() - started
    _compare(database, findings)
    return findings


async def _send(url: str, inputs: Iterator[Input], findings: Findings) -> None:
    async def work(session: ClientSession) -> None:
        for each in inputs:
            await _one(session, url, each, findings)

    async with ClientSession(timeout=ClientTimeout(LIMIT_SECONDS)) as session:
        await asyncio.gather(*(work(session) for _ in range(_AT_ONCE)))


async def _one(session: ClientSession, url: str, sent: Input, findings: Findings) -> None:
    address = URL(f"{url}/wechat/callback?{sent.query}", encoded=True)
    began = time.monotonic()
    try:
        async with session.request(sent.method, address, data=sent.body or None) as response:
            status, body = response.status, await response.read()
    except (TimeoutError, ClientError, OSError) as error:
        findings.problems.append(f"{sent.number} {sent.what}: {type(error).__name__}")
        return
    findings.took.append((time.monotonic() - began, sent.what))
    findings.kinds[sent.what] += 1
    is_echo = sent.method == "GET" and status == 200
    answer = "success" if is_echo or (status, body) == (200, b"success") else f"{status} {body!r}"
    findings.answers[answer if answer == "success" else str(status)] += 1
    wanted = {TAKEN: ("success",), REFUSED: ("403 b''",)}.get(sent.expected)
    if status == 413 and len(sent.query) > _LONGEST_ADDRESS:
        # The server gives up before there is an address that could have a handler.
        return
    if answer not in (wanted or ("success", "403 b''")):
        findings.problems.append(f"{sent.number} {sent.what}: {answer[:200]}")
    if answer == "success" and sent.method == "POST":
        findings.may_be_stored.add(sent.number)
        if sent.is_text:
            findings.taken.add(sent.number)


def _compare(database: Database, findings: Findings) -> None:
    with database.reading() as session:
        texts = session.scalars(select(Message.text).where(Message.author == Author.CUSTOMER))
        found = Counter(int(match[1]) for each in texts if (match := _NUMBER.search(each)))
        findings.deliveries = session.scalar(select(func.count()).select_from(WeChatDelivery)) or 0
    lost = findings.taken - set(found)
    unasked = set(found) - findings.may_be_stored
    twice = [number for number, times in found.items() if times > 1]
    for name, numbers in (("lost", lost), ("refused but stored", unasked), ("twice", twice)):
        if numbers:
            findings.problems.append(f"{name}: {sorted(numbers)[:10]}")
    if findings.deliveries > len(findings.may_be_stored):
        findings.problems.append("more deliveries than were acknowledged")


def _memory() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096


def _tencent() -> web.Application:
    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("stable_token"):
            return web.json_response({"access_token": "t" * 100, "expires_in": 7200})
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    app = web.Application(client_max_size=12_000_000)
    app.router.add_route("*", "/cgi-bin/{tail:.*}", answer)
    return app


def main() -> int:
    """Run it over a database of its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.wechat_noise")
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logs.configure("CRITICAL")
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/noise.db")
        database.create_tables()
        with platform(database) as running:
            found = fuzz(running, database, arguments.inputs, arguments.seed)
        database.close()
    terminal.say(f"{arguments.inputs} inputs in {found.seconds:.0f} s, seed {arguments.seed}")
    p99 = percentile([seconds for seconds, _ in found.took], 0.99)
    slowest, what = max(found.took)
    terminal.say(f"answers: {dict(found.answers)}")
    terminal.say(f"p99 {p99 * 1000:.0f} ms, slowest {slowest * 1000:.0f} ms ({what})")
    terminal.say(f"acknowledged {len(found.may_be_stored)}, kept {found.deliveries} deliveries")
    megabytes = [round(each / 1e6) for each in found.memory]
    terminal.say(f"memory {megabytes[0]} MB when warm, {megabytes[-1]} MB at the end")
    if found.grown > _MAY_GROW:
        found.problems.append(f"memory grew by {found.grown / 1e6:.0f} MB")
    for problem in found.problems[:40]:
        terminal.say(f"! {problem}")
    terminal.say("nothing wrong" if not found.problems else f"{len(found.problems)} problems")
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
