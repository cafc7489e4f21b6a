"""WeCom's API for 微信客服, one call at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

from bot.database import Database
from bot.wechat.calls import TokenApi, WeChatError
from bot.wechat.codes import Rule
from bot.wechat.tokens import Fetched
from bot.wecom.account import Address, KfAccount
from bot.wecom.codes import kf_rule_for

_HINT = re.compile(r"hint: \[(\d{6,40})\]")
_IP = re.compile(r"from ip: ([0-9a-fA-F.:]+)")
_NOT_LISTED = 60020
# WeCom hands a parameter on only where the link has a scene of its own.
_SCENE = "platform"


class KfError(WeChatError):
    """WeCom refused a call.

    Its text ends with our own address on the network, which concerns nobody but whoever has to
    list it. ``names_msgid``: what was refused is the message's id, so it had been taken before.
    """

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(code, message)
        hint, ip = _HINT.search(message), _IP.search(message)
        told = [f"hint={hint[1]}" if hint else ""]
        told += [f"ip={ip[1]}" if ip and code == _NOT_LISTED else ""]
        self.hint = " ".join(each for each in told if each)
        self.names_msgid = "msgid" in message.partition("hint:")[0].lower()
        self.args = (f"{code} {self.rule.reason} {self.hint}".strip(),)

    def _rule(self, code: int) -> Rule:
        return kf_rule_for(code)


class KfApi(TokenApi):
    """What the platform asks of WeCom; every method raises what ``call`` raises."""

    error: ClassVar[type[WeChatError]] = KfError

    def __init__(
        self, account: KfAccount, database: Database, clock: Callable[[], datetime]
    ) -> None:
        # A company has a token for each of its applications.
        name = f"kf:{account.corp_id}"
        super().__init__(account.api_base, name, account.secret, database, clock)
        self._account = account

    async def send(self, to: Address, msgid: str, body: dict[str, Any]) -> str:
        """Send one message; its id. That it was taken does not mean that it arrives."""
        whom = {"touser": to.external_userid, "open_kfid": to.open_kfid, "msgid": msgid}
        answer = await self.call("kf/send_msg", {**whom, **body})
        return str(answer.get("msgid") or msgid)

    async def send_on_event(self, code: str, msgid: str, body: dict[str, Any]) -> str:
        """Send the one message that an event's code allows; its id."""
        answer = await self.call("kf/send_msg_on_event", {"code": code, "msgid": msgid, **body})
        return str(answer.get("msgid") or msgid)

    async def sync(self, open_kfid: str, cursor: str, token: str, limit: int) -> dict[str, Any]:
        """One page of what has happened since the cursor; without one, of the last three days."""
        asked: dict[str, Any] = {"open_kfid": open_kfid, "limit": limit, "voice_format": 0}
        asked |= {"cursor": cursor} if cursor else {}
        asked |= {"token": token} if token else {}
        return await self.call("kf/sync_msg", asked)

    async def state(self, of: Address) -> int:
        """Who speaks to a customer: see ``bot.wecom.sessions``."""
        answer = await self.call("kf/service_state/get", of._asdict())
        return int(answer["service_state"])

    async def move(self, whom: Address, state: int) -> None:
        """Change who speaks."""
        await self.call("kf/service_state/trans", {**whom._asdict(), "service_state": state})

    async def link(self, open_kfid: str, parameter: str) -> str:
        """Where a customer enters an account's chat; the parameter comes with the entry."""
        asked = {"open_kfid": open_kfid, "scene": _SCENE}
        answer = await self.call("kf/add_contact_way", asked)
        return f"{answer['url']}&scene_param={quote(parameter, safe='')}"

    async def _fetch_token(self) -> Fetched:
        query = {"corpid": self._account.corp_id, "corpsecret": self._account.secret}
        answer = await self._get("gettoken", query)
        return Fetched(str(answer["access_token"]), int(answer["expires_in"]))
