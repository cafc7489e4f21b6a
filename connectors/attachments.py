"""Files over HTTP: taken in as a stream of bytes, given out so that they cannot act.

An upload's body is the file itself; its name and ``client_id`` are in the query. What is given
out is never run: only images are shown in place, under the type their bytes have, and everything
is sandboxed, whatever a browser makes of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sanic import Blueprint, HTTPResponse, Request
from sanic.http import Http
from sanic.response import json
from sqlalchemy.orm import Session

from bot.attachments.models import Attachment
from bot.attachments.service import (
    Said,
    attachment_for,
    link_to,
    linked,
    say_as_customer,
    say_as_staff,
)
from bot.attachments.storage import Storage, Stored, Upload
from bot.attachments.types import recognise
from bot.conversations.ledger import conversation_for, customer_of
from bot.conversations.views import message_view
from bot.database import Database
from bot.errors import AttachmentNotFound, BadInput, FileRefused, ServiceError
from connectors.desk.access import acting, reader, reading
from connectors.widget.access import Limiter, bearer_token

blueprint = Blueprint("attachments")

# A phone on a bad line sends 10 MB in this time; who sends byte by byte holds nothing up longer.
_LONGEST_UPLOAD_SECONDS = 300
_LONGEST_FAREWELL_SECONDS = 30
_LONGEST_NAME = 1000
_PORTION = 65_536
# Kept by the one browser that was allowed to see it; a file never changes.
_KEPT_SECONDS = 3600
_CANNOT_ACT = "default-src 'none'; sandbox; frame-ancestors 'none'"


def uploads() -> Limiter:
    """How fast files come from one address: a person picks some pictures, then talks of them."""
    return Limiter(burst=60, per_second=1)


@blueprint.post("/api/widget/conversations/<conversation_id:str>/attachments", stream=True)
async def from_customer(request: Request, conversation_id: str) -> HTTPResponse:
    """Take a customer's file; the same ``client_id`` again returns the first message."""
    context = request.app.ctx

    def may_send(session: Session) -> None:
        conversation_for(session, conversation_id, customer_of(session, bearer_token(request)))

    def say(session: Session, stored: Stored) -> tuple[Said, dict[str, Any]]:
        customer = customer_of(session, bearer_token(request))
        client_id, name = _client_id(request), _name(request)
        said = say_as_customer(
            session,
            conversation_id,
            customer,
            client_id,
            name,
            stored,
            context.responses,
            now=context.clock(),
        )
        return said, message_view(said.message)

    return await _take(request, may_send, say)


@blueprint.post("/api/desk/conversations/<conversation_id:str>/attachments", stream=True)
async def from_staff(request: Request, conversation_id: str) -> HTTPResponse:
    """Take a file from the desk, for the customer or as a private note."""
    context = request.app.ctx

    def may_send(session: Session) -> None:
        acting(session, request)

    def say(session: Session, stored: Stored) -> tuple[Said, dict[str, Any]]:
        staff, private = acting(session, request), request.args.get("private") == "true"
        client_id, name = _client_id(request), _name(request)
        said = say_as_staff(
            session, conversation_id, staff, client_id, name, stored, private, now=context.clock()
        )
        session.flush()
        session.refresh(said.message, ["staff"])
        return said, message_view(said.message)

    return await _take(request, may_send, say)


@blueprint.get(
    "/api/widget/conversations/<conversation_id:str>/attachments/<attachment_id:str>/link"
)
async def link(request: Request, conversation_id: str, attachment_id: str) -> HTTPResponse:
    """A link for ``<img>`` and ``<a>``, which cannot carry the customer's token."""
    token, now = bearer_token(request), request.app.ctx.clock()

    def find(session: Session) -> dict[str, str]:
        customer = customer_of(session, token)
        conversation_for(session, conversation_id, customer)
        return link_to(attachment_for(session, attachment_id, customer), now=now)

    return json(await request.app.ctx.database.read(find))


@blueprint.get("/api/attachments/<attachment_id:str>")
async def give(request: Request, attachment_id: str) -> None:
    """The file, to who has a link, the customer's token, or a seat at the desk."""
    context = request.app.ctx
    found = await context.database.read(_allowed, request, attachment_id, context.clock())
    path = context.attachments.path(found.id)
    is_image = await asyncio.to_thread(_is_still_an_image, path, found)
    response = await request.respond(
        content_type=found.type if is_image else "application/octet-stream",
        headers={
            "Content-Length": str(found.size),
            "Content-Disposition": _disposition("inline" if is_image else "attachment", found.name),
            "Content-Security-Policy": _CANNOT_ACT,
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": f"private, max-age={_KEPT_SECONDS}, immutable",
        },
    )
    assert response is not None
    with path.open("rb") as file:
        left = found.size
        while left and (portion := await asyncio.to_thread(file.read, min(_PORTION, left))):
            left -= len(portion)
            await response.send(portion)
    await response.eof()


