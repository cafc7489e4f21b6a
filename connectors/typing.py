"""Tells a client that somebody is typing, over its WebSocket or its long poll."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from sanic import Websocket
from websockets.exceptions import ConnectionClosed

from bot.conversations.bell import Bell
from bot.conversations.changes import Page
from bot.conversations.typing import SECONDS


def typing_view(conversation_id: str) -> dict[str, Any]:
    """Where somebody types, and for how long the client shows it."""
    return {"conversation_id": conversation_id, "seconds": SECONDS}


@asynccontextmanager
async def typing_told(
    bell: Bell, name: str, socket: Websocket, cursor: Callable[[], int]
) -> AsyncIterator[None]:
    """Pass on who types, as long as the block lasts.

    Args:
        bell: Where it is heard.
        name: Under which name.
        socket: To whom; every frame has a cursor, this one the last that was told.
        cursor: That cursor.
    """

    async def pass_on() -> None:
        async with bell.hearing(name) as heard:
            while True:
                word = await heard.get()
                with suppress(ConnectionClosed):
                    frame = {"cursor": cursor(), "typing": typing_view(word)}
                    await socket.send(json.dumps(frame))

    task = asyncio.create_task(pass_on())
    try:
        yield
    finally:
        task.cancel()


async def changes_or_typing(
    bell: Bell, name: str | None, waiting: Coroutine[Any, Any, Page]
) -> tuple[Page | None, dict[str, Any] | None]:
    """What a long poll ends with: its page, or before that word that somebody types.

    Args:
        bell: Where typing is heard.
        name: Under which name; None for who does not wait at all.
        waiting: The poll.
    """
    if name is None:
        return await waiting, None
    found = asyncio.ensure_future(waiting)
    async with bell.hearing(name) as heard:
        typed = asyncio.ensure_future(heard.get())
        try:
            await asyncio.wait({found, typed}, return_when=asyncio.FIRST_COMPLETED)
            if found.done():
                return found.result(), None
            return None, typing_view(typed.result())
        finally:
            # Also when the client has gone meanwhile.
            found.cancel()
            typed.cancel()
