"""Senders: for each push channel a loop that takes lanes, calls the channel and records.

Taking and recording are units of work; the channel is called between them, outside of any. Where
the process dies there, or the record cannot be stored, the lease runs out and the parcels are sent
again: at least once towards the channel, recorded once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from bot.conversations.bell import Bell
from bot.database import Database
from bot.delivery.channel import Channel, Outcome, Retry
from bot.delivery.lanes import Claimed, claim, next_due, record
from bot.delivery.outbox import topic

logger = logging.getLogger(__name__)

# A channel that has not answered by then is given up; well within the lease.
CHANNEL_SECONDS = 45.0
# Customers who are served at the same time.
_AT_ONCE = 8
# Another process's parcels ring no bell here when the databases cannot carry it.
_LOOK_SECONDS = 5.0
_SHORTEST_SLEEP = 0.05
# How long a stopping server waits for calls that are under way; Sanic allows 15.
_FAREWELL_SECONDS = 10.0


class Senders:
    """The loops of all push channels."""

    def __init__(self, database: Database, bell: Bell, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._bell = bell
        self._clock = clock
        self._channels: dict[str, Channel] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._is_stopping = False
        self._calls: set[asyncio.Task[None]] = set()

    def add(self, channel: Channel) -> None:
        """Register a channel, before ``start``."""
        self._channels[channel.name] = channel

    def start(self) -> None:
        """Begin; call it on the event loop."""
        self._is_stopping = False
        self._loops = [asyncio.create_task(self._serve(each)) for each in self._channels.values()]

    async def stop(self) -> None:
        """Take nothing more, and let the calls that are under way be recorded."""
        # A loop is not broken off while it takes a lane: nobody would have it until the lease ends.
        self._is_stopping = True
        self._bell.ring({topic(name) for name in self._channels})
        under_way = {*self._loops, *self._calls}
        self._loops = []
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=_FAREWELL_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def run_once(self, name: str) -> int:
        """Send what is due on a channel until nothing is, one customer after the other.

        Returns:
            How many batches were sent.
        """
        batches = 0
        while (claimed := await self._claim(name)) is not None:
            await self._carry(self._channels[name], claimed)
            batches += 1
        return batches

    async def _serve(self, channel: Channel) -> None:
        room = asyncio.Semaphore(_AT_ONCE)
        async with self._bell.listening(topic(channel.name)) as rung:
            while not self._is_stopping:
                rung.clear()
                sleep = _LOOK_SECONDS
                try:
                    await self._drain(channel, room)
                    sleep = await self._until_due(channel.name)
                except Exception:
                    # The outermost edge: a database that is away comes back.
                    logger.exception("sending_failed channel=%s", channel.name)
                with suppress(TimeoutError):
                    # Stopping rings, too.
                    await asyncio.wait_for(rung.wait(), sleep)

    async def _drain(self, channel: Channel, room: asyncio.Semaphore) -> None:
        while not self._is_stopping:
            await room.acquire()
            claimed = None
            try:
                claimed = await self._claim(channel.name)
            finally:
                if claimed is None:
                    room.release()
            if claimed is None:
                return
            call = asyncio.create_task(self._carry(channel, claimed))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
            call.add_done_callback(lambda _done: room.release())

    async def _until_due(self, name: str) -> float:
        due_at = await self._database.read(next_due, name)
        if due_at is None:
            return _LOOK_SECONDS
        left = (due_at - self._clock()).total_seconds()
        return min(_LOOK_SECONDS, max(_SHORTEST_SLEEP, left))

    async def _claim(self, name: str) -> Claimed | None:
        # Looking needs no lock; on SQLite a claim keeps every other writer waiting.
        due_at = await self._database.read(next_due, name)
        if due_at is None or due_at > self._clock():
            return None
        return await self._database.write(claim, name, now=self._clock())

    async def _carry(self, channel: Channel, claimed: Claimed) -> None:
        outcomes = await self._call(channel, claimed)
        try:
            await self._database.write(record, claimed, outcomes, now=self._clock())
        except Exception:
            # The lease runs out by itself, and the parcels are sent again.
            logger.exception("delivery_not_recorded customer=%d", claimed.batch.customer_id)
        logger.info(
            "delivered channel=%s customer=%d parcels=%d outcomes=%s",
            channel.name,
            claimed.batch.customer_id,
            len(claimed.batch.parcels),
            ",".join(type(each).__name__ for each in outcomes),
        )

    async def _call(self, channel: Channel, claimed: Claimed) -> Sequence[Outcome]:
        try:
            async with asyncio.timeout(CHANNEL_SECONDS):
                return await channel.deliver(claimed.batch)
        except TimeoutError:
            return [Retry(None, "channel_timeout")] * len(claimed.batch.parcels)
        except Exception:
            # The outermost edge of somebody else's service.
            logger.exception("channel_failed channel=%s", channel.name)
            return [Retry(None, "channel_error")] * len(claimed.batch.parcels)
