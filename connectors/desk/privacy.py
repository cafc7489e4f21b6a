"""Erasing a customer at their request; supervisors do it, naming whom.

POST /api/desk/conversations/{id}/erase_customer   {"name": "<the customer's name at the desk>"}
     200 {"erased": {"conversations": 2, "messages": 31, "cases": ["YZ-…"], "files": 1}}
     422 when the name is another, 409 while somebody serves them; 403 to staff, recorded
"""

from __future__ import annotations

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.conversations.changes import note_desk
from bot.conversations.transitions import locked
from bot.desk.people import person_of
from bot.desk.rows import customer_name
from bot.errors import BadInput
from bot.privacy.erasing import Erased, erase
from connectors.body import fields
from connectors.desk.access import deliberate, supervisor
from connectors.leftovers import remove_leftovers

blueprint = Blueprint("desk_privacy", url_prefix="/api/desk/conversations")


@blueprint.post("/<conversation_id:str>/erase_customer")
async def erase_customer(request: Request, conversation_id: str) -> HTTPResponse:
    """Erase whoever this conversation is with."""
    context = request.app.ctx
    typed = fields(request).text("name", limit=100).strip()

    def work(session: Session) -> Erased:
        deliberate(session, request)
        staff = supervisor(session, request)
        conversation = locked(session, conversation_id)
        customer = conversation.customer
        if typed != customer_name(customer.id, person_of(session, customer.id)):
            raise BadInput("输入的名称与这位客户不符，没有删除。")
        erased = erase(session, customer, staff, now=context.clock())
        # So that pages that show the conversation look again.
        note_desk(session, conversation, "erased", {"by": staff.card})
        return erased

    erased = await context.database.write(work)
    await remove_leftovers(context, erased.files, erased.conversations)
    told = {
        "conversations": len(erased.conversations),
        "messages": erased.messages,
        "cases": erased.cases,
        "files": len(erased.files),
    }
    return json({"erased": told})
