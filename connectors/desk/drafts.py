"""What staff have read and begun to write: marks and drafts that follow them to any device."""

from __future__ import annotations

from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.desk.drafts import save_draft
from bot.desk.reading import mark_read
from connectors.body import fields
from connectors.desk.access import acting, reading

blueprint = Blueprint("desk_drafts", url_prefix="/api/desk/conversations")

_MOST_SEQ = 2**31 - 1
# Milliseconds of this century and the next.
_MOST_VERSION = 2**43
_READ_LIMIT = 200_000


@blueprint.put("/<conversation_id:str>/draft")
async def save(request: Request, conversation_id: str) -> HTTPResponse:
    """Keep what is being written; an older version changes nothing."""
    body, now = fields(request), request.app.ctx.clock()
    mode = body.text("mode", limit=8)
    words = body.text("text", limit=_READ_LIMIT, required=False)
    version = body.integer("version", least=1, most=_MOST_VERSION)

    def work(session: Session) -> dict[str, Any]:
        acting(session, request)
        staff = reading(session, request, conversation_id)
        return save_draft(session, conversation_id, staff, mode, words, version, now=now)

    return json({"draft": await request.app.ctx.database.write(work)})


@blueprint.put("/<conversation_id:str>/read")
async def read(request: Request, conversation_id: str) -> HTTPResponse:
    """Note up to which message a conversation was seen."""
    now = request.app.ctx.clock()
    seq = fields(request).integer("seq", least=0, most=_MOST_SEQ)

    def work(session: Session) -> int:
        acting(session, request)
        staff = reading(session, request, conversation_id)
        return mark_read(session, conversation_id, staff, seq, now=now)

    return json({"read_seq": await request.app.ctx.database.write(work)})
