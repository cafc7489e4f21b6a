"""Handing a conversation on: to a colleague or a group, who must accept, or to a group's queue.

POST /api/desk/conversations/{id}/transfer   {"to": "<username>"|"group:<category>", "queue": bool}
     200 {"conversation": {id, status, holder, reason}, "transfer": offer | null}
     They have 30 seconds; until then, and if nobody takes it, the sender keeps it. Where nobody of
     a group is there to be asked, or with ``queue``, its queue takes the conversation at once, with
     the age it has. 409 ``conflict`` while another offer stands.
POST /api/desk/conversations/{id}/transfer/accept    200 {"conversation"}; 409 ``offer_over``
POST /api/desk/conversations/{id}/transfer/refuse    200 {"transfer": offer}; 409 ``offer_over``
POST /api/desk/conversations/{id}/transfer/withdraw  200 {"transfer": offer}; the sender's
     (``…/accept`` of the conversation itself accepts an offer, too.)

``offer``: {conversation_id, state, from, to, group, offered_at, expires_at}; ``from`` and ``to``
are {username, name, number}, ``to`` is null until one of a ``group`` accepts; ``state``: open,
accepted, refused, expired, withdrawn. Each change is a line of the desk's feed: {"type":
"transfer", "conversation_id", "transfer": offer, "members": [<username> of who is asked…]}. Offers
that stand are in the answers of ``/api/desk/presence``, for a page that was opened just now.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.conversations.models import TransferOffer
from bot.conversations.offers import (
    offer_to_group,
    offer_transfer,
    offer_view,
    refuse_transfer,
    withdraw_transfer,
)
from bot.conversations.transitions import held_by
from bot.conversations.views import status_view
from bot.errors import BadInput
from bot.resources.tables import CATEGORIES
from bot.staff.assignment import members_there
from bot.staff.models import Staff
from bot.staff.service import by_username
from connectors.body import fields
from connectors.desk.access import acting

blueprint = Blueprint("desk_transfer", url_prefix="/api/desk/conversations")

_GROUP = "group:"


@blueprint.post("/<conversation_id:str>/transfer")
async def transfer(request: Request, conversation_id: str) -> HTTPResponse:
    """Offer a conversation to a colleague or a group, or put it into a group's queue."""
    context = request.app.ctx
    body = fields(request)
    to, to_queue = body.text("to", limit=80).strip(), body.boolean("queue", default=False)
    category = to.removeprefix(_GROUP) if to.startswith(_GROUP) else None
    if category is not None and category not in CATEGORIES:
        raise BadInput("没有这个业务组。")

    def work(session: Session) -> dict[str, Any]:
        staff, now = acting(session, request), context.clock()
        offer: TransferOffer | None = None
        changed = held_by(session, conversation_id, staff)
        if category is None:
            receiver = by_username(session, to)
            offer = offer_transfer(session, conversation_id, staff, receiver, now=now)
        elif to_queue or not (asked := _others(session, category, staff, now)):
            context.handoff.transfer_to_group(session, conversation_id, staff, category, now=now)
        else:
            offer = offer_to_group(session, conversation_id, staff, category, asked, now=now)
        return {
            "conversation": {"id": changed.id, **status_view(changed)},
            "transfer": offer_json(offer) if offer else None,
        }

    return json(await context.database.write(work))


def _others(session: Session, category: str, staff: Staff, now: datetime) -> list[Staff]:
    return [each for each in members_there(session, category, now=now) if each.id != staff.id]


@blueprint.post("/<conversation_id:str>/transfer/accept")
async def accept(request: Request, conversation_id: str) -> HTTPResponse:
    """Take over what a colleague has offered."""
    context = request.app.ctx

    def work(session: Session) -> dict[str, Any]:
        staff = acting(session, request)
        changed = context.handoff.accept_transfer(
            session, conversation_id, staff, now=context.clock()
        )
        return {"conversation": {"id": changed.id, **status_view(changed)}}

    return json(await context.database.write(work))


@blueprint.post("/<conversation_id:str>/transfer/refuse")
async def refuse(request: Request, conversation_id: str) -> HTTPResponse:
    """Leave it with the colleague."""
    return await _answer(request, conversation_id, refuse_transfer)


@blueprint.post("/<conversation_id:str>/transfer/withdraw")
async def withdraw(request: Request, conversation_id: str) -> HTTPResponse:
    """Take one's own offer back."""
    return await _answer(request, conversation_id, withdraw_transfer)


async def _answer(
    request: Request, conversation_id: str, answer: Callable[..., TransferOffer]
) -> HTTPResponse:
    context = request.app.ctx

    def work(session: Session) -> dict[str, Any]:
        staff = acting(session, request)
        offer = answer(session, conversation_id, staff, now=context.clock())
        return {"transfer": offer_json(offer)}

    return json(await context.database.write(work))


def offer_json(offer: TransferOffer) -> dict[str, Any]:
    """An offer with the conversation it is about."""
    return {"conversation_id": offer.conversation_id, **offer_view(offer)}
