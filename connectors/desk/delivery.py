"""What did not reach customers, at the desk: staff look it through and give it another way."""

from __future__ import annotations

from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.delivery.dead_letters import STUCK, Way, count_dead_letters, dead_letters, settle
from bot.delivery.models import DeliveryState
from bot.errors import BadInput
from connectors.body import fields
from connectors.desk.access import acting, reader

blueprint = Blueprint("desk_delivery", url_prefix="/api/desk/deliveries")

_LONGEST_ID = 32


@blueprint.get("/")
async def stuck(request: Request) -> HTTPResponse:
    """Failed and held messages one may read, newest first; how many failed ones are unsettled."""
    asked = request.args.get("state")
    if asked is not None and asked not in set(STUCK):
        raise BadInput("state 应为 failed 或 held。")

    def read(session: Session) -> dict[str, Any]:
        staff = reader(session, request)
        state = DeliveryState(asked) if asked else None
        return {
            "messages": dead_letters(session, staff, state),
            "failed": count_dead_letters(session, staff),
        }

    return json(await request.app.ctx.database.read(read))


@blueprint.post("/<message_id:str>")
async def give(request: Request, message_id: str) -> HTTPResponse:
    """Send again, as bare text, at the next contact, or note it in a case; twice does no harm."""
    context = request.app.ctx
    asked = fields(request).text("way", limit=16)
    if asked not in set(Way):
        raise BadInput("way 应为 again、text、next_contact 或 case。")

    def work(session: Session) -> dict[str, Any]:
        staff = acting(session, request)
        done = settle(
            session,
            message_id[:_LONGEST_ID],
            Way(asked),
            staff,
            context.hours,
            now=context.clock(),
        )
        return {"delivery": done.delivery, "case_number": done.case_number}

    return json(await context.database.write(work))
