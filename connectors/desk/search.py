"""Looking back: search over conversations, and what colleagues answered to similar questions."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, time, timedelta
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.desk import last_question
from bot.conversations.ledger import cleaned
from bot.conversations.models import ConversationStatus
from bot.desk.search import LONGEST, Query, search
from bot.errors import BadInput, StaffNotFound
from bot.staff.hours import SHANGHAI
from bot.staff.models import Staff
from connectors.desk.access import reader, reading

blueprint = Blueprint("desk_search", url_prefix="/api/desk")

_LONGEST_WORD = 64


@blueprint.get("/search")
async def search_(request: Request) -> HTTPResponse:
    """The newest conversations that fit ``text`` and the other conditions given."""
    context, now = request.app.ctx, request.app.ctx.clock()
    text = cleaned(request.args.get("text", ""))
    if len(text) > LONGEST:
        raise BadInput(f"最多输入 {LONGEST} 字来查找。")
    since, until = _day_in(request, "since"), _day_in(request, "until")
    status, username = _status_in(request), _word_in(request, "staff")

    def read(session: Session) -> dict[str, Any]:
        staff = reader(session, request)
        query = Query(
            text=text,
            staff_id=_staff_id(session, username),
            status=status,
            category=_word_in(request, "category"),
            channel=_word_in(request, "channel"),
            since=_begin(since) if since else None,
            until=_begin(until + timedelta(days=1)) if until else None,
        )
        hits, has_more = search(session, query, staff, context.hours, now=now)
        return {"conversations": hits, "more": has_more, "now": now.isoformat()}

    return json(await context.database.read(read))


@blueprint.get("/conversations/<conversation_id:str>/similar")
async def similar(request: Request, conversation_id: str) -> HTTPResponse:
    """What staff answered to questions like the customer's last one, or like ``text``."""
    context, now = request.app.ctx, request.app.ctx.clock()
    text = cleaned(request.args.get("text", ""))
    if len(text) > LONGEST:
        raise BadInput(f"最多输入 {LONGEST} 字来查找。")

    def read(session: Session) -> str:
        reading(session, request, conversation_id)
        context.similar.refresh(session, now=now)
        return text or last_question(session, conversation_id)

    question = await context.database.read(read)
    found = await asyncio.to_thread(context.similar.find, question, without=conversation_id)
    return json({"question": question, "similar": [each.view() for each in found]})


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


def _day_in(request: Request, name: str) -> date | None:
    text = request.args.get(name)
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadInput("日期应写成 2026-11-24 这样。") from None
    if not 2000 <= day.year <= 2999:
        raise BadInput("日期应写成 2026-11-24 这样。")
    return day


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def _staff_id(session: Session, username: str | None) -> int | None:
    if username is None:
        return None
    found = session.scalar(select(Staff.id).where(Staff.username == username))
    if found is None:
        raise StaffNotFound
    return found