async def _take(
    request: Request,
    may_send: Callable[[Session], None],
    say: Callable[[Session, Stored], tuple[Said, dict[str, Any]]],
) -> HTTPResponse:
    context = request.app.ctx
    storage: Storage = context.attachments

    def before(session: Session) -> None:
        may_send(session)
        _client_id(request), _name(request)
        storage.check_size(_announced(request))

    try:
        context.uploads.take(request.client_ip)
        await context.database.read(before)
    except ServiceError:
        await _swallow(request, 2 * storage.limit)
        raise
    upload = await asyncio.to_thread(storage.begin)
    try:
        await _receive(request, upload)
    except ServiceError:
        upload.discard()
        await _swallow(request, 2 * storage.limit)
        raise
    except BaseException:
        upload.discard()
        raise
    # A browser that goes away from here on has sent a message all the same.
    keeping = asyncio.ensure_future(_keep(request, upload, say))
    return json({"message": await asyncio.shield(keeping)}, status=202)


async def _receive(request: Request, upload: Upload) -> None:
    try:
        async with asyncio.timeout(_LONGEST_UPLOAD_SECONDS):
            async for portion in _portions(request):
                await asyncio.to_thread(upload.write, portion)
    except TimeoutError:
        raise BadInput("上传时间太长，请换个网络或压缩后重试。") from None


async def _keep(
    request: Request,
    upload: Upload,
    say: Callable[[Session, Stored], tuple[Said, dict[str, Any]]],
) -> dict[str, Any]:
    database: Database = request.app.ctx.database
    try:
        stored = await asyncio.to_thread(upload.finish)
        said, view = await database.write(say, stored)
    except BaseException:
        upload.discard()
        raise
    if said.is_new:
        request.app.ctx.attachments.settle(upload.id)
    else:
        upload.discard()
    return view


async def _swallow(request: Request, most: int) -> None:
    """Read what a refused caller is still sending, or it would never hear why."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_LONGEST_FAREWELL_SECONDS):
            await _drain(request, most)


async def _drain(request: Request, left: int) -> None:
    async for portion in _portions(request):
        left -= len(portion)
        if left < 0:
            return


async def _portions(request: Request) -> AsyncIterator[bytes]:
    http = request.stream
    # The last read takes the mark of a body away; reading on would wait for ever.
    while isinstance(http, Http) and http.request_body:
        portion = await http.read()
        if portion:
            yield portion


def _allowed(session: Session, request: Request, attachment_id: str, now: datetime) -> Attachment:
    signature, until = request.args.get("signature"), request.args.get("until")
    if signature and until:
        return linked(session, attachment_id, until, signature, now=now)
    if request.headers.get("authorization"):
        return attachment_for(session, attachment_id, customer_of(session, bearer_token(request)))
    reader(session, request)
    found = attachment_for(session, attachment_id)
    reading(session, request, found.conversation_id)
    return found


def _is_still_an_image(path: Path, found: Attachment) -> bool:
    """Whether the bytes are, now, what the record says they were when they came."""
    if not path.is_file():
        raise AttachmentNotFound("文件已经不在服务器上了，请让对方重新发送。")
    try:
        what = recognise(path).type
    except FileRefused:
        return False
    return what.is_image and what.media_type == found.type


def _disposition(way: str, name: str) -> str:
    # Old readers get the extension only; all others the whole name (RFC 6266).
    extension = name.rpartition(".")[2]
    return f"{way}; filename=\"file.{extension}\"; filename*=UTF-8''{quote(name, safe='')}"


def _announced(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else 0


def _client_id(request: Request) -> str:
    found = request.args.get("client_id") or ""
    if not found:
        raise BadInput("上传缺少 client_id。")
    return str(found)


def _name(request: Request) -> str:
    name = str(request.args.get("name") or "")
    if len(name) > _LONGEST_NAME:
        raise BadInput(f"文件名最多 {_LONGEST_NAME} 字。")
    return name
