"""Trouble that concerns everybody: said once, and nothing is tried again before its time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.delivery.channel import Retry
from bot.staff.hours import SHANGHAI
from bot.wechat.calls import WeChatError
from bot.wechat.codes import Act

logger = logging.getLogger(__name__)

# Before that nobody will have mended the account's configuration.
_PAUSE = timedelta(seconds=60)


class Standstill:
    """Whether, and until when, nobody can be reached.

    Args:
        alarm: The word that an administrator finds in the log.
        clock: Tells the time, aware.
    """

    def __init__(self, alarm: str, clock: Callable[[], datetime]) -> None:
        self._alarm = alarm
        self._clock = clock
        self._until: datetime | None = None
        self._told: int | None = None
        self._reason = ""

    def now(self) -> Retry | None:
        """What becomes of everything at this moment; None when it may be sent."""
        left = (self._until - self._clock()).total_seconds() if self._until else 0.0
        return Retry(left, self._reason, counts=False) if left > 0 else None

    def begin(self, error: WeChatError) -> Retry:
        """Tencent refuses everybody for this; told again only after something has got through."""
        if self._told != error.code:
            logger.error("%s code=%d %s", self._alarm, error.code, error)
        self._told, self._reason = error.code, error.rule.reason
        if error.rule.act is Act.RENEW:
            # A new token may help at any time; its own limits keep it from being asked for.
            return Retry(None, error.rule.reason)
        now = self._clock()
        self._until = _midnight(now) if error.rule.act is Act.TOMORROW else now + _PAUSE
        return Retry((self._until - now).total_seconds(), error.rule.reason, counts=False)

    def end(self) -> None:
        """Something got through."""
        self._told = None


def _midnight(now: datetime) -> datetime:
    """When the next day begins for Tencent."""
    today = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)
