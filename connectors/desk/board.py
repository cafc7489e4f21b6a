"""The team board: how many wait and are served, by group and by person, and what runs late.

GET /api/desk/board   200 {"waiting": {count, longest_since}, "open", "breached", "groups": […],
                      "people": […], "late": […], "today": {…}, "now"}; see ``bot.desk.board``
"""

from __future__ import annotations

from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.desk.board import board
from connectors.desk.access import reader

blueprint = Blueprint("desk_board", url_prefix="/api/desk")


@blueprint.get("/board")
async def show(request: Request) -> HTTPResponse:
    """The board as it stands."""
    context = request.app.ctx

    def read(session: Session) -> dict[str, Any]:
        staff = reader(session, request)
        capacity = context.settings.staff_capacity
        return board(session, staff, context.hours, capacity, now=context.clock())

    return json(await context.database.read(read))
