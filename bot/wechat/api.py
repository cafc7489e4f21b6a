"""Tencent's API for an official account, one call at a time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.database import Database
from bot.wechat.account import Account
from bot.wechat.calls import TokenApi
from bot.wechat.notices import Way
from bot.wechat.tokens import Fetched


class WeChatApi(TokenApi):
    """What an official account may ask of Tencent."""

    def __init__(self, account: Account, database: Database, clock: Callable[[], datetime]) -> None:
        super().__init__(account.api_base, account.app_id, account.app_secret, database, clock)
        self._account = account

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

    async def notify(self, way: Way, body: dict[str, Any]) -> str | None:
        """Send outside the window; Tencent's id where it tells one. Errors as ``send``."""
        path = "template/send" if way is Way.TEMPLATE else "subscribe/bizsend"
        answer = await self.call(f"message/{path}", body)
        return str(answer["msgid"]) if answer.get("msgid") else None

    async def typing(self, openid: str) -> None:
        """Show for 15 seconds that an answer is being written; errors as ``send``.

        Not worth a new token.
        """
        query = {"access_token": await self._tokens.token()}
        body = json.dumps({"touser": openid, "command": "Typing"}).encode()
        await self._post("message/custom/typing", query, body)

    async def create_menu(self, menu: dict[str, Any]) -> None:
        """Replace the account's menu; clients show it within minutes. Errors as ``send``."""
        await self.call("menu/create", menu)

    async def create_code(self, scene: str, seconds: int | None = None) -> str:
        """A QR code with a scene of 1 to 64 characters; the address of its picture.

        It lasts for ever unless ``seconds`` are given (at most 30 days). Errors as ``send``.
        """
        body: dict[str, Any] = {
            "action_name": "QR_LIMIT_STR_SCENE" if seconds is None else "QR_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }
        if seconds is not None:
            body["expire_seconds"] = seconds
        answer = await self.call("qrcode/create", body)
        return f"https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket={quote(str(answer['ticket']))}"

    async def _fetch_token(self) -> Fetched:
        body = {
            "grant_type": "client_credential",
            "appid": self._account.app_id,
            "secret": self._account.app_secret,
            "force_refresh": False,
        }
        answer = await self._post("stable_token", {}, json.dumps(body).encode())
        return Fetched(str(answer["access_token"]), int(answer["expires_in"]))
