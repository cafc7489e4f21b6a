"""A phone in the browser: somebody plays a WeChat user against the running platform."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.wechat_stand_in.phone import Delivery, Keys, Phone, text_element
from tests.wechat_stand_in.tencent import Tencent

_PAGE = Path(__file__).with_name("phone.html")
_SCENES = {
    "subscribe": ("subscribe", "<EventKey></EventKey>"),
    "unsubscribe": ("unsubscribe", "<EventKey></EventKey>"),
    "scan": ("SCAN", "<EventKey>station_1</EventKey><Ticket>T</Ticket>"),
}


class Demo:
    """The phones, one for each user, and what each has said and seen."""

    def __init__(self, tencent: Tencent, keys: Keys, callback: str) -> None:
        self._tencent = tencent
        self._keys = keys
        self._callback = callback
        self._phones: dict[str, Phone] = {}
        self._said: dict[str, list[dict[str, Any]]] = {}

    def application(self) -> web.Application:
        """The page and its two calls."""
        app = web.Application()
        app.router.add_get("/", self._page)
        app.router.add_get("/seen", self._seen)
        app.router.add_post("/do", self._do)
        return app

    async def _page(self, _request: web.Request) -> web.Response:
        return web.Response(text=_PAGE.read_text("utf-8"), content_type="text/html")

    async def _seen(self, request: web.Request) -> web.Response:
        openid = _openid(request)
        user = self._tencent.user(openid)
        said = self._said.get(openid, [])
        # What was received while so many things had been said comes right after them.
        for sent in user.inbox:
            sent.setdefault("after", len(said))
        typing = user.typing_until is not None and user.typing_until > self._tencent.clock()
        answer = {
            "said": said,
            "received": user.inbox,
            "left": self._tencent.left(openid),
            "typing": typing,
            "follows": user.follows,
        }
        return web.Response(
            body=json.dumps(answer, ensure_ascii=False).encode(), content_type="application/json"
        )

    async def _do(self, request: web.Request) -> web.Response:
        body = await request.json()
        openid = _openid(request)
        phone = self._phones.setdefault(
            openid, Phone(self._tencent, self._keys, self._callback, openid)
        )
        delivery = await asyncio.to_thread(_perform, phone, body)
        said = self._said.setdefault(openid, [])
        said.append({"text": body.get("text") or f"［{body.get('act')}］"})
        accepted = [each.text for each in delivery.answers]
        return web.json_response({"answers": accepted})


def _perform(phone: Phone, body: dict[str, Any]) -> Delivery:
    act = body.get("act")
    if act == "text":
        return phone.writes(str(body["text"]), menu_id=str(body.get("menu_id") or ""))
    if act == "menu":
        return phone.does("CLICK", text_element("EventKey", str(body["key"])))
    if act == "image":
        return phone.sends("image", "<PicUrl>http://x/0</PicUrl><MediaId>none</MediaId>")
    if act == "voice":
        return phone.sends("voice", "<MediaId>none</MediaId><Format>amr</Format><Recognition/>")
    if act == "location":
        place = "<Location_X>28.65</Location_X><Location_Y>121.42</Location_Y><Scale>15</Scale>"
        return phone.sends("location", f"{place}<Label>云州市泵阀产业园</Label>")
    event, inner = _SCENES[str(act)]
    return phone.does(event, inner)


def _openid(request: web.Request) -> str:
    user = "".join(c for c in request.query.get("user", "") if c.isascii() and c.isalnum())
    return f"oDEMO{user or '1'}".ljust(28, "a")[:28]
