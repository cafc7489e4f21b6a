"""How both of Tencent's hosts answer a call: HTTP 200 always, an error is a number in the body."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from tests.wechat_stand_in.limits import Refusal


@dataclass
class Outage:
    """What either host can be told to do."""

    forget_tokens: bool = False  # every token is refused
    away: bool = False  # no usable answer at all
    leads_to: str = ""  # every call is answered with a redirection
    downloads: list[int] = field(default_factory=list)  # the next of media/get answer these


class Host(ABC):
    """A host that counts its calls and refuses what it does not like."""

    content_type: str
    switches: Outage

    def __init__(self, clock: Callable[[], datetime] | None) -> None:
        self.clock = clock or (lambda: datetime.now(UTC))
        self.calls: Counter[str] = Counter()
        self.refused: list[int] = []
        self.tokens: dict[str, datetime] = {}
        self.media: dict[str, bytes] = {}
        self.url = ""

    async def answer(self, request: web.Request, work: Callable[..., Any]) -> web.Response:
        """One call."""
        self.calls[request.path.removeprefix("/cgi-bin/")] += 1
        if self.switches.away:
            return web.Response(status=502, text="<html>bad gateway</html>")
        if self.switches.leads_to:
            raise web.HTTPTemporaryRedirect(self.switches.leads_to)
        try:
            result = await work(self, request)
        except Refusal as refusal:
            self.refused.append(refusal.code)
            result = {"errcode": refusal.code, "errmsg": self.told(refusal)}
        if isinstance(result, web.Response):
            return result
        body = json.dumps(result, ensure_ascii=False).encode()
        return web.Response(body=body, headers={"Content-Type": self.content_type})

    def check_token(self, request: web.Request) -> None:
        """Refuse a call without a token that is good now."""
        token = request.query.get("access_token", "")
        if not token:
            raise Refusal(41001, "access_token missing")
        if self.switches.forget_tokens or token not in self.tokens:
            raise self.unknown_token()
        if self.tokens[token] <= self.clock():
            raise Refusal(42001, "access_token expired")

    @abstractmethod
    def told(self, refusal: Refusal) -> str:
        """The words beside the number."""

    @abstractmethod
    def unknown_token(self) -> Refusal:
        """The refusal of a token that this host never gave."""
