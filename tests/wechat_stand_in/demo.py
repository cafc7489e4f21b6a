"""A phone in the browser: somebody plays a WeChat user against the running platform."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment

from bot.wechat.menu import menu
from tests.wechat_stand_in.phone import Keys, Phone, text_element
from tests.wechat_stand_in.tencent import Tencent

_FOLDER = Path(__file__).parent
_TYPES = {"css": "text/css", "js": "text/javascript"}
_PICTURE = 8_000_000
_EVENTS = {
    "subscribe": ("subscribe", "<EventKey></EventKey>", "您关注了公众号"),
    "unsubscribe": ("unsubscribe", "<EventKey></EventKey>", "您取消关注了公众号"),
}


class Demo:
    """The phones, one for each user, and what each has said and seen."""

    def __init__(
        self, tencent: Tencent, keys: Keys, callback: str, platform: dict[str, str]
    ) -> None:
        """``platform`` has its ``name`` and its ``address``."""
        self._tencent = tencent
        self._keys = keys
        self._callback = callback
        self._platform = platform
        self._phones: dict[str, Phone] = {}
        self._said: dict[str, list[dict[str, Any]]] = {}
        # As after ``python -m bot.wechat menu``.
        tencent.menu = tencent.menu or menu()

    def application(self) -> web.Application:
        """The page, its files and its calls."""
        app = web.Application(client_max_size=_PICTURE)
        app.router.add_get("/", self._page)
        app.router.add_get("/phone.{kind:css|js}", self._file)
        app.router.add_get("/media/{media_id}", self._media)
        app.router.add_get("/seen", self._seen)
        app.router.add_post("/do", self._do)
        app.router.add_post("/picture", self._picture)
        return app

    def close(self) -> None:
        """Let go of the phones' connections."""
        for phone in self._phones.values():
            phone.client.close()

    async def _page(self, _request: web.Request) -> web.Response:
        template = Environment(autoescape=True).from_string(_read("phone.html"))
        page = template.render(platform=self._platform, menu=self._tencent.menu["button"])
        return web.Response(text=page, content_type="text/html")

    async def _file(self, request: web.Request) -> web.Response:
        kind = request.match_info["kind"]
        return web.Response(text=_read(f"phone.{kind}"), content_type=_TYPES[kind])

    async def _media(self, request: web.Request) -> web.Response:
        content = self._tencent.media.get(request.match_info["media_id"])
        if content is None:
            raise web.HTTPNotFound
        return web.Response(body=content, content_type="image/png")

    async def _seen(self, request: web.Request) -> web.Response:
        openid = _openid(request)
        user, now = self._tencent.user(openid), self._tencent.clock()
        received = [
            {"by": "account", "at": at.isoformat(), **sent}
            for sent, at in zip(user.inbox, user.received_at, strict=True)
        ]
        said = self._said.get(openid, [])
        answer = {
            "talk": sorted([*said, *received], key=lambda each: str(each["at"])),
            # Two allowances do not add up; the platform counts on the larger one.
            "left": max((left for left, until in user.buckets.values() if until > now), default=0),
            "typing": user.typing_until is not None and user.typing_until > now,
            "follows": user.follows,
        }
        body = json.dumps(answer, ensure_ascii=False).encode()
        return web.Response(body=body, content_type="application/json")

    async def _do(self, request: web.Request) -> web.Response:
        body = await request.json()
        return await self._perform(request, _said(body), _perform, body)

    async def _picture(self, request: web.Request) -> web.Response:
        media_id = secrets.token_urlsafe(24)
        self._tencent.media[media_id] = await request.read()
        inner = f"<PicUrl>http://mmbiz.example/0</PicUrl><MediaId>{media_id}</MediaId>"
        said = {"msgtype": "image", "image": {"media_id": media_id}}
        return await self._perform(request, said, Phone.sends, "image", inner)

    async def _perform(
        self, request: web.Request, said: dict[str, Any], work: Any, *arguments: Any
    ) -> web.Response:
        openid = _openid(request)
        phone = self._phones.setdefault(
            openid, Phone(self._tencent, self._keys, self._callback, openid)
        )
        at = self._tencent.clock().isoformat()
        if said:
            self._said.setdefault(openid, []).append({"by": "user", "at": at, **said})
        delivery = await asyncio.to_thread(work, phone, *arguments)
        return web.json_response({"answers": [each.status_code for each in delivery.answers]})


def _said(body: dict[str, Any]) -> dict[str, Any]:
    """How an act looks in the chat; pressing the account's menu leaves no trace there."""
    act = body.get("act")
    if act == "menu":
        return {}
    if act == "text":
        return {"msgtype": "text", "text": {"content": str(body["text"])}}
    if act == "voice":
        return {"msgtype": "voice"}
    if act == "location":
        return {"msgtype": "location", "label": str(body["label"])}
    if act == "scan":
        return {"msgtype": "event", "label": f"您扫描了二维码：{body['label']}"}
    return {"msgtype": "event", "label": _EVENTS[str(act)][2]}


def _perform(phone: Phone, body: dict[str, Any]) -> Any:
    act = body.get("act")
    if act == "text":
        return phone.writes(str(body["text"]), menu_id=str(body.get("menu_id") or ""))
    if act == "menu":
        return phone.does("CLICK", text_element("EventKey", str(body["key"])))
    if act == "voice":
        return phone.sends("voice", "<MediaId>none</MediaId><Format>amr</Format><Recognition/>")
    if act == "location":
        place = "<Location_X>26.589</Location_X><Location_Y>118.24</Location_Y><Scale>15</Scale>"
        return phone.sends("location", place + text_element("Label", str(body["label"])))
    if act == "scan":
        key = text_element("EventKey", str(body["scene"]))
        return phone.does("SCAN", f"{key}<Ticket>T</Ticket>")
    event, inner, _ = _EVENTS[str(act)]
    return phone.does(event, inner)


def _read(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")


def _openid(request: web.Request) -> str:
    user = "".join(c for c in request.query.get("user", "") if c.isascii() and c.isalnum())
    return f"oDEMO{user or '1'}".ljust(28, "a")[:28]
