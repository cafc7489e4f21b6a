"""Calls to Tencent with an access token: every error a number, no address in any error.

A redirection is no answer: whoever it leads to must not be told the token.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar

from aiohttp import ClientError, ClientSession, ClientTimeout, FormData

from bot.database import Database
from bot.wechat.codes import Act, Rule, rule_for
from bot.wechat.tokens import Fetched, Tokens

_Answer = TypeVar("_Answer")
_LIMIT_SECONDS = 10.0
_LARGEST_MEDIA = 10_000_000
_RID = re.compile(r"rid: ([0-9a-f-]{8,40})")
_IP = re.compile(r"invalid ip ([0-9a-fA-F.:]+)")


class WeChatError(Exception):
    """Tencent refused a call; the text holds the number and its ``rid``, never what was sent."""

    def __init__(self, code: int, message: str = "") -> None:
        self.code = code
        self.rule = self._rule(code)
        rid, ip = _RID.search(message), _IP.search(message)
        self.hint = " ".join([f"rid={rid[1]}" if rid else "", f"ip={ip[1]}" if ip else ""]).strip()
        super().__init__(f"{code} {self.rule.reason} {self.hint}".strip())

    def _rule(self, code: int) -> Rule:
        return rule_for(code)


class WeChatAway(Exception):
    """No usable answer; the text names the kind of trouble only: addresses carry the token."""


class TokenApi:
    """What all APIs of Tencent have in common; connections are opened at the first call and kept.

    Args:
        api_base: Where the API is, without a slash at the end.
        name: Whose access token it is (see ``Tokens``).
        secret: What the token is fetched with.
        database: Where the token is shared.
        clock: Tells the time, aware.
    """

    error: ClassVar[type[WeChatError]] = WeChatError

    def __init__(
        self,
        api_base: str,
        name: str,
        secret: str,
        database: Database,
        clock: Callable[[], datetime],
    ) -> None:
        self._api_base = api_base
        self._tokens = Tokens(name, secret, database, self._fetch_token, clock)
        self._session: ClientSession | None = None

    async def upload(self, content: bytes, name: str, media_type: str) -> str:
        """Upload a picture for three days; its media id. Errors as ``call``."""

        async def post(token: str) -> dict[str, Any]:
            form = FormData()
            form.add_field("media", content, filename=name, content_type=media_type)
            return await self._post("media/upload", {"access_token": token, "type": "image"}, form)

        answer = await self._with_token(post)
        return str(answer["media_id"])

    async def download(self, media_id: str) -> bytes:
        """The bytes of what a customer sent; errors as ``call``."""
        return await self._with_token(lambda token: self._download(token, media_id))

    async def _download(self, token: str, media_id: str) -> bytes:
        query = {"access_token": token, "media_id": media_id}
        try:
            address = self._url("media/get")
            async with self._client().get(address, params=query, allow_redirects=False) as response:
                if response.status != HTTPStatus.OK:
                    raise WeChatAway(f"http_{response.status}")
                content = await response.content.read(_LARGEST_MEDIA + 1)
                is_json = "json" in response.headers.get("Content-Type", "")
        except (TimeoutError, ClientError, OSError) as error:
            raise WeChatAway(type(error).__name__) from None
        if is_json or content[:10] == b'{"errcode"':
            self._checked(content)
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
        return await self._with_token(
            lambda token: self._post(path, {"access_token": token}, content)
        )

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _fetch_token(self) -> Fetched:
        raise NotImplementedError

    async def _with_token(self, work: Callable[[str], Awaitable[_Answer]]) -> _Answer:
        token = await self._tokens.token()
        try:
            return await work(token)
        except WeChatError as error:
            if error.rule.act is not Act.RENEW:
                raise
            token = await self._tokens.instead_of(token) or ""
            if not token:
                raise
        return await work(token)

    async def _get(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        try:
            address = self._url(path)
            async with self._client().get(address, params=query, allow_redirects=False) as response:
                return self._checked(await response.read())
        except (TimeoutError, ClientError, OSError) as error:
            raise WeChatAway(type(error).__name__) from None

    async def _post(
        self, path: str, query: dict[str, str], body: bytes | FormData
    ) -> dict[str, Any]:
        try:
            async with self._client().post(
                self._url(path), params=query, data=body, allow_redirects=False
            ) as response:
                return self._checked(await response.read())
        except (TimeoutError, ClientError, OSError) as error:
            # The error's own text would print the address, and with it the token.
            raise WeChatAway(type(error).__name__) from None

    def _checked(self, content: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(content)
        except ValueError:
            raise WeChatAway("not_json") from None
        if not isinstance(answer, dict):
            raise WeChatAway("not_json")
        # Several good answers have no errcode at all.
        code = answer.get("errcode", 0)
        if code:
            raise self.error(int(code), str(answer.get("errmsg", "")))
        return answer

    def _url(self, path: str) -> str:
        return f"{self._api_base}/cgi-bin/{path}"

    def _client(self) -> ClientSession:
        # A session belongs to the event loop it is made on, so it cannot be made earlier.
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(_LIMIT_SECONDS))
        return self._session
