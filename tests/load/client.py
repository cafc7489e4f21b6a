"""A caller of the platform's API that never gives up, whatever dies meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from http import HTTPStatus
from random import Random
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

# Longer than any start of a killed process takes on a busy machine.
PATIENCE_SECONDS = 180.0
_AGAIN = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


class Refused(Exception):
    """An answer that trying again would not change; its arguments are status and body."""


class Caller:
    """JSON calls over connections of one's own; counts what went wrong on the way."""

    def __init__(self, url: str, chance: Random, troubles: Counter[str]) -> None:
        self._url = url
        self._chance = chance
        self._troubles = troubles
        self.headers: dict[str, str] = {}
        self._session = ClientSession(
            connector=TCPConnector(limit=8), timeout=ClientTimeout(total=40)
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Call until there is an answer that means something.

        Raises:
            Refused: The platform said no.
            TimeoutError: It said nothing for minutes.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_SECONDS
        while True:
            try:
                return await self.once(method, path, body)
            except Refused as error:
                if error.args[0] not in _AGAIN:
                    raise
                self._troubles[f"HTTP {error.args[0]}"] += 1
            except (ClientError, TimeoutError, ConnectionError) as error:
                self._troubles[type(error).__name__] += 1
            if loop.time() > deadline:
                raise TimeoutError(f"{method} {path}")
            await asyncio.sleep(0.1 + self._chance.random() * 0.4)

    async def once(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Call once."""
        async with self._session.request(
            method, f"{self._url}{path}", json=body, headers=self.headers
        ) as answer:
            if answer.status >= HTTPStatus.BAD_REQUEST:
                raise Refused(answer.status, await answer.text())
            found: dict[str, Any] = await answer.json()
            if answer.cookies:
                cookies = [f"{name}={each.value}" for name, each in answer.cookies.items()]
                self.headers["Cookie"] = "; ".join(cookies)
            return found
