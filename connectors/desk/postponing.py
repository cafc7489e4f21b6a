"""Putting a conversation off, and taking it up again before its time.

POST /api/desk/conversations/{id}/postpone   {"until": "<ISO 8601 with offset>"|"next_day", "note"}
     200 {"conversation": {id, status, …, "postponed": {until, note}}}; ``next_day`` is when the
     next working day begins
POST /api/desk/conversations/{id}/resume     200 the same, ``postponed`` null; also if it was not

Each change is a line of the desk's feed: {"type": "postponed", "conversation_id", "postponed",
"holder", "cause", "note"}; ``cause``, when it wakes: due, customer, holder, moved.
"""

from __future__ import annotations

from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.conversations.ledger import cleaned
from bot.conversations.models import Conversation, Waking
from bot.conversations.postponing import moment_of, postpone, postponed_view, wake
from bot.conversations.transitions import held_by
from bot.conversations.views import status_view
from bot.staff.groups import load_groups
from connectors.body import fields
from connectors.desk.access import acting

blueprint = Blueprint("desk_postponing", url_prefix="/api/desk/conversations")


@blueprint.post("/<conversation_id:str>/postpone")
async def put_off(request: Request, conversation_id: str) -> HTTPResponse:
    """Put a conversation off that one holds; again, with another moment."""
    context, body = request.app.ctx, fields(request)
    words = body.text("until", limit=40)
    note = cleaned(body.text("note", limit=200, required=False))

    def work(session: Session) -> dict[str, Any]:
        staff, now = acting(session, request), context.clock()
        conversation = held_by(session, conversation_id, staff)
        hours = load_groups(session, context.hours).of(conversation.category).hours
        until = moment_of(words, hours, now=now)
        made = postpone(session, conversation, staff, until, note, now=now)
        return _view(conversation, postponed_view(made))

    return json({"conversation": await context.database.write(work)})


@blueprint.post("/<conversation_id:str>/resume")
async def resume(request: Request, conversation_id: str) -> HTTPResponse:
    """Take a conversation up again; nothing if it was not put off."""
    context = request.app.ctx

    def work(session: Session) -> dict[str, Any]:
        staff = acting(session, request)
        conversation = held_by(session, conversation_id, staff)
        wake(session, conversation, Waking.HOLDER, now=context.clock())
        return _view(conversation, None)

    return json({"conversation": await context.database.write(work)})


def _view(conversation: Conversation, put_off: dict[str, Any] | None) -> dict[str, Any]:
    return {"id": conversation.id, **status_view(conversation), "postponed": put_off}
