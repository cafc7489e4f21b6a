"""The desk API and its page."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import html, json
from sqlalchemy.orm import Session

from bot.conversations import desk
from bot.conversations.changes import DESK, changes_for_desk, newest_cursor
from bot.conversations.models import Conversation, ConversationStatus
from bot.conversations.views import message_view, status_view
from bot.errors import BadInput, CsrfMissing, Forbidden, LoginRefused, Unauthorized
from bot.staff.hours import SHANGHAI
from bot.staff.models import Staff
from bot.staff.service import SIGN_IN_HOURS, sign_in, sign_out, signed_in
from connectors.body import cursor_in, fields, wait_in
from connectors.feed import wait_for_changes

blueprint = Blueprint("desk")

COOKIE = "desk_session"
_SUGGESTIONS = 3
# The coordinating department sees figures, not customers' conversations.
_SERVING_ROLES = ("staff", "admin")


@blueprint.get("/desk")
async def page(request: Request) -> HTTPResponse:
    """The page; it asks for a login by itself."""
    context = request.app.ctx
    template = context.templates.get_template("desk/templates/desk.html")
    return html(template.render(platform_name=context.settings.platform_name))


@blueprint.post("/api/desk/login")
async def login(request: Request) -> HTTPResponse:
    """Sign in: the session goes into a cookie, the CSRF token into the answer."""
    context, body = request.app.ctx, fields(request)
    username = body.text("username", limit=64)
    password = body.text("password", limit=200)
    done = await context.database.write(
        sign_in, username, password, request.ip, now=context.clock()
    )
    if done is None:
        raise LoginRefused
    response = json({"staff": _staff_view(done.staff), "csrf_token": done.csrf_token})
    response.add_cookie(
        COOKIE,
        done.token,
        httponly=True,
        samesite="Strict",
        secure=request.scheme == "https",
        max_age=SIGN_IN_HOURS * 3600,
        path="/",
    )
    return response


@blueprint.get("/api/desk/me")
async def me(request: Request) -> HTTPResponse:
    """Who is signed in, for a page that was reloaded."""

    def find(session: Session) -> dict[str, Any]:
        found = signed_in(session, _cookie(request), now=request.app.ctx.clock())
        return {
            "staff": _staff_view(found.staff),
            "csrf_token": found.csrf_token,
            "cursor": newest_cursor(session),
        }

    return json(await request.app.ctx.database.read(find))


@blueprint.post("/api/desk/logout")
async def logout(request: Request) -> HTTPResponse:
    """Sign out."""

    def end(session: Session) -> None:
        _acting(session, request)
        sign_out(session, _cookie(request))

    await request.app.ctx.database.write(end)
    response = json({})
    response.delete_cookie(COOKIE, path="/")
    return response


@blueprint.get("/api/desk/changes")
async def changes(request: Request) -> HTTPResponse:
    """What happened in the queue and in one's own conversations after a cursor."""
    after, seconds = cursor_in(request), wait_in(request)

    def read(session: Session) -> Any:
        return changes_for_desk(session, _reader(session, request), after)

    found = await wait_for_changes(request, DESK, read, seconds)
    return json({"changes": found.changes, "cursor": found.cursor})


@blueprint.get("/api/desk/conversations")
async def conversations(request: Request) -> HTTPResponse:
    """Conversations of one status, or all open ones."""
    asked = request.args.get("status")
    if asked and asked not in set(ConversationStatus):
        raise BadInput("status 应为 queued、staff、bot 或 resolved。")
    status = ConversationStatus(asked) if asked else None

    def read(session: Session) -> list[dict[str, Any]]:
        _reader(session, request)
        return desk.conversations_in(session, status, now=request.app.ctx.clock())

    return json({"conversations": await request.app.ctx.database.read(read)})


@blueprint.get("/api/desk/conversations/<conversation_id:str>")
async def conversation(request: Request, conversation_id: str) -> HTTPResponse:
    """One conversation in whole, with suggestions for the customer's last words."""
    context = request.app.ctx

    def read(session: Session) -> tuple[dict[str, Any], str]:
        _reader(session, request)
        detail = desk.conversation_detail(session, conversation_id, now=context.clock())
        return detail, desk.last_question(session, conversation_id)

    detail, question = await context.database.read(read)
    detail["suggestions"] = await _suggestions(request, question)
    return json(detail)


