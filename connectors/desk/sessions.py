"""Signing in and out, and who is signed in."""

from __future__ import annotations

import asyncio
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.conversations.changes import newest_cursor
from bot.errors import LoginRefused
from bot.staff.models import Staff
from bot.staff.service import (
    SIGN_IN_HOURS,
    begin_sign_in,
    matches,
    note_failure,
    sign_in,
    sign_out,
)
from connectors.body import fields
from connectors.desk.access import COOKIE, cookie, deliberate, present

blueprint = Blueprint("desk_sessions", url_prefix="/api/desk")

# Each check takes 64 MiB and a core for a moment; more at once would starve everybody else.
_checks = asyncio.Semaphore(2)


@blueprint.on_response
async def protect(_request: Request, response: HTTPResponse) -> None:
    """Answers are data, never a page, and belong to one member of staff."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Cache-Control", "no-store")


@blueprint.post("/login")
async def login(request: Request) -> HTTPResponse:
    """Sign in: the session goes into a cookie, the CSRF token into the answer."""
    context, body = request.app.ctx, fields(request)
    username = body.text("username", limit=64).strip()
    password = body.text("password", limit=200)
    database, now = context.database, context.clock()
    async with _checks:
        expected = await database.read(begin_sign_in, username, request.ip, now=now)
        is_right = await asyncio.to_thread(matches, expected, password)
        if not is_right:
            await database.write(note_failure, username, request.ip, now=now)
            raise LoginRefused
    done = await database.write(sign_in, username, request.ip, now=now)
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


@blueprint.get("/me")
async def me(request: Request) -> HTTPResponse:
    """Who is signed in, for a page that was reloaded."""

    def find(session: Session) -> dict[str, Any]:
        found = present(session, request)
        return {
            "staff": _staff_view(found.staff),
            "csrf_token": found.csrf_token,
            "cursor": newest_cursor(session),
        }

    return json(await request.app.ctx.database.read(find))


@blueprint.post("/logout")
async def logout(request: Request) -> HTTPResponse:
    """Sign out, whatever the role."""

    def end(session: Session) -> None:
        deliberate(session, request)
        sign_out(session, cookie(request))

    await request.app.ctx.database.write(end)
    response = json({})
    response.delete_cookie(COOKIE, path="/")
    return response


def _staff_view(staff: Staff) -> dict[str, Any]:
    return {**staff.card, "role": staff.role, "skills": staff.skills}
