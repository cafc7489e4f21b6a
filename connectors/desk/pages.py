"""The desk's page: one address, which asks for a login by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import html

from connectors.desk.access import COOKIE
from connectors.policy import page_headers

blueprint = Blueprint("desk")

_STATIC = Path(__file__).parent / "static"

blueprint.static("/desk/static", _STATIC, name="files")


@dataclass(frozen=True)
class DeskPage:
    """What the page says that is not fixed; ``may_be_known``: show no login form at once."""

    platform_name: str
    may_be_known: bool
    file_limit_mb: int = 10


@blueprint.get("/desk")
async def desk(request: Request) -> HTTPResponse:
    """The page; what it shows comes from the desk API."""
    context = request.app.ctx
    page = DeskPage(
        platform_name=context.settings.platform_name,
        may_be_known=request.cookies.get(COOKIE) is not None,
        file_limit_mb=context.settings.attachment_limit_mb,
    )
    template = context.templates.get_template("desk/templates/desk.html")
    return html(template.render(page=page), headers=page_headers(framed_by="'none'"))
