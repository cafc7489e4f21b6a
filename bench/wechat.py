"""How fast WeChat's callback answers while Rasa is well, slow and gone: ``make bench-wechat``.

Tencent drops a connection after five seconds and delivers again, so the answer must never wait
for the bot. Everything runs as ``make run`` starts it, on this machine, the deliveries too; the
stand-in plays Tencent. Ends with 1 if the promise is not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout

from bench.measure import percentile
from bench.texts import questions
from bot.processes import terminal
from bot.settings import VAR
from tests.postgresql import postgresql_server
from tests.running import Platform, running_platform
from tests.wechat_stand_in.phone import Delivery, Keys, Phone
from tests.wechat_stand_in.server import application, serving
from tests.wechat_stand_in.tencent import Tencent

RESULT = VAR / "bench" / "wechat.json"
MOST_SECONDS = 0.2
# Tencent's own limit: what takes longer would be delivered again.
LIMIT_SECONDS = 5.0
RASA = "components.serve"
KEYS = Keys("wxbench0123456789a", "TokenOfTheBench", "k9BenchKey00000000000000000000000000000000d")
_texts = questions(seed=11)


class Phase:
    """A time in which deliveries come at a steady rate, and how long each took."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seconds: list[float] = []
        self.failed: list[str] = []

    @property
    def is_kept(self) -> bool:
        """Whether all were acknowledged, and 99 of 100 in time."""
        return not self.failed and percentile(self.seconds, 0.99) <= MOST_SECONDS

    def figures(self) -> dict[str, float]:
        """Milliseconds, and how many there were."""
        shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "longest": 1.0}
        found = {name: percentile(self.seconds, share) * 1000 for name, share in shares.items()}
        return {"deliveries": len(self.seconds), "failed": len(self.failed), **found}

    async def run(self, tencent: Tencent, callback: str, rate: float, seconds: float) -> None:
        """Deliver one message after the other, each of another customer, however long they take."""
        loop, tasks = asyncio.get_running_loop(), []
        phone = Phone(tencent, KEYS, callback, "")
        async with ClientSession(timeout=ClientTimeout(LIMIT_SECONDS)) as session:
            began = loop.time()
            for number in range(int(rate * seconds)):
                delivery = _delivery(phone)
                await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
                tasks.append(asyncio.create_task(self._deliver(session, callback, delivery)))
            await asyncio.gather(*tasks)

    async def _deliver(self, session: ClientSession, callback: str, sent: Delivery) -> None:
        began = time.monotonic()
        try:
            async with session.post(callback, params=sent.query, data=sent.body) as response:
                answer = (response.status, await response.read())
        except (TimeoutError, ClientError, OSError) as error:
            self.failed.append(type(error).__name__)
            return
        self.seconds.append(time.monotonic() - began)
        if answer != (200, b"success"):
            self.failed.append(str(answer))


def _delivery(phone: Phone) -> Delivery:
    # A phone is costly to make, and one is enough: what it sends names its owner.
    phone.openid = f"oBENCH{secrets.token_hex(11)}"
    phone.tencent.acted(phone.openid, wrote=True)
    return phone.delivery(phone.message("text", f"<Content><![CDATA[{next(_texts)}]]></Content>"))


@contextmanager
def rasa_as_it_is(_platform: Platform) -> Iterator[None]:
    """Nothing is done to it."""
    yield


@contextmanager
def rasa_slow(platform: Platform) -> Iterator[None]:
    """It is held for 20 seconds at a time, and answers only then."""

    def hold() -> None:
        for pid in platform.pids_of(RASA):
            os.kill(pid, signal.SIGSTOP)

    def let_go() -> None:
        for pid in platform.pids_of(RASA):
            os.kill(pid, signal.SIGCONT)

    def again() -> None:
        let_go()
        time.sleep(0.5)
        hold()

    hold()
    with _every(20.0, again):
        yield
    let_go()
    platform.wait_until_ready()


@contextmanager
def rasa_gone(platform: Platform) -> Iterator[None]:
    """It is killed, and killed again as soon as the supervisor has started it."""

    def kill() -> None:
        for pid in platform.pids_of(RASA):
            os.kill(pid, signal.SIGKILL)

    kill()
    with _every(0.2, kill):
        yield
    platform.wait_until_ready()


@contextmanager
def _every(seconds: float, work: Callable[[], None]) -> Iterator[None]:
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(seconds):
            work()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


PHASES = {
    "Rasa is well": rasa_as_it_is,
    "Rasa takes 20 s": rasa_slow,
    "Rasa is gone": rasa_gone,
}


def measure(platform: Platform, tencent: Tencent, rate: float, seconds: float) -> list[Phase]:
    """All phases, one after the other."""
    phases = []
    callback = f"{platform.url}/wechat/callback"
    warm_up = Phase("warm-up")
    asyncio.run(warm_up.run(tencent, callback, rate, 3))
    for name, trouble in PHASES.items():
        phase = Phase(name)
        with trouble(platform):
            asyncio.run(phase.run(tencent, callback, rate, seconds))
        figures = {key: round(value) for key, value in phase.figures().items()}
        terminal.say(f"{name}: {figures}")
        phases.append(phase)
    return phases


def main() -> int:
    """Start everything, measure, and write the result."""
    parser = argparse.ArgumentParser(prog="python -m bench.wechat")
    parser.add_argument("--rate", type=float, default=10.0, help="deliveries a second")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each phase")
    parser.add_argument("--postgresql", action="store_true", help="and two web processes")
    arguments = parser.parse_args()
    tencent = Tencent(KEYS.app_id, "secret-of-the-bench")
    with tempfile.TemporaryDirectory() as name, serving(application(tencent)) as api:
        settings = {
            "WECHAT_APP_ID": KEYS.app_id,
            "WECHAT_APP_SECRET": tencent.secret,
            "WECHAT_TOKEN": KEYS.token,
            "WECHAT_ENCODING_AES_KEY": KEYS.encoding_aes_key,
            "WECHAT_API_BASE": api,
        }
        if arguments.postgresql:
            with postgresql_server(fsync=True) as url:
                shared = {"DATABASE_URL": url, "TRACKER_STORE_URL": "", "WEB_PROCESSES": "2"}
                with running_platform(Path(name), **settings, **shared) as platform:
                    phases = measure(platform, tencent, arguments.rate, arguments.seconds)
        else:
            with running_platform(Path(name), **settings) as platform:
                phases = measure(platform, tencent, arguments.rate, arguments.seconds)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    result = {
        "at": datetime.now(UTC).isoformat(),
        "rate": arguments.rate,
        "postgresql": arguments.postgresql,
        "phases": {phase.name: phase.figures() for phase in phases},
    }
    RESULT.write_text(json.dumps(result, indent=2), "utf-8")
    broken = [phase.name for phase in phases if not phase.is_kept]
    terminal.say("kept" if not broken else f"not kept: {', '.join(broken)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
