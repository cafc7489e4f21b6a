"""Presence at the desk: whether one takes conversations, and the page's signs of life.

GET  /api/desk/presence             {"presence": view, "offers": [offer…]}
POST /api/desk/presence             {"presence": "available"|"away"|"away_and_requeue"|"offline"}
                                    200 {"presence": view, "requeued": [conversation id…]}
POST /api/desk/presence/heartbeat   every ``view.heartbeat_seconds``; the same answer as the GET
GET  /api/desk/presence/log         ?username=…: one's own; a supervisor sees anybody's
                                    {"log": [{before, after, cause, changed_at}…]}
GET  /api/desk/colleagues           {"colleagues": [view + {"role", "skills"}…]}

``view``: {username, name, number, presence, since, assigned, open, capacity, heartbeat_seconds}.
``assigned`` says whether conversations come by themselves: available, and heard of lately. Polls
of ``/api/desk/changes`` are signs of life, too. The server sets ``offline`` for somebody it has
not heard of for some minutes, and ``away`` for somebody who leaves a customer without an answer;
the page learns it with its next heartbeat and says so.
``offer``: see ``transfer``.
"""

from __future__ import annotations

from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.offers import SERVING, offers_to
from bot.conversations.sight import READS_ALL
from bot.errors import BadInput, Forbidden
from bot.staff.models import Presence, Staff
from bot.staff.presence import (
    HEARTBEAT_SECONDS,
    presence_log,
    presence_view,
    renew,
    set_presence,
)
from bot.staff.service import by_username
from connectors.body import fields
from connectors.desk.access import COOKIE, acting, reader
from connectors.desk.transfer import offer_json

blueprint = Blueprint("desk_presence", url_prefix="/api/desk")

_MOST_REMEMBERED = 2000


@blueprint.get("/presence")
async def show(request: Request) -> HTTPResponse:
    """How one stands, and what is offered to one."""

    def read(session: Session) -> dict[str, Any]:
        return _standing(session, request, reader(session, request))

    return json(await request.app.ctx.database.read(read))


@blueprint.post("/presence")
async def choose(request: Request) -> HTTPResponse:
    """Say whether one takes conversations."""
    context = request.app.ctx
    asked = fields(request).text("presence", limit=20)
    if asked not in set(Presence):
        raise BadInput("presence 应为 " + "、".join(Presence) + " 之一。")

    def work(session: Session) -> dict[str, Any]:
        staff, now = acting(session, request), context.clock()
        requeued = set_presence(session, staff, Presence(asked), context.handoff, now=now)
        return {"requeued": requeued, **_standing(session, request, staff)}

    return json(await context.database.write(work))


@blueprint.post("/presence/heartbeat")
async def heartbeat(request: Request) -> HTTPResponse:
    """A sign of life from an open desk."""
    context = request.app.ctx

    def work(session: Session) -> dict[str, Any]:
        staff = acting(session, request)
        renew(session, staff, now=context.clock())
        session.refresh(staff)
        return _standing(session, request, staff)

    return json(await context.database.write(work))


@blueprint.get("/presence/log")
async def log(request: Request) -> HTTPResponse:
    """When somebody was present, the newest first."""
    username = request.args.get("username")

    def read(session: Session) -> list[dict[str, Any]]:
        staff = reader(session, request)
        if username and username != staff.username:
            if staff.role not in READS_ALL:
                raise Forbidden
            staff = by_username(session, username[:64])
        return presence_log(session, staff)

    return json({"log": await request.app.ctx.database.read(read)})


@blueprint.get("/colleagues")
async def colleagues(request: Request) -> HTTPResponse:
    """Everybody who serves, as one must know them to hand a conversation on."""
    context = request.app.ctx

    def read(session: Session) -> list[dict[str, Any]]:
        reader(session, request)
        serving = session.scalars(
            select(Staff).where(Staff.role.in_(SERVING)).order_by(Staff.number)
        )
        capacity, now = context.settings.staff_capacity, context.clock()
        return [
            {
                **presence_view(session, each, capacity, now=now),
                "role": each.role,
                "skills": each.skills,
            }
            for each in serving.all()
        ]

    return json({"colleagues": await context.database.read(read)})


async def sign_of_life(request: Request) -> None:
    """Renew the caller's lease, a few times a minute at most; of strangers nothing is noted."""
    context, now = request.app.ctx, request.app.ctx.clock()
    seen: dict[str, Any] = context.signs_of_life
    token = str(request.cookies.get(COOKIE) or "")
    if token in seen and (now - seen[token]).total_seconds() < HEARTBEAT_SECONDS:
        return

    def work(session: Session) -> None:
        renew(session, reader(session, request), now=now)

    await context.database.write(work)
    if len(seen) >= _MOST_REMEMBERED:
        seen.clear()
    seen[token] = now


def _standing(session: Session, request: Request, staff: Staff) -> dict[str, Any]:
    context, now = request.app.ctx, request.app.ctx.clock()
    capacity = context.settings.staff_capacity
    return {
        "presence": presence_view(session, staff, capacity, now=now),
        "offers": [offer_json(each) for each in offers_to(session, staff, now=now)],
    }
