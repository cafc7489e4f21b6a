"""The pages: the platform's first page, the assistant for a frame, and the loader script."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import file, html

from bot.staff.hours import WorkingHours, spoken
from connectors.policy import page_headers

blueprint = Blueprint("widget")

_STATIC = Path(__file__).parent / "static"

blueprint.static("/widget/static", _STATIC, name="files")


@dataclass(frozen=True)
class PlatformPage:
    """What the pages say that is not fixed."""

    platform_name: str
    working_hours: str
    is_open: bool
    next_opening: str
    file_limit_mb: int


@blueprint.get("/")
async def platform(request: Request) -> HTTPResponse:
    """The platform's page with the assistant open in it."""
    return _page(request, "platform.html", framed_by="'none'")


@blueprint.get("/widget")
async def widget(request: Request) -> HTTPResponse:
    """The assistant alone, for the frame that the loader makes on any site."""
    return _page(request, "widget.html", framed_by="*")


@blueprint.get("/widget.js")
async def loader(_request: Request) -> HTTPResponse:
    """The script other sites include."""
    response = await file(_STATIC / "loader.js", mime_type="text/javascript; charset=utf-8")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _page(request: Request, name: str, *, framed_by: str) -> HTTPResponse:
    context = request.app.ctx
    now = context.clock()
    hours = WorkingHours.parse(context.settings.working_hours)
    page = PlatformPage(
        platform_name=context.settings.platform_name,
        working_hours=context.settings.working_hours.replace("-", "–"),
        is_open=hours.is_open(now),
        next_opening=spoken(hours.next_opening(now)),
        file_limit_mb=context.settings.attachment_limit_mb,
    )
    template = context.templates.get_template(f"widget/templates/{name}")
    return html(template.render(page=page), headers=page_headers(framed_by=framed_by))
