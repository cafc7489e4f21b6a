"""Cases at the desk: staff move them on."""

from __future__ import annotations

from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.cases.models import CaseStatus
from bot.cases.progress import advance, case_view
from bot.conversations.ledger import cleaned
from bot.errors import BadInput
from connectors.body import fields
from connectors.desk.access import acting

blueprint = Blueprint("desk_cases", url_prefix="/api/desk/cases")

_LONGEST_NUMBER = 24
_LONGEST_NOTE = 200


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
