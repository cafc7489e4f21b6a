"""The WebSocket of the desk: says that there is news (the feed tells what), and who types."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from urllib.parse import urlsplit

from sanic import Blueprint, Request, Websocket
from websockets.exceptions import ConnectionClosed

from bot.conversations.changes import DESK, DESK_LATER, desk_topic, newest_cursor
from bot.conversations.typing import heard_by_staff
from bot.errors import Forbidden
from connectors.desk.access import reader
from connectors.typing import typing_told

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
    """Send the newest cursor now and after each change, until the client goes."""
    context = request.app.ctx
    gone = asyncio.create_task(_until_closed(socket))
    cursor, staff_id = 0, request.ctx.staff_id
    typing = typing_told(context.bell, heard_by_staff(staff_id), socket, lambda: cursor)
    news = context.bell.listening(DESK, desk_topic(staff_id), lazily=(DESK_LATER,))
    try:
        async with typing, news as rung:
            gone.add_done_callback(lambda _gone: rung.set())
            while not gone.done():
                rung.clear()
                cursor = await context.database.read(newest_cursor)
                with suppress(ConnectionClosed):
                    await socket.send(json.dumps({"cursor": cursor}))
                await rung.wait()
    finally:
        gone.cancel()


async def _until_closed(socket: Websocket) -> None:
    # The client has nothing to say here; reading is how one notices that it left.
    with suppress(ConnectionClosed):
        while await socket.recv() is not None:
            pass
