"""Who is calling, and whether they call more often than a person does."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from sanic import Request
from sqlalchemy.orm import Session

from bot.conversations.ledger import conversation_for, customer_of
from bot.database import Database
from bot.errors import TooManyRequests, Unauthorized

_LONGEST_TOKEN = 256
# What is kept about callers is dropped when there are this many.
_MOST_CALLERS = 50_000


def bearer_token(request: Request) -> str:
    """The token of the Authorization header.

    Raises:
        Unauthorized: There is none of the form ``Bearer <token>``.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return _plausible(token.strip() if scheme.lower() == "bearer" else "")


def offered_protocols(request: Request) -> list[str]:
    """The WebSocket subprotocols that the client offers."""
    offered = ",".join(request.headers.getall("sec-websocket-protocol", []))
    return [each.strip() for each in offered.split(",") if each.strip()]


def socket_token(request: Request) -> str:
    """The token of a WebSocket request, which in a browser comes as ``bearer, <token>``.

    Raises:
        Unauthorized: There is none.
    """
    offered = offered_protocols(request)
    if len(offered) == 2 and offered[0] == "bearer":
        return _plausible(offered[1])
    return bearer_token(request)


def _plausible(token: str) -> str:
    if not token or len(token) > _LONGEST_TOKEN:
        raise Unauthorized
    return token


class Owners:
    """Whose a conversation is, remembered: it never changes hands between customers."""

    def __init__(self) -> None:
        self._customers: dict[tuple[str, str], int] = {}

    async def customer_id(self, database: Database, token: str, conversation_id: str) -> int:
        """The id of the customer who holds this token and has this conversation.

        Raises:
            Unauthorized: Nobody holds the token.
            ConversationNotFound: There is no such conversation, or it is somebody else's.
        """
        known = self._customers.get((token, conversation_id))
        if known is None:
            known = await database.read(_customer_id, token, conversation_id)
            if len(self._customers) >= _MOST_CALLERS:
                self._customers.clear()
            self._customers[token, conversation_id] = known
        return known


def _customer_id(session: Session, token: str, conversation_id: str) -> int:
    return conversation_for(session, conversation_id, customer_of(session, token)).customer_id


@dataclass
class _Bucket:
    left: float
    filled_at: float


class Limiter:
    """A token bucket for each caller: ``burst`` calls at once, then ``per_second``.

    Each process counts for itself: it guards its own time, and a refusal must cost next to
    nothing. What a customer may store is counted over all processes (``bot.conversations.pace``).
    """

    def __init__(self, burst: float, per_second: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._buckets: dict[str, _Bucket] = {}

    def take(self, caller: str) -> None:
        """Count one call.

        Raises:
            TooManyRequests: The caller's bucket is empty.
        """
        now = time.monotonic()
        bucket = self._buckets.get(caller)
        if bucket is None:
            if len(self._buckets) >= _MOST_CALLERS:
                self._buckets.clear()
            bucket = self._buckets[caller] = _Bucket(self._burst, now)
        filled = bucket.left + (now - bucket.filled_at) * self._per_second
        bucket.left, bucket.filled_at = min(self._burst, filled), now
        if bucket.left < 1:
            seconds = math.ceil((1 - bucket.left) / self._per_second)
            raise TooManyRequests(
                f"操作过于频繁，请 {seconds} 秒后再试。", retry_after_seconds=seconds
            )
        bucket.left -= 1
