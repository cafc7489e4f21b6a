"""Cases at the desk: staff look them through and move them on.

GET  /api/desk/cases            200 {"cases": […], "more", "now"}; see ``bot.desk.cases.Wanted`` for
                                scope, status, kind, overdue, text, order and after
GET  /api/desk/cases/calling    200 {"waiting", "overdue", "calling"}: how many call for somebody
GET  /api/desk/cases/{number}   200 {"case"}
POST /api/desk/cases/{number}/advance   {"status", "note"}   200 {"case"}, or 409: what may follow
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.cases.models import CaseKind, CaseStatus
from bot.cases.progress import advance, case_view
from bot.cases.sight import case_for
from bot.conversations.ledger import cleaned
from bot.desk.cases import LONGEST, Listed, Order, Scope, Wanted, cases_calling, cases_in
from bot.errors import BadInput
from connectors.body import fields
from connectors.desk.access import acting, reader

Choice = TypeVar("Choice", bound=StrEnum)

blueprint = Blueprint("desk_cases", url_prefix="/api/desk/cases")

_LONGEST_NUMBER = 24
_LONGEST_NOTE = 200
_LONGEST_PLACE = 80
_STATUSES = ("open", "closed", *CaseStatus)


@blueprint.get("/")
async def list_(request: Request) -> HTTPResponse:
    """One page of the cases that fit."""
    now, wanted = request.app.ctx.clock(), _wanted_in(request)

    def read(session: Session) -> Listed:
        return cases_in(session, reader(session, request), wanted, now=now)

    found = await request.app.ctx.database.read(read)
    return json({"cases": found.rows, "more": found.more, "now": now.isoformat()})


@blueprint.get("/calling")
async def calling(request: Request) -> HTTPResponse:
    """How many cases of one's group wait to be accepted or are overdue."""
    now = request.app.ctx.clock()

    def read(session: Session) -> dict[str, int]:
        return cases_calling(session, reader(session, request), now=now)

    return json(await request.app.ctx.database.read(read))


@blueprint.get("/<number:str>")
async def show(request: Request, number: str) -> HTTPResponse:
    """One case in whole, with what may follow."""

    def read(session: Session) -> dict[str, Any]:
        staff = reader(session, request)
        return {"case": case_view(case_for(session, staff, number[:_LONGEST_NUMBER]))}

    return json(await request.app.ctx.database.read(read))


@blueprint.post("/<number:str>/advance")
async def advance_(request: Request, number: str) -> HTTPResponse:
    """Move a case to a status that may follow its present one; 409 says which may."""
    context, body = request.app.ctx, fields(request)
    asked = body.text("status", limit=16)
    if asked not in set(CaseStatus):
        raise BadInput("没有这个工单状态：" + "、".join(CaseStatus) + " 之一才可以。")
    note = cleaned(body.text("note", limit=_LONGEST_NOTE, required=False))

    def work(session: Session) -> dict[str, Any]:
        case = advance(
            session,
            number[:_LONGEST_NUMBER],
            CaseStatus(asked),
            now=context.clock(),
            responses=context.responses,
            note=note,
            staff=acting(session, request),
        )
        return {"case": case_view(case)}

    return json(await context.database.write(work))


def _wanted_in(request: Request) -> Wanted:
    text = cleaned(request.args.get("text", ""))
    if len(text) > LONGEST:
        raise BadInput(f"最多输入 {LONGEST} 字来查找。")
    status = request.args.get("status") or None
    if status is not None and status not in _STATUSES:
        raise BadInput("status 应为 " + "、".join(_STATUSES) + " 之一。")
    overdue = request.args.get("overdue") or "false"
    if overdue not in ("true", "false"):
        raise BadInput("overdue 应为 true 或 false。")
    after = request.args.get("after") or None
    if after is not None and len(after) > _LONGEST_PLACE:
        raise BadInput("after 应为上一页给出的 more。")
    return Wanted(
        scope=_one_of(Scope, request, "scope") or Scope.ALL,
        status=status,
        kind=_one_of(CaseKind, request, "kind"),
        overdue=overdue == "true",
        text=text,
        order=_one_of(Order, request, "order") or Order.URGENT,
        after=after,
    )


def _one_of(choices: type[Choice], request: Request, name: str) -> Choice | None:
    asked = request.args.get(name)
    if not asked:
        return None
    if asked not in set(choices):
        raise BadInput(f"{name} 应为 " + "、".join(choices) + " 之一。")
    return choices(asked)
