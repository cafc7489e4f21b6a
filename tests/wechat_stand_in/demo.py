"""A phone in the browser: somebody plays a WeChat user against the running platform."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment

from tests.wechat_stand_in.lines import AccountLine, KfLine, Line, picture

_FOLDER = Path(__file__).parent
_TYPES = {"css": "text/css", "js": "text/javascript"}
_PICTURE = 8_000_000


class Demo:
    """The phones, one for each user and line, and what each has said and seen."""

    def __init__(self, account: AccountLine, kf: KfLine, platform: dict[str, str]) -> None:
        """``platform`` has its ``name`` and its ``address``."""
        self._lines: dict[str, Line] = {"account": account, "kf": kf}
        self._menu = account.tencent.menu or {}
        self._platform = platform
        self._said: dict[tuple[str, str], list[dict[str, Any]]] = {}

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
        for line in self._lines.values():
            for phone in line.phones.values():
                phone.client.close()

    async def _page(self, request: web.Request) -> web.Response:
        name, line, user = self._whose(request)
        template = Environment(autoescape=True).from_string(_read("phone.html"))
        page = template.render(
            platform=self._platform,
            lines={each: other.title for each, other in self._lines.items()},
            line=name,
            user=user,
            acts=line.acts,
            menu=self._menu["button"] if name == "account" else [],
        )
        return web.Response(text=page, content_type="text/html")

    async def _file(self, request: web.Request) -> web.Response:
        kind = request.match_info["kind"]
        return web.Response(text=_read(f"phone.{kind}"), content_type=_TYPES[kind])

    async def _media(self, request: web.Request) -> web.Response:
        for line in self._lines.values():
            content = line.media.get(request.match_info["media_id"])
            if content is not None:
                return web.Response(body=content, content_type="image/png")
        raise web.HTTPNotFound

    async def _seen(self, request: web.Request) -> web.Response:
        name, line, user = self._whose(request)
        seen = line.seen(user)
        received = [{"by": "account", "at": at.isoformat(), **sent} for sent, at in seen.received]
        said = self._said.get((name, user), [])
        answer = {
            "talk": sorted([*said, *received], key=lambda each: str(each["at"])),
            "left": seen.left,
            "state": seen.state,
            "typing": seen.typing,
            "follows": seen.follows,
        }
        body = json.dumps(answer, ensure_ascii=False).encode()
        return web.Response(body=body, content_type="application/json")

    async def _do(self, request: web.Request) -> web.Response:
        return await self._perform(request, await request.json())

    async def _picture(self, request: web.Request) -> web.Response:
        _, line, _ = self._whose(request)
        return await self._perform(request, picture(line, await request.read()))

    async def _perform(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        name, line, user = self._whose(request)
        talk = self._said.setdefault((name, user), [])
        at = line.clock().isoformat()
        if body["act"] == "recall":
            _take_back(talk)
        talk += [{"at": at, **each} for each in line.said(body)]
        await asyncio.to_thread(line.perform, user, body)
        return web.json_response({})

    def _whose(self, request: web.Request) -> tuple[str, Line, str]:
        name = request.query.get("line", "")
        name = name if name in self._lines else "account"
        user = "".join(c for c in request.query.get("user", "") if c.isascii() and c.isalnum())
        return name, self._lines[name], user or "1"


def _take_back(talk: list[dict[str, Any]]) -> None:
    for place in range(len(talk) - 1, -1, -1):
        if talk[place]["by"] == "user" and talk[place]["msgtype"] != "event":
            del talk[place]
            return


def _read(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")
