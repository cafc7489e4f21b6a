"""Notes that name the caller, and whom one's own notes may name."""

from __future__ import annotations

from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.desk.mentions import colleagues, mentions_of
from connectors.desk.access import reader

blueprint = Blueprint("desk_mentions", url_prefix="/api/desk")


@blueprint.get("/mentions")
async def mentions(request: Request) -> HTTPResponse:
    """Notes that name the caller, unread ones first; opening the conversation marks them read."""

    def read(session: Session) -> dict[str, Any]:
        return mentions_of(session, reader(session, request))

    return json(await request.app.ctx.database.read(read))


@blueprint.get("/mentions/colleagues")
async def colleagues_(request: Request) -> HTTPResponse:
    """Everybody who serves, the caller too: to be named in notes and searched for."""

    def read(session: Session) -> list[dict[str, str]]:
        reader(session, request)
        return [each.card for each in colleagues(session)]

    return json({"colleagues": await request.app.ctx.database.read(read)})
