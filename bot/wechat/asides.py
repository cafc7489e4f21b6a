"""Work that goes on beside the sending and reading; nobody waits for what comes of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

logger = logging.getLogger(__name__)


class Asides:
    """Tasks that are kept from being forgotten, and end with their owner."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def do(self, work: Coroutine[Any, Any, object]) -> None:
        """Begin something; call it on the event loop."""

        async def logged() -> None:
            try:
                await work
            except Exception:
                # The outermost edge: nobody waits for it.
                logger.exception("wechat_aside_failed")

        task = asyncio.get_running_loop().create_task(logged())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait for what goes on."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def end(self) -> None:
        """Break off what goes on."""
        for task in self._tasks:
            task.cancel()
        await self.settle()