@blueprint.post("/api/desk/conversations/<conversation_id:str>/accept")
async def accept(request: Request, conversation_id: str) -> HTTPResponse:
    """Take a conversation; 409 names the holder when somebody was faster."""
    return await _transition(
        request,
        lambda session, staff: request.app.ctx.handoff.accept(
            session, conversation_id, staff, now=request.app.ctx.clock()
        ),
    )


@blueprint.post("/api/desk/conversations/<conversation_id:str>/return_to_bot")
async def return_to_bot(request: Request, conversation_id: str) -> HTTPResponse:
    """Hand back to the bot."""
    return await _transition(
        request,
        lambda session, staff: request.app.ctx.handoff.return_to_bot(
            session, conversation_id, staff, now=request.app.ctx.clock()
        ),
    )


@blueprint.post("/api/desk/conversations/<conversation_id:str>/requeue")
async def requeue(request: Request, conversation_id: str) -> HTTPResponse:
    """Put back into the queue, age kept."""
    return await _transition(
        request,
        lambda session, staff: request.app.ctx.handoff.requeue(
            session, conversation_id, staff, now=request.app.ctx.clock()
        ),
    )


@blueprint.post("/api/desk/conversations/<conversation_id:str>/resolve")
async def resolve(request: Request, conversation_id: str) -> HTTPResponse:
    """End the episode; the customer is asked for a score."""
    outcome = fields(request).text("outcome", limit=200, required=False)
    return await _transition(
        request,
        lambda session, staff: request.app.ctx.handoff.resolve(
            session, conversation_id, staff, outcome, now=request.app.ctx.clock()
        ),
    )


@blueprint.post("/api/desk/conversations/<conversation_id:str>/messages")
async def say(request: Request, conversation_id: str) -> HTTPResponse:
    """Reply to the customer, or write a private note."""
    context, body = request.app.ctx, fields(request)
    client_id = body.text("client_id", limit=100)
    text = body.text("text", limit=20_000)
    private = body.boolean("private", default=False)

    def store(session: Session) -> dict[str, Any]:
        staff = _acting(session, request)
        message = desk.record_staff_message(
            session, conversation_id, staff, client_id, text, private, now=context.clock()
        )
        session.flush()
        session.refresh(message, ["staff"])
        return message_view(message)

    return json({"message": await context.database.write(store)}, status=201)


async def _transition(
    request: Request, act: Callable[[Session, Staff], Conversation]
) -> HTTPResponse:
    def work(session: Session) -> dict[str, Any]:
        changed = act(session, _acting(session, request))
        return {"conversation": {"id": changed.id, **status_view(changed)}}

    return json(await request.app.ctx.database.write(work))


async def _suggestions(request: Request, question: str) -> list[dict[str, Any]]:
    if not question:
        return []
    context = request.app.ctx
    today = context.clock().astimezone(SHANGHAI).date()
    loop = request.app.loop
    entries = await loop.run_in_executor(
        None, lambda: context.faq.suggestions(question, today, limit=_SUGGESTIONS)
    )
    return [
        {"id": each.id, "title": each.title, "answer": each.answer, "basis": list(each.basis)}
        for each in entries
    ]


def _reader(session: Session, request: Request) -> Staff:
    staff = signed_in(session, _cookie(request), now=request.app.ctx.clock()).staff
    if staff.role not in _SERVING_ROLES:
        raise Forbidden
    return staff


def _acting(session: Session, request: Request) -> Staff:
    found = signed_in(session, _cookie(request), now=request.app.ctx.clock())
    given = request.headers.get("x-csrf-token", "")
    if not hmac.compare_digest(given.encode(), found.csrf_token.encode()):
        raise CsrfMissing
    return _reader(session, request)


def _cookie(request: Request) -> str:
    token = request.cookies.get(COOKIE)
    if not token:
        raise Unauthorized("请先登录。")
    return str(token)


def _staff_view(staff: Staff) -> dict[str, Any]:
    return {**staff.card, "role": staff.role, "skills": staff.skills}
