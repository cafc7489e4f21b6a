"""The page behind a link in a chat: one message in whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import html
from sqlalchemy.orm import Session

from bot.attachments.service import attachment_for, link_to
from bot.conversations.models import Message
from bot.errors import MessageNotFound
from bot.wechat.links import PATH, is_ours

blueprint = Blueprint("wechat_pages")


@dataclass(frozen=True)
class Page:
    """What the template shows."""

    platform: str
    paragraphs: list[str]
    basis: list[str]
    cards: list[dict[str, Any]]
    file: dict[str, str] | None


@blueprint.get(PATH + "/<message_id:str>")
async def show(request: Request, message_id: str) -> HTTPResponse:
    """Show a message to whoever has the link; it says nothing about the customer."""
    context = request.app.ctx
    until, proof = request.args.get("until", ""), request.args.get("proof", "")
    account = context.wechat_account
    if account is None or not is_ours(account, message_id, until, proof, now=context.clock()):
        raise MessageNotFound("这个链接已经失效，请回到对话里再问一次。")

    def work(session: Session) -> Page:
        message = session.get(Message, message_id)
        if message is None or message.private:
            raise MessageNotFound
        return _page(session, message, context.settings.platform_name, context)

    page = await context.database.read(work)
    template = context.templates.get_template("wechat/templates/message.html")
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return html(template.render(page=page), headers=headers)


def _page(session: Session, message: Message, platform: str, context: Any) -> Page:
    data = message.data
    faq = data.get("faq") or {}
    said = [*message.text.split("\n"), *str(faq.get("detail") or "").split("\n")]
    cards = [card for card in [data.get("card"), *data.get("items", [])] if card]
    file = None
    if data.get("attachment"):
        found = attachment_for(session, data["attachment"]["id"])
        file = {"name": found.name, "url": link_to(found, now=context.clock())["url"]}
    return Page(
        platform,
        [line for line in said if line.strip()],
        [str(each) for each in faq.get("basis") or []],
        [
            {
                "title": str(card.get("title") or ""),
                "facts": [[str(a), str(b)] for a, b in card.get("facts") or [] if b],
            }
            for card in cards
        ],
        file,
    )
