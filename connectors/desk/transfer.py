"""Handing a conversation on: to a colleague, who must accept, or to a group's queue.

POST /api/desk/conversations/{id}/transfer           {"to": "<username>"|"group:<category>"}
     200 {"conversation": {id, status, holder, reason}, "transfer": offer | null}
     A colleague has 30 seconds; until then, and if they refuse, the sender keeps it. A group's
     queue takes it at once, with the age it has. 409 ``conflict`` while another offer stands.
POST /api/desk/conversations/{id}/transfer/accept    200 {"conversation"}; 409 ``offer_over``
POST /api/desk/conversations/{id}/transfer/refuse    200 {"transfer": offer}; 409 ``offer_over``
POST /api/desk/conversations/{id}/transfer/withdraw  200 {"transfer": offer}; the sender's
     (``…/accept`` of the conversation itself accepts an offer, too.)

``offer``: {conversation_id, state, from, to, offered_at, expires_at}; ``from`` and ``to`` are
{username, name, number}; ``state``: open, accepted, refused, expired, withdrawn. Each change is
a line of the desk's feed: {"type": "transfer", "conversation_id", "transfer": offer}. Offers
that stand are in the answers of ``/api/desk/presence``, for a page that was opened just now.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.conversations.models import TransferOffer
from bot.conversations.offers import (
    offer_transfer,
    offer_view,
    refuse_transfer,
    withdraw_transfer,
)
from bot.conversations.transitions import held_by
from bot.conversations.views import status_view
from bot.errors import BadInput
from bot.resources.tables import CATEGORIES
from bot.staff.service import by_username
from connectors.body import fields
from connectors.desk.access import acting

blueprint = Blueprint("desk_transfer", url_prefix="/api/desk/conversations")

_GROUP = "group:"


@blueprint.post("/<conversation_id:str>/transfer")
async def transfer(request: Request, conversation_id: str) -> HTTPResponse:
    """Offer a conversation to a colleague, or put it into a group's queue."""
    context = request.app.ctx
    to = fields(request).text("to", limit=80).strip()
    category = to.removeprefix(_GROUP) if to.startswith(_GROUP) else None
    if category is not None and category not in CATEGORIES:
        raise BadInput("没有这个业务组。")

    def work(session: Session) -> dict[str, Any]:
        staff, now = acting(session, request), context.clock()
        offer: TransferOffer | None = None
        if category is not None:
            changed = context.handoff.transfer_to_group(
                session, conversation_id, staff, category, now=now
            )
        else:
            changed = held_by(session, conversation_id, staff)
            receiver = by_username(session, to)
            offer = offer_transfer(session, conversation_id, staff, receiver, now=now)
        return {
            "conversation": {"id": changed.id, **status_view(changed)},
            "transfer": offer_json(offer) if offer else None,
        }

    return json(await context.database.write(work))


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
