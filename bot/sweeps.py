"""Periodic work: leases that run out, promises that come due, parcels that were put off.

Every web process runs every sweep, so a sweep must do no harm when two run at once: its changes
are guarded statements. A sweep that fails is logged and tried again at its next time; it never
stops the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.conversations.bell import Bell
from bot.database import Database

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sweep:
    """Something that is done again and again.

    Attributes:
        name: What the log and the tests call it.
        every: Seconds between the end of one run and the beginning of the next.
        work: One writing unit of work, given the present moment.
        needed: Asked first, in a reading unit of work, so that a sweep that finds nothing does
            not keep writers waiting (SQLite lets one write at a time).
        woken_by: A topic (see ``Bell``) that makes it run at once instead of at its time.
    """

    name: str
    every: float
    work: Callable[[Session, datetime], object]
    needed: Callable[[Session, datetime], bool] | None = None
    woken_by: str | None = None


class Sweeper:
    """Runs sweeps for as long as the web application serves.

    Args:
        database: Whose units of work they are.
        clock: Tells the time, aware.
        bell: Wakes those that name a topic; without it they wait for their time.
    """

    def __init__(
        self, database: Database, clock: Callable[[], datetime], bell: Bell | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell or Bell()
        self._sweeps: dict[str, Sweep] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, *sweeps: Sweep) -> None:
        """Register sweeps, before ``start``.

        Raises:
            ValueError: There is one of that name already.
        """
        for sweep in sweeps:
            if sweep.name in self._sweeps:
                raise ValueError(f"two sweeps are called {sweep.name}")
            self._sweeps[sweep.name] = sweep

    def run_once(self, name: str) -> None:
        """Run one sweep now, in the calling thread; never on the event loop.

        Raises:
            KeyError: There is none of that name.
            Exception: Whatever the sweep raises.
        """
        self._run(self._sweeps[name])

    def start(self) -> None:
        """Begin; each sweep runs for the first time when its interval has passed."""
        self._tasks = [asyncio.create_task(self._repeat(each)) for each in self._sweeps.values()]

    async def stop(self) -> None:
        """Begin nothing new and wait for what is running; without ``start`` nothing happens."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _repeat(self, sweep: Sweep) -> None:
        # Without a topic there is nothing to hear, and listening is a wait for the time to pass.
        async with self._bell.listening(sweep.woken_by or f"sweep:{sweep.name}") as rung:
            await self._repeat_when(sweep, rung)

    async def _repeat_when(self, sweep: Sweep, rung: asyncio.Event) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(rung.wait(), sweep.every)
            # Before looking, so that what happens meanwhile makes it look again.
            rung.clear()
            run = asyncio.create_task(asyncio.to_thread(self._run_logged, sweep))
            try:
                await asyncio.shield(run)
            except asyncio.CancelledError:
                # A unit of work is not broken off: the database closes after it.
                with suppress(asyncio.CancelledError):
                    await run
                raise

    def _run_logged(self, sweep: Sweep) -> None:
        try:
            self._run(sweep)
        except Exception:
            # The outermost edge of periodic work: the next run may well succeed.
            logger.exception("sweep_failed name=%s", sweep.name)

    def _run(self, sweep: Sweep) -> None:
        now = self._clock()
        if sweep.needed is not None:
            with self._database.reading() as session:
                if not sweep.needed(session, now):
                    return
        with self._database.writing() as session:
            sweep.work(session, now)
