"""The WebSocket of the widget: says that there is news (the feed tells what), and who types."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar

from sanic import Blueprint, Request, Websocket
from websockets.exceptions import ConnectionClosed

from bot.conversations.changes import newest_cursor_of, topic
from bot.conversations.typing import heard_by_customer
from connectors.typing import typing_told
from connectors.widget.access import offered_protocols, socket_token

blueprint = Blueprint("widget_live", url_prefix="/api/widget/conversations")

_offered: ContextVar[list[str]] = ContextVar("offered", default=[])  # noqa: B039


class _Protocols:
    """``bearer`` for who offers it, none for who sends a header.

    A browser breaks the connection off when none of its protocols is taken, and a server that
    insists on one refuses clients without; Sanic only asks for an iterable, at each handshake.
    """

    def __iter__(self) -> Iterator[str]:
        return iter([each for each in _offered.get() if each == "bearer"])


@blueprint.on_request
async def authenticate(request: Request) -> None:
    """Refuse before the handshake, with an ordinary HTTP answer."""
    context, conversation_id = request.app.ctx, request.match_info["conversation_id"]
    request.ctx.customer_id = await context.owners.customer_id(
        context.database, socket_token(request), conversation_id
    )
    _offered.set(offered_protocols(request))


@blueprint.websocket("/<conversation_id:str>/live", subprotocols=_Protocols())  # type: ignore[arg-type]
async def live(request: Request, socket: Websocket, conversation_id: str) -> None:
    """Send the newest cursor now and after each change, until the client goes."""
    context, customer_id = request.app.ctx, request.ctx.customer_id
    gone = asyncio.create_task(_until_closed(socket))
    told, is_first = 0, True
    typing = typing_told(context.bell, heard_by_customer(customer_id), socket, lambda: told)
    try:
        async with typing, context.bell.listening(topic(customer_id)) as rung:
            gone.add_done_callback(lambda _gone: rung.set())
            while not gone.done():
                rung.clear()
                cursor = await context.database.read(newest_cursor_of, customer_id)
                if cursor != told or is_first:
                    told, is_first = cursor, False
                    await socket.send(json.dumps({"cursor": cursor}))
                await rung.wait()
    finally:
        gone.cancel()


async def _until_closed(socket: Websocket) -> None:
    # The client has nothing to say here; reading is how one notices that it left.
    with suppress(ConnectionClosed):
        while await socket.recv() is not None:
            pass
