"""What supervisors do: watch, step in, see who was refused, and say how much each may have.

Watching is reading: a supervisor opens any conversation, and follows it with
``/api/desk/changes?watch={id}``. A whisper is a private note
(``POST …/messages {"private": true}``). Taking over is explicit:

POST /api/desk/conversations/{id}/take_over      200 {"conversation": {id, status, holder, reason}}
     Feed: the ``status`` with the new holder, and
     {"type": "taken_over", "conversation_id", "by": card, "from": card | null}
     so that the former holder's page can say what happened. 403 for anybody else, recorded.
GET  /api/desk/refusals
     200 {"refusals": [{staff, role, method, path, refused_at}…]}
POST /api/desk/colleagues/{username}/capacity    {"capacity": 0…100 | null}   null: the setting
     200 {"presence": view}   (see ``presence``)

Promises: {"type": "sla", "conversation_id", "sla": {which, state: "warning"|"breached", due_at, …},
"holder": card | null} comes once for each warning and each breach, to the holder and supervisors,
and for what still waits to everybody who serves.
"""

from __future__ import annotations

from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.changes import note_desk
from bot.conversations.models import ConversationStatus
from bot.conversations.transitions import announce_assignment, locked
from bot.conversations.views import status_view
from bot.staff.models import AccessRefusal, Staff
from bot.staff.presence import presence_view
from bot.staff.service import by_username
from connectors.body import fields
from connectors.desk.access import deliberate, supervisor

blueprint = Blueprint("desk_supervision", url_prefix="/api/desk")

_MOST_REFUSALS = 200


@blueprint.post("/conversations/<conversation_id:str>/take_over")
async def take_over(request: Request, conversation_id: str) -> HTTPResponse:
    """Take a conversation from whoever holds it."""
    context = request.app.ctx

    def work(session: Session) -> dict[str, Any]:
        deliberate(session, request)
        staff = supervisor(session, request)
        found = locked(session, conversation_id)
        held = found.status == ConversationStatus.STAFF
        former = found.staff if held else None
        changed = context.handoff.take_over(session, conversation_id, staff, now=context.clock())
        if former is None or former.id != staff.id:
            cards = {"by": staff.card, "from": former.card if former else None}
            note_desk(session, changed, "taken_over", cards)
        return {"conversation": {"id": changed.id, **status_view(changed)}}

    return json(await context.database.write(work))


@blueprint.get("/refusals")
async def refusals(request: Request) -> HTTPResponse:
    """Who was refused what, the newest first."""

    def read(session: Session) -> list[dict[str, Any]]:
        supervisor(session, request)
        query = (
            select(AccessRefusal, Staff)
            .join(Staff, Staff.id == AccessRefusal.staff_id)
            .order_by(AccessRefusal.id.desc())
            .limit(_MOST_REFUSALS)
        )
        return [
            {
                "staff": staff.card,
                "role": each.role,
                "method": each.method,
                "path": each.path,
                "refused_at": each.refused_at.isoformat(),
            }
            for each, staff in session.execute(query)
        ]

    return json({"refusals": await request.app.ctx.database.read(read)})


@blueprint.post("/colleagues/<username:str>/capacity")
async def capacity(request: Request, username: str) -> HTTPResponse:
    """Say how many conversations somebody is assigned at once."""
    context, body = request.app.ctx, fields(request)
    wanted = body.integer("capacity", least=0, most=100) if body.has("capacity") else None

    def work(session: Session) -> dict[str, Any]:
        deliberate(session, request)
        supervisor(session, request)
        staff = by_username(session, username[:64])
        staff.capacity = wanted
        announce_assignment(session)
        session.flush()
        default = context.settings.staff_capacity
        return {"presence": presence_view(session, staff, default, now=context.clock())}

    return json(await context.database.write(work))
