"""The WebSocket of the desk: says that there is news (the feed tells what), and who types."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from urllib.parse import urlsplit

from sanic import Blueprint, Request, Websocket
from websockets.exceptions import ConnectionClosed

from bot.conversations.bell import Bell
from bot.conversations.changes import DESK, desk_topic, newest_cursor, watch_topic
from bot.conversations.typing import heard_by_staff
from bot.errors import Forbidden
from connectors.desk.access import reader
from connectors.typing import typing_told

_LONGEST_ID = 100

blueprint = Blueprint("desk_live", url_prefix="/api/desk")


@blueprint.on_request
async def authenticate(request: Request) -> None:
    """Refuse before the handshake, with an ordinary HTTP answer."""
    origin = request.headers.get("origin")
    # Browsers send cookies along with a foreign page's WebSocket and tell only the origin.
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden
    staff = await request.app.ctx.database.read(reader, request)
    request.ctx.staff_id = staff.id


@blueprint.websocket("/live")
async def live(request: Request, socket: Websocket) -> None:
    """Send the newest cursor now and after each change, until the client goes.

    A client that has somebody else's conversation open says so, ``{"watch": "<id>"}``, and hears
    of that one too; ``{"watch": null}`` ends it.
    """
    context = request.app.ctx
    cursor, staff_id = 0, request.ctx.staff_id
    typing = typing_told(context.bell, heard_by_staff(staff_id), socket, lambda: cursor)
    news = context.bell.listening(DESK, desk_topic(staff_id))
    async with typing, news as rung:
        gone = asyncio.create_task(_follow(socket, context.bell, rung))
        gone.add_done_callback(lambda _gone: rung.set())
        try:
            while not gone.done():
                rung.clear()
                cursor = await context.database.read(newest_cursor)
                with suppress(ConnectionClosed):
                    await socket.send(json.dumps({"cursor": cursor}))
                await rung.wait()
        finally:
            gone.cancel()


async def _follow(socket: Websocket, bell: Bell, rung: asyncio.Event) -> None:
    """Listen for what the client watches, until it leaves."""
    watched = None
    try:
        with suppress(ConnectionClosed):
            while (frame := await socket.recv()) is not None:
                if watched:
                    bell.leave(watch_topic(watched), rung)
                # A frame only says "ask now": whether they may read it, the answer decides.
                watched = _watched_in(frame)
                if watched:
                    bell.listen(watch_topic(watched), rung)
    finally:
        if watched:
            bell.leave(watch_topic(watched), rung)


def _watched_in(frame: str | bytes) -> str | None:
    try:
        said = json.loads(frame)
    except ValueError:
        return None
    watched = said.get("watch") if isinstance(said, dict) else None
    return watched if isinstance(watched, str) and len(watched) <= _LONGEST_ID else None
