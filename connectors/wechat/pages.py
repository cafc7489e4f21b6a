"""The page behind a link in a chat: one message in whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import html
from sqlalchemy.orm import Session

from bot.attachments.service import attachment_for, link_to
from bot.conversations.models import Message
from bot.wechat.links import PATH, is_ours
from bot.wechat.wording import cards_in

blueprint = Blueprint("wechat_pages")


@dataclass(frozen=True)
class Page:
    """What the template shows."""

    platform: str
    title: str
    paragraphs: list[str]
    details: list[str]
    basis: list[str]
    cards: list[dict[str, Any]]
    file: dict[str, str] | None


@blueprint.get(PATH + "/<message_id:str>")
async def show(request: Request, message_id: str) -> HTTPResponse:
    """Show a message to whoever has the link; it says nothing about the customer."""
    context = request.app.ctx
    until, proof = request.args.get("until", ""), request.args.get("proof", "")
    now = context.clock()
    accounts = [each for each in (context.wechat_account, context.kf_account) if each is not None]
    is_known = any(is_ours(each, message_id, until, proof, now=now) for each in accounts)

    def work(session: Session) -> Page | None:
        message = session.get(Message, message_id)
        if message is None or message.private:
            return None
        return _page(session, message, context.settings.platform_name, context)

    page = await context.database.read(work) if is_known else None
    name = "message" if page is not None else "message_gone"
    template = context.templates.get_template(f"wechat/templates/{name}.html")
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    shown = template.render(page=page, platform=context.settings.platform_name)
    return html(shown, status=200 if page is not None else 404, headers=headers)


def _page(session: Session, message: Message, platform: str, context: Any) -> Page:
    data = message.data
    faq = data.get("faq") or {}
    file = None
    if data.get("attachment"):
        found = attachment_for(session, data["attachment"]["id"])
        file = {"name": found.name, "url": link_to(found, now=context.clock())["url"]}
    return Page(
        platform,
        str(faq.get("title") or "答复全文"),
        _paragraphs(message.text),
        _paragraphs(str(faq.get("detail") or "")),
        [str(each) for each in faq.get("basis") or []],
        [
            {
                "title": str(card.get("title") or ""),
                "facts": [[str(a), str(b)] for a, b in card.get("facts") or [] if b],
            }
            for card in cards_in(data)
        ],
        file,
    )


def _paragraphs(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]
