"""What both of Tencent's channels do with a plan: one message after the other, until one stops."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.attachments.storage import Storage
from bot.database import Database
from bot.delivery.channel import Batch, Failed, Held, Outcome, Retry
from bot.wechat import windows
from bot.wechat.calls import TokenApi, WeChatAway, WeChatError
from bot.wechat.carrying import Progress, what_is_left
from bot.wechat.codes import Act
from bot.wechat.planner import Plan, Send, in_halves
from bot.wechat.standstill import Standstill
from bot.wechat.tokens import TokenUnavailable

logger = logging.getLogger(__name__)

# Tencent shows messages in another order when they come too fast after each other.
BETWEEN_SECONDS = 0.3


@dataclass
class Trip:
    """One batch under way; ``code`` allows one message beyond the budget, and is gone once used."""

    batch: Batch
    code: str | None = None
    progress: Progress = field(default_factory=Progress)


class Carrier(ABC):
    """A channel of Tencent's; how it sends and what else may stop it is its own."""

    name: str

    def __init__(
        self,
        api: TokenApi,
        database: Database,
        clock: Callable[[], datetime],
        storage: Storage,
        alarm: str,
        between_seconds: float = BETWEEN_SECONDS,
    ) -> None:
        self._uploads = api
        self._database = database
        self._clock = clock
        self._storage = storage
        self._standstill = Standstill(alarm, clock)
        self._between_seconds = between_seconds

    async def _carry(self, trip: Trip, planned: Plan) -> list[Outcome]:
        for number, send in enumerate(planned.sends):
            if number:
                await asyncio.sleep(self._between_seconds)
            stopped = await self._attempt(trip, send)
            if stopped is not None:
                return trip.progress.outcomes(trip.batch, stopped)
        return trip.progress.outcomes(trip.batch, what_is_left(planned))

    async def _attempt(self, trip: Trip, send: Send) -> Outcome | None:
        """Send one message; what stops the batch, or None when it may go on."""
        try:
            receipt, used = await self._send(trip, send)
        except WeChatAway as away:
            trip.progress.unsure = send.items
            return Retry(None, f"unreachable:{away}")
        except TokenUnavailable:
            return Retry(None, "access_token")
        except WeChatError as error:
            if error.rule.act is Act.SPLIT and len(send.halves) > 1:
                return await self._in_halves(trip, send)
            return await self._stopped(trip, send, error)
        self._standstill.end()
        await self._database.write(windows.spend, trip.batch.customer_id, used)
        trip.progress.note(send, receipt)
        return None

    async def _in_halves(self, trip: Trip, send: Send) -> Outcome | None:
        """Each is spent and noted by itself, so that what stops one repeats none before it."""
        for half in in_halves(send):
            stopped = await self._attempt(trip, half)
            if stopped is not None:
                return stopped
        return None

    @abstractmethod
    async def _send(self, trip: Trip, send: Send) -> tuple[str | None, int]:
        """Send it: what names it in reports, and how much of the budget went with it."""

    async def _stopped(self, trip: Trip, _send: Send, error: WeChatError) -> Outcome:
        """What follows from an error, by the table of its numbers."""
        rule, customer_id = error.rule, trip.batch.customer_id
        match rule.act:
            case Act.HOLD:
                await self._database.write(windows.exhaust, customer_id)
                return Held(rule.reason)
            case Act.ALARM | Act.TOMORROW | Act.RENEW:
                return self._standstill.begin(error)
            case Act.WAIT:
                return Retry(rule.seconds, rule.reason)
            case _:
                logger.warning("%s_not_sent customer=%d %s", self.name, customer_id, error)
                return Failed(rule.reason)

    async def _picture(self, send: Send) -> dict[str, Any]:
        content = await asyncio.to_thread(self._storage.path(send.media).read_bytes)
        media_id = await self._uploads.upload(content, "picture.jpg", "image/jpeg")
        return {"msgtype": "image", "image": {"media_id": media_id}}


def text_body(text: str) -> dict[str, Any]:
    """A text as Tencent wants it."""
    return {"msgtype": "text", "text": {"content": text}}
