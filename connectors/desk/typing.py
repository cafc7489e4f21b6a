"""That a member of staff is typing a reply."""

from __future__ import annotations

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.conversations.typing import pass_on, staff_typing
from connectors.desk.access import acting

blueprint = Blueprint("desk_typing", url_prefix="/api/desk")


@blueprint.post("/conversations/<conversation_id:str>/typing")
async def typing(request: Request, conversation_id: str) -> HTTPResponse:
    """Pass on that a reply is being typed; ``told`` is false for who does not hold it."""
    context = request.app.ctx

    def read(session: Session) -> str | None:
        return staff_typing(session, conversation_id, acting(session, request))

    topic = await context.database.read(read)
    if topic is not None:
        await pass_on(context.database, context.bell, topic)
    return json({"told": topic is not None}, status=202)
