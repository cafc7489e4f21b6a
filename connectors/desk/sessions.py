"""Signing in and out, and who is signed in."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.conversations.changes import newest_cursor
from bot.database import Database
from bot.errors import LoginRefused
from bot.staff.models import Presence, Staff
from bot.staff.presence import SIGNED_OUT, set_presence
from bot.staff.service import (
    SIGN_IN_HOURS,
    SignedIn,
    begin_sign_in,
    is_signed_in,
    matches,
    note_failure,
    sign_in,
    sign_out,
)
from connectors.body import fields
from connectors.desk.access import COOKIE, cookie, deliberate, present

blueprint = Blueprint("desk_sessions", url_prefix="/api/desk")

# Each check takes 64 MiB and a core for a moment; more at once would starve everybody else, and
# guesses sent side by side would all begin before the first of them is counted.
_checks = ThreadPoolExecutor(2, thread_name_prefix="password")


@blueprint.post("/login")
async def login(request: Request) -> HTTPResponse:
    """Sign in: the session goes into a cookie, the CSRF token into the answer."""
    context, body = request.app.ctx, fields(request)
    username = body.text("username", limit=64).strip()
    password = body.text("password", limit=200)
    done = await asyncio.get_running_loop().run_in_executor(
        _checks, _check, context.database, username, password, request.client_ip, context.clock()
    )
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

    context = request.app.ctx

    def end(session: Session) -> None:
        staff = deliberate(session, request).staff
        sign_out(session, cookie(request))
        # Who leaves the last of their browsers has left the desk.
        if staff.presence != Presence.OFFLINE and not is_signed_in(session, staff):
            now, cause = context.clock(), SIGNED_OUT
            set_presence(session, staff, Presence.OFFLINE, context.handoff, now=now, cause=cause)

    await context.database.write(end)
    response = json({})
    response.delete_cookie(COOKIE, path="/")
    return response


def _check(
    database: Database, username: str, password: str, address: str, now: datetime
) -> SignedIn:
    with database.reading() as session:
        expected = begin_sign_in(session, username, address, now=now)
    is_right = matches(expected, password)
    with database.writing() as session:
        if is_right:
            return sign_in(session, username, address, now=now)
        note_failure(session, username, address, now=now)
    raise LoginRefused


def _staff_view(staff: Staff) -> dict[str, Any]:
    return {**staff.card, "role": staff.role, "skills": staff.skills}
