"""The widget API: thin routes over the conversation services."""

from __future__ import annotations

import asyncio
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.conversations.changes import (
    changes_for_customer,
    newest_cursor_of,
    topic,
)
from bot.conversations.ledger import (
    MAX_TEXT,
    Incoming,
    cleaned,
    conversation_for,
    current_conversation,
    customer_of,
    message_for,
    open_conversation,
)
from bot.conversations.models import Author, Conversation, Customer
from bot.conversations.reception import Admitted, admit
from bot.conversations.typing import customer_typing, heard_by_customer, pass_on
from bot.conversations.views import message_view, status_view
from bot.errors import BadInput
from bot.feedback.follow_ups import judge_answer, take_score
from bot.staff.hours import spoken
from connectors.body import Fields, cursor_in, fields, wait_in
from connectors.feed import wait_for_changes
from connectors.typing import changes_or_typing
from connectors.widget.access import Limiter, bearer_token

blueprint = Blueprint("widget_api", url_prefix="/api/widget/conversations")

# Far above what a person types, and above a program that waits for each answer; below a flood.
_messages = Limiter(burst=240, per_second=40)
_messages_from = Limiter(burst=3000, per_second=300)
# A client tells of it every few seconds.
_typing = Limiter(burst=30, per_second=2)
# Many companies sit behind one address, so this only stops a machine gone wild.
_openings = Limiter(burst=1000, per_second=50)

# Above the largest text a browser may send by mistake: the ledger says by how much it is too long.
_READ_LIMIT = 200_000


@blueprint.post("/")
async def open_(request: Request) -> HTTPResponse:
    """Begin a conversation; the token in the answer is the customer's only proof of identity."""
    context = request.app.ctx
    _openings.take(request.client_ip)
    fields(request).text("locale", limit=35, required=False)

    def work(session: Session) -> dict[str, Any]:
        opened = open_conversation(session, "widget", now=context.clock())
        return {
            "conversation_id": opened.conversation.id,
            "token": opened.token,
            "cursor": newest_cursor_of(session, opened.conversation.customer_id),
        }

    return json(await context.database.write(work), status=201)


@blueprint.post("/<conversation_id:str>/messages")
async def send(request: Request, conversation_id: str) -> HTTPResponse:
    """Take a message; the same ``client_id`` again returns the message of the first time."""
    context, token = request.app.ctx, bearer_token(request)
    _messages_from.take(request.client_ip)
    _messages.take(token)
    incoming = _incoming(request)
    if incoming.payload is None and len(incoming.text) <= MAX_TEXT:
        context.turns.foresee(cleaned(incoming.text))

    def work(session: Session) -> tuple[dict[str, Any], Admitted]:
        admitted = admit(
            session,
            conversation_id,
            customer_of(session, token),
            incoming,
            context.handoff,
            now=context.clock(),
            binder=context.binder,
        )
        return message_view(admitted.received.message), admitted

    async def store_and_wake() -> dict[str, Any]:
        view: dict[str, Any]
        view, admitted = await context.database.write(work)
        if admitted.bot_answers:
            context.turns.wake(view["conversation_id"], admitted.begun)
        return view

    # A browser that goes away meanwhile must not leave a stored message without its turn.
    view = await asyncio.shield(asyncio.ensure_future(store_and_wake()))
    return json({"message": view}, status=202)


@blueprint.get("/<conversation_id:str>/changes")
async def changes(request: Request, conversation_id: str) -> HTTPResponse:
    """What happened after a cursor, in all conversations of the customer."""
    token, after, seconds = bearer_token(request), cursor_in(request), wait_in(request)
    context = request.app.ctx
    customer_id = await context.owners.customer_id(context.database, token, conversation_id)
    context.fetched.note(customer_id, after)
    waiting = wait_for_changes(
        request,
        (topic(customer_id),),
        lambda session: changes_for_customer(session, customer_id, after),
        seconds,
    )
    name = heard_by_customer(customer_id) if seconds else None
    page, typing = await changes_or_typing(context.bell, name, waiting)
    if page is None:
        return json({"changes": [], "cursor": after, "typing": typing})
    return json({"changes": page.changes, "cursor": page.cursor})


@blueprint.post("/<conversation_id:str>/typing")
async def note_typing(request: Request, conversation_id: str) -> HTTPResponse:
    """Pass on that the customer types; ``told`` is false while no person serves."""
    context, token = request.app.ctx, bearer_token(request)
    _typing.take(token)
    await context.owners.customer_id(context.database, token, conversation_id)
    topic = await context.database.read(customer_typing, conversation_id)
    if topic is not None:
        await pass_on(context.database, context.bell, topic)
    return json({"told": topic is not None}, status=202)


@blueprint.post("/<conversation_id:str>/feedback")
async def feedback(request: Request, conversation_id: str) -> HTTPResponse:
    """A score for a service that has ended, or whether one answer helped."""
    context, token = request.app.ctx, bearer_token(request)

    def work(session: Session) -> dict[str, Any]:
        # Two scores at once wait for each other, so that a low one is followed up once.
        customer, conversation = _own(session, token, conversation_id, lock=True)
        body = fields(request)
        if body.has("message_id"):
            message = message_for(session, body.text("message_id", limit=64), customer)
            if message.author != Author.BOT:
                raise BadInput("只能评价智能助手的答复。")
            helpful = body.boolean("helpful")
            comment = cleaned(body.text("comment", limit=500, required=False))
            judge_answer(
                session, message, helpful, context.handoff, now=context.clock(), comment=comment
            )
            return {"stored": True}
        return {"stored": True, **_store_score(session, context, conversation, body)}

    return json(await context.database.write(work), status=201)


@blueprint.post("/<conversation_id:str>/handoff")
async def handoff(request: Request, conversation_id: str) -> HTTPResponse:
    """Ask for a person; asking again while waiting changes nothing."""
    context, token = request.app.ctx, bearer_token(request)

    def work(session: Session) -> dict[str, Any]:
        _, conversation = _own(session, token, conversation_id)
        reason = cleaned(fields(request).text("reason", limit=200, required=False))
        conversation = current_conversation(session, conversation)
        context.handoff.request_handoff(
            session, conversation, reason or "customer_asked", now=context.clock()
        )
        return {"conversation_id": conversation.id, **status_view(conversation)}

    return json(await context.database.write(work))


def _store_score(
    session: Session, context: Any, conversation: Conversation, body: Fields
) -> dict[str, Any]:
    """What the customer is told besides: who looks after a low score."""
    score = body.integer("score", least=1, most=5)
    case = take_score(
        session,
        conversation,
        score,
        now=context.clock(),
        responses=context.responses,
        hours=context.hours,
        tags=[cleaned(tag) for tag in body.texts("tags", most=10, limit=20)],
        comment=cleaned(body.text("comment", limit=500, required=False)),
    )
    if case is None:
        return {}
    return {"follow_up": {"number": case.number, "due": spoken(case.due_at)}}


def _incoming(request: Request) -> Incoming:
    body = fields(request)
    return Incoming(
        body.text("client_id", limit=100),
        body.text("text", limit=_READ_LIMIT, required=False),
        body.text("payload", limit=2000) if body.has("payload") else None,
    )


def _own(
    session: Session, token: str, conversation_id: str, *, lock: bool = False
) -> tuple[Customer, Conversation]:
    customer = customer_of(session, token)
    return customer, conversation_for(session, conversation_id, customer, lock=lock)
