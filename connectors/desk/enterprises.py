"""Enterprises at the desk: found, kept, and the proofs with which customers bind themselves."""

from __future__ import annotations

from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json
from sqlalchemy.orm import Session

from bot.conversations.models import Conversation
from bot.enterprises.codes import BINDING_SCENE, LIFE, Issued
from bot.enterprises.models import Way
from bot.enterprises.records import (
    add_enterprise,
    enterprise_of_id,
    enterprise_view,
    enterprises_like,
)
from bot.errors import BadInput
from connectors.body import fields
from connectors.desk.access import acting, reader, reading

blueprint = Blueprint("desk_enterprises", url_prefix="/api/desk")

_LONGEST_SEARCH = 100
_LONGEST = 200
_MOST_ID = 2**31 - 1


@blueprint.get("/enterprises")
async def find(request: Request) -> HTTPResponse:
    """Enterprises by part of their name, or by the beginning of their credit code."""
    words = request.args.get("text", "")[:_LONGEST_SEARCH]

    def read(session: Session) -> list[dict[str, object]]:
        reader(session, request)
        return [enterprise_view(each) for each in enterprises_like(session, words)]

    return json({"enterprises": await request.app.ctx.database.read(read)})


@blueprint.post("/enterprises")
async def keep(request: Request) -> HTTPResponse:
    """Keep a new one; 409 names it if its credit code is known."""
    context, body = request.app.ctx, fields(request)
    name = body.text("name", limit=_LONGEST)
    code = body.text("credit_code", limit=_LONGEST)
    region = body.text("region", limit=_LONGEST, required=False)

    def work(session: Session) -> dict[str, object]:
        staff = acting(session, request)
        made = add_enterprise(session, staff, name, code, region, now=context.clock())
        return enterprise_view(made)

    return json({"enterprise": await context.database.write(work)}, status=201)


@blueprint.post("/conversations/<conversation_id:str>/binding")
async def offer(request: Request, conversation_id: str) -> HTTPResponse:
    """Give out a proof for an enterprise; the answer is the only place where it is ever shown."""
    context, body = request.app.ctx, fields(request)
    enterprise_id = body.integer("enterprise_id", least=1, most=_MOST_ID)
    way = _way(context, body.text("way", limit=16))

    def work(session: Session) -> tuple[Issued, str]:
        acting(session, request)
        staff = reading(session, request, conversation_id)
        enterprise = enterprise_of_id(session, enterprise_id)
        issued = context.binder.issue(session, enterprise, staff, way, now=context.clock())
        return issued, enterprise.name

    issued, name = await context.database.write(work)
    shown = await _shown(context, way, issued.secret)
    told = {"way": way, "enterprise": name, "expires_at": issued.expires_at.isoformat()}
    return json({**told, **shown}, status=201)


@blueprint.delete("/conversations/<conversation_id:str>/binding")
async def end(request: Request, conversation_id: str) -> HTTPResponse:
    """Unbind the customer of a conversation, who is told; 404 if there is nothing to end."""
    context = request.app.ctx

    def work(session: Session) -> dict[str, object]:
        acting(session, request)
        staff = reading(session, request, conversation_id)
        conversation = session.get_one(Conversation, conversation_id)
        ended = context.binder.unbind_for(session, conversation, staff, now=context.clock())
        return enterprise_view(ended)

    return json({"enterprise": await context.database.write(work)})


def _way(context: Any, asked: str) -> Way:
    if asked not in set(Way):
        raise BadInput("way 应为 code、link 或 scene。")
    if asked == Way.LINK and not context.settings.public_url:
        raise BadInput("没有设置 PUBLIC_URL，给不了链接；请用绑定码。")
    if asked == Way.SCENE and context.wechat_account is None:
        raise BadInput("微信接入没有开通，给不了二维码；请用绑定码。")
    return Way(asked)


async def _shown(context: Any, way: Way, secret: str) -> dict[str, str]:
    """What the customer types, opens or scans."""
    if way is Way.LINK:
        # Behind the "#", so that it is in no server's log and no Referer.
        return {"link": f"{context.settings.public_url.rstrip('/')}/#bind={secret}"}
    if way is Way.SCENE:
        seconds = int(LIFE[way].total_seconds())
        return {"image": await context.wechat_channel.code(f"{BINDING_SCENE}{secret}", seconds)}
    return {"code": secret}
