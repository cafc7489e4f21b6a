"""Long polling over the change feed: read, else wait to be woken and read again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sanic import Request
from sqlalchemy.orm import Session

from bot.conversations.changes import Page


async def wait_for_changes(
    request: Request,
    topics: tuple[str, ...],
    read: Callable[[Session], Page],
    seconds: float,
) -> Page:
    """The changes ``read`` finds now, or as soon as a topic is announced, or none in time.

    Listening begins before reading, so that a change between the two is not missed.
    """
    context = request.app.ctx
    deadline = asyncio.get_running_loop().time() + seconds
    async with context.bell.listening(*topics) as rung:
        while True:
            rung.clear()
            page: Page = await context.database.read(read)
            left = deadline - asyncio.get_running_loop().time()
            if page.changes or left <= 0:
                return page
            try:
                await asyncio.wait_for(rung.wait(), left)
            except TimeoutError:
                return page
