"""Conversations at the desk: the feed, the lists, one in whole, and what staff do with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.conversations import desk
from bot.conversations.changes import (
    DESK,
    Page,
    changes_for_desk,
    desk_topic,
    newest_cursor,
    watch_topic,
)
from bot.conversations.ledger import cleaned
from bot.conversations.models import Conversation, ConversationStatus
from bot.conversations.sight import may_read
from bot.conversations.views import message_view, status_view
from bot.desk.detail import conversation_detail
from bot.desk.drafts import drafts_of
from bot.desk.lists import Wanted, conversations_in
from bot.errors import BadInput
from bot.staff.hours import SHANGHAI
from connectors.body import cursor_in, fields, wait_in
from connectors.desk.access import acting, reader, reading
from connectors.desk.presence import sign_of_life
from connectors.feed import wait_for_changes
from knowledge.entries import Entry

blueprint = Blueprint("desk_conversations", url_prefix="/api/desk")

_SUGGESTIONS = 3
_LONGEST_SEARCH = 200
_LONGEST_WORD = 100
# Above the largest text a browser may send by mistake: the ledger says by how much it is too long.
_READ_LIMIT = 200_000


@blueprint.get("/changes")
async def changes(request: Request) -> HTTPResponse:
    """What happened after a cursor in the queue, one's own conversations and a watched one."""
    after, seconds = cursor_in(request), wait_in(request)
    watched = request.args.get("watch")
    await sign_of_life(request)

    def read(session: Session) -> Page:
        staff = reader(session, request)
        # What left one's sight while it lay open is simply no longer followed.
        open_here = watched if watched and may_read(session, staff, watched) else None
        return changes_for_desk(session, staff, after, watched=open_here)

    topics: tuple[str, ...] = (DESK,)
    if seconds:
        staff = await request.app.ctx.database.read(reader, request)
        topics = (DESK, desk_topic(staff.id), *([watch_topic(watched)] if watched else []))
    found = await wait_for_changes(request, topics, read, seconds)
    return json({"changes": found.changes, "cursor": found.cursor})


@blueprint.get("/conversations")
async def list_(request: Request) -> HTTPResponse:
    """Conversations of one status, or all open ones, of one category or channel if asked for."""
    now, hours = request.app.ctx.clock(), request.app.ctx.hours
    wanted = Wanted(
        status=_status_in(request),
        category=_word_in(request, "category"),
        channel=_word_in(request, "channel"),
        after=_word_in(request, "after"),
    )

    def read(session: Session) -> dict[str, Any]:
        staff = reader(session, request)
        # Read first: the rows are as new as this cursor, or newer.
        cursor = newest_cursor(session)
        found = conversations_in(session, wanted, hours, now=now, staff=staff)
        return {"conversations": found.rows, "more": found.more, "cursor": cursor}

    # Clocks at desks are wrong now and then; waiting is counted by ours.
    return json({**await request.app.ctx.database.read(read), "now": now.isoformat()})


@blueprint.get("/conversations/<conversation_id:str>")
async def show(request: Request, conversation_id: str) -> HTTPResponse:
    """One conversation in whole, with one's drafts and suggestions for the last words."""
    context = request.app.ctx

    def read(session: Session) -> tuple[dict[str, Any], list[str]]:
        staff = reading(session, request, conversation_id)
        cursor = newest_cursor(session)
        detail = conversation_detail(
            session, conversation_id, context.hours, now=context.clock(), staff=staff
        )
        detail["cursor"] = cursor
        detail["drafts"] = drafts_of(session, conversation_id, staff)
        return detail, desk.last_questions(session, conversation_id)

    detail, questions = await context.database.read(read)
    today = context.clock().astimezone(SHANGHAI).date()
    question, entries = await asyncio.to_thread(
        context.faq.suggestions_for, questions, today, limit=_SUGGESTIONS
    )
    detail["question"], detail["suggestions"] = question, [_entry_view(each) for each in entries]
    return json(detail)


@blueprint.post("/conversations/<conversation_id:str>/accept")
async def accept(request: Request, conversation_id: str) -> HTTPResponse:
    """Take a conversation; 409 names the holder when somebody was faster."""
    return await _transition(request, conversation_id, request.app.ctx.handoff.accept)


@blueprint.post("/conversations/<conversation_id:str>/return_to_bot")
async def return_to_bot(request: Request, conversation_id: str) -> HTTPResponse:
    """Hand back to the bot."""
    return await _transition(request, conversation_id, request.app.ctx.handoff.return_to_bot)


@blueprint.post("/conversations/<conversation_id:str>/requeue")
async def requeue(request: Request, conversation_id: str) -> HTTPResponse:
    """Put back into the queue, age kept."""
    return await _transition(request, conversation_id, request.app.ctx.handoff.requeue)


@blueprint.post("/conversations/<conversation_id:str>/resolve")
async def resolve(request: Request, conversation_id: str) -> HTTPResponse:
    """End the episode; the customer is asked for a score."""
    outcome = cleaned(fields(request).text("outcome", limit=200, required=False))
    return await _transition(request, conversation_id, request.app.ctx.handoff.resolve, outcome)


@blueprint.post("/conversations/<conversation_id:str>/messages")
async def say(request: Request, conversation_id: str) -> HTTPResponse:
    """Reply to the customer, or write a private note."""
    context, body = request.app.ctx, fields(request)
    client_id = body.text("client_id", limit=100)
    text = body.text("text", limit=_READ_LIMIT)
    private = body.boolean("private", default=False)

    def store(session: Session) -> dict[str, Any]:
        staff = acting(session, request)
        message = desk.record_staff_message(
            session, conversation_id, staff, client_id, text, private, now=context.clock()
        )
        session.flush()
        session.refresh(message, ["staff"])
        return message_view(message)

    return json({"message": await context.database.write(store)}, status=201)


@blueprint.get("/suggestions")
async def suggestions(request: Request) -> HTTPResponse:
    """What the knowledge base says to words of one's own."""
    await request.app.ctx.database.read(reader, request)
    text = cleaned(request.args.get("text", ""))
    if not text or len(text) > _LONGEST_SEARCH:
        raise BadInput(f"请输入要查的内容，最多 {_LONGEST_SEARCH} 字。")
    return json({"suggestions": await _suggestions(request, text)})


async def _transition(
    request: Request, conversation_id: str, move: Callable[..., Conversation], *more: str
) -> HTTPResponse:
    def work(session: Session) -> dict[str, Any]:
        staff = acting(session, request)
        changed = move(session, conversation_id, staff, *more, now=request.app.ctx.clock())
        return {"conversation": {"id": changed.id, **status_view(changed)}}

    return json(await request.app.ctx.database.write(work))


def _status_in(request: Request) -> ConversationStatus | None:
    asked = request.args.get("status")
    if asked and asked not in set(ConversationStatus):
        raise BadInput("status 应为 queued、staff、bot 或 resolved。")
    return ConversationStatus(asked) if asked else None


def _word_in(request: Request, name: str) -> str | None:
    word = request.args.get(name) or None
    if word is not None and (len(word) > _LONGEST_WORD or not word.isprintable()):
        raise BadInput(f"{name} 的值无法识别。")
    return word


async def _suggestions(request: Request, question: str) -> list[dict[str, Any]]:
    if not question:
        return []
    context = request.app.ctx
    today = context.clock().astimezone(SHANGHAI).date()
    entries = await asyncio.to_thread(context.faq.suggestions, question, today, limit=_SUGGESTIONS)
    return [_entry_view(each) for each in entries]


def _entry_view(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "title": entry.title,
        "answer": entry.answer,
        "basis": list(entry.basis),
    }
