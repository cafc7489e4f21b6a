"""Canned replies at the desk: what “/” offers, and keeping one's own and the team's phrases."""

from __future__ import annotations

import asyncio
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.conversations.ledger import cleaned
from bot.desk.canned import (
    Phrase,
    canned_of,
    canned_view,
    count_use,
    drop_canned,
    may_keep_teams,
    save_canned,
    uses_of,
)
from bot.desk.picking import Offer, entry_offer, offers_of, pick
from bot.desk.variables import VARIABLES, values_for
from bot.errors import BadInput
from bot.staff.hours import SHANGHAI
from connectors.body import Fields, fields
from connectors.desk.access import acting, reader, reading

blueprint = Blueprint("desk_canned", url_prefix="/api/desk/canned")

_LONGEST_ASKED = 60
_LONGEST_ID = 64
_READ_LIMIT = 20_000
# So few matches by spelling mean that the words are not the title's; then meaning is asked.
_FEW = 3
_SHORTEST_MEANING = 2


@blueprint.get("/offers")
async def offers(request: Request) -> HTTPResponse:
    """What fits what was typed after “/”, filled in for a conversation; nothing typed: the last."""
    context = request.app.ctx
    asked = cleaned(request.args.get("text", ""))
    conversation_id = request.args.get("conversation") or None
    if len(asked) > _LONGEST_ASKED or len(conversation_id or "") > _LONGEST_ID:
        raise BadInput(f"最多输入 {_LONGEST_ASKED} 字来查找。")
    today = context.clock().astimezone(SHANGHAI).date()

    def read(session: Session) -> tuple[list[Offer], dict[str, str]]:
        staff = reader(session, request)
        if conversation_id:
            reading(session, request, conversation_id)
        known = offers_of(canned_of(session, staff), context.faq.published(today))
        platform = context.settings.platform_name
        values = values_for(session, conversation_id, staff, platform)
        return pick(asked, known, uses_of(session, staff)), values

    found, values = await context.database.read(read)
    if len(found) < _FEW and len(asked) >= _SHORTEST_MEANING and not asked.isascii():
        meant = await asyncio.to_thread(context.faq.suggestions, asked, today, limit=_FEW)
        there = {each.key for each in found}
        found += [offer for each in meant if (offer := entry_offer(each)).key not in there]
    return json({"offers": [each.view(values) for each in found]})


@blueprint.get("/")
async def list_(request: Request) -> HTTPResponse:
    """One's own phrases and the team's, with the variables that may stand in them."""

    def read(session: Session) -> dict[str, Any]:
        staff = reader(session, request)
        return {
            "canned": [canned_view(each) for each in canned_of(session, staff)],
            "may_keep_teams": may_keep_teams(staff),
            "variables": list(VARIABLES),
        }

    return json(await request.app.ctx.database.read(read))


@blueprint.post("/")
async def add(request: Request) -> HTTPResponse:
    """Keep a new phrase."""
    return await _save(request, None, 201)


@blueprint.put("/<canned_id:int>")
async def change(request: Request, canned_id: int) -> HTTPResponse:
    """Change a phrase."""
    return await _save(request, canned_id, 200)


@blueprint.delete("/<canned_id:int>")
async def drop(request: Request, canned_id: int) -> HTTPResponse:
    """Throw a phrase away."""

    def work(session: Session) -> None:
        drop_canned(session, acting(session, request), canned_id)

    await request.app.ctx.database.write(work)
    return json({})


@blueprint.post("/used")
async def used(request: Request) -> HTTPResponse:
    """Count that a phrase or an entry went into a reply."""
    key, now = fields(request).text("key", limit=120), request.app.ctx.clock()

    def work(session: Session) -> None:
        count_use(session, acting(session, request), key, now=now)

    await request.app.ctx.database.write(work)
    return json({})


async def _save(request: Request, canned_id: int | None, status: int) -> HTTPResponse:
    phrase, now = _phrase_in(fields(request)), request.app.ctx.clock()

    def work(session: Session) -> dict[str, Any]:
        staff = acting(session, request)
        return canned_view(save_canned(session, staff, phrase, now=now, canned_id=canned_id))

    return json({"canned": await request.app.ctx.database.write(work)}, status=status)


def _phrase_in(body: Fields) -> Phrase:
    return Phrase(
        # What is missing is said by its name in the form, not by that of a field.
        shortcut=body.text("shortcut", limit=40, required=False),
        title=body.text("title", limit=200, required=False),
        text=body.text("text", limit=_READ_LIMIT, required=False),
        for_team=body.boolean("team", default=False),
    )
