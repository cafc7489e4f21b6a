"""Tencent's API: one call at a time, every error a number, no address in any error."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from aiohttp import ClientError, ClientSession, ClientTimeout, FormData

from bot.database import Database
from bot.wechat.account import Account
from bot.wechat.codes import Act, rule_for
from bot.wechat.tokens import Fetched, Tokens

logger = logging.getLogger(__name__)

_LIMIT_SECONDS = 10.0
_LARGEST_MEDIA = 10_000_000
_RID = re.compile(r"rid: ([0-9a-f-]{8,40})")
_IP = re.compile(r"invalid ip ([0-9a-fA-F.:]+)")


class WeChatError(Exception):
    """Tencent refused a call; the text holds the number and its ``rid``, never what was sent."""

    def __init__(self, code: int, message: str = "") -> None:
        self.code = code
        self.rule = rule_for(code)
        rid, ip = _RID.search(message), _IP.search(message)
        self.hint = " ".join([f"rid={rid[1]}" if rid else "", f"ip={ip[1]}" if ip else ""]).strip()
        super().__init__(f"{code} {self.rule.reason} {self.hint}".strip())


class WeChatAway(Exception):
    """No usable answer; the text names the kind of trouble only: addresses carry the token."""


class WeChatApi:
    """Calls with the access token; its connections are opened at the first call and kept."""

    def __init__(self, account: Account, database: Database, clock: Callable[[], datetime]) -> None:
        self._account = account
        self._tokens = Tokens(account, database, self._fetch_token, clock)
        self._session: ClientSession | None = None

    async def send(self, openid: str, body: dict[str, Any]) -> str | None:
        """Send one message to a customer.

        Returns:
            Tencent's id of it, where it tells one.

        Raises:
            WeChatError: Tencent refuses.
            WeChatAway: It cannot be reached.
        """
        answer = await self.call("message/custom/send", {"touser": openid, **body})
        return str(answer["msgid"]) if answer.get("msgid") else None

    async def typing(self, openid: str) -> None:
        """Show for 15 seconds that an answer is being written; errors as ``send``.

        Not worth a new token.
        """
        query = {"access_token": await self._tokens.token()}
        body = json.dumps({"touser": openid, "command": "Typing"}).encode()
        await self._post("message/custom/typing", query, body)

    async def upload(self, content: bytes, name: str, media_type: str) -> str:
        """Upload a picture for three days; its media id. Errors as ``send``."""

        def form() -> FormData:
            made = FormData()
            made.add_field("media", content, filename=name, content_type=media_type)
            return made

        answer = await self._with_token("media/upload", {"type": "image"}, form)
        return str(answer["media_id"])

    async def create_menu(self, menu: dict[str, Any]) -> None:
        """Replace the account's menu; clients show it within minutes. Errors as ``send``."""
        await self.call("menu/create", menu)

    async def create_code(self, scene: str) -> str:
        """A lasting QR code with a scene of 1 to 64 characters; the address of its picture."""
        body = {
            "action_name": "QR_LIMIT_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }
        answer = await self.call("qrcode/create", body)
        return f"https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket={quote(str(answer['ticket']))}"

    async def download(self, media_id: str) -> bytes:
        """The bytes of what a customer sent; errors as ``send``."""
        token = await self._tokens.token()
        query = {"access_token": token, "media_id": media_id}
        try:
            async with self._client().get(self._url("media/get"), params=query) as response:
                content = await response.content.read(_LARGEST_MEDIA + 1)
                is_json = "json" in response.headers.get("Content-Type", "")
        except (TimeoutError, ClientError, OSError) as error:
            raise WeChatAway(type(error).__name__) from None
        if is_json or content[:10] == b'{"errcode"':
            _checked(content)
            raise WeChatAway("no_media")
        if len(content) > _LARGEST_MEDIA:
            raise WeChatAway("media_too_large")
        return content

    async def call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST a JSON body; a refused token is renewed and the call repeated, once.

        Raises:
            WeChatError: Tencent refuses.
            WeChatAway: It cannot be reached.
        """
        # Tencent shows "\\u4f60" as it stands, so the text goes out as UTF-8.
        content = json.dumps(body, ensure_ascii=False).encode()
        return await self._with_token(path, {}, lambda: content)

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _with_token(
        self, path: str, query: dict[str, str], body: Callable[[], bytes | FormData]
    ) -> dict[str, Any]:
        token = await self._tokens.token()
        try:
            return await self._post(path, {"access_token": token, **query}, body())
        except WeChatError as error:
            if error.rule.act is not Act.RENEW:
                raise
            token = await self._tokens.instead_of(token) or ""
            if not token:
                raise
        return await self._post(path, {"access_token": token, **query}, body())

    async def _fetch_token(self) -> Fetched:
        body = {
            "grant_type": "client_credential",
            "appid": self._account.app_id,
            "secret": self._account.app_secret,
            "force_refresh": False,
        }
        answer = await self._post("stable_token", {}, json.dumps(body).encode())
        return Fetched(str(answer["access_token"]), int(answer["expires_in"]))

    async def _post(
        self, path: str, query: dict[str, str], body: bytes | FormData
    ) -> dict[str, Any]:
        try:
            async with self._client().post(self._url(path), params=query, data=body) as response:
                return _checked(await response.read())
        except (TimeoutError, ClientError, OSError) as error:
            # The error's own text would print the address, and with it the token.
            raise WeChatAway(type(error).__name__) from None

    def _url(self, path: str) -> str:
        return f"{self._account.api_base}/cgi-bin/{path}"

    def _client(self) -> ClientSession:
        # A session belongs to the event loop it is made on, so it cannot be made earlier.
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(_LIMIT_SECONDS))
        return self._session


def _checked(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        raise WeChatAway("not_json") from None
    if not isinstance(answer, dict):
        raise WeChatAway("not_json")
    # Several good answers have no errcode at all.
    code = answer.get("errcode", 0)
    if code:
        raise WeChatError(int(code), str(answer.get("errmsg", "")))
    return answer
