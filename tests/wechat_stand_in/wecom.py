"""Plays WeCom's API for 微信客服: strict where WeCom is strict."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from tests.wechat_stand_in.answering import Host, Outage
from tests.wechat_stand_in.limits import MOST_BYTES, Refusal
from tests.wechat_stand_in.tencent import body_of, download, upload

_MSGID = re.compile(r"[0-9A-Za-z_-]{1,32}")
NEW, ASSISTANT, QUEUE, AGENT, OVER = range(5)
# From which state to which a call may lead; everything else is refused.
_MOVES = {NEW: {1, 2, 3}, ASSISTANT: {2, 3}, QUEUE: {3}, AGENT: {3, 4}, OVER: set[int]()}
_KEPT = timedelta(days=3)


@dataclass
class KfUser:
    """A customer in one of the company's accounts."""

    external_userid: str
    state: int = OVER
    left: int = 0
    until: datetime | None = None
    inbox: list[dict[str, Any]] = field(default_factory=list)
    received_at: list[datetime] = field(default_factory=list)


@dataclass
class Code:
    """What one event allows: one message until then, of these types."""

    user: KfUser
    until: datetime
    types: tuple[str, ...]


@dataclass
class KfSwitches(Outage):
    """What the stand-in is told to do; empty: as WeCom does by itself."""

    send: list[int] = field(
        default_factory=list
    )  # the next calls of send_msg answer these; 0: taken
    sync: list[int] = field(default_factory=list)  # the next calls of sync_msg answer these
    unheard: int = 0  # so many messages are taken without an answer
    empty_pages: int = 0  # so many pages without a message come first
    page: int = 1000
    reports_sixth: bool = False  # the sixth message is taken, and an event says that it failed
    no_assistant: bool = False  # the console has no assistant: no move to state 1


class WeCom(Host):
    """The company: its accounts, tokens, the log of what happened, and what was sent."""

    content_type = "application/json; charset=UTF-8"

    def __init__(
        self, corp_id: str, secret: str, open_kfid: str, clock: Callable[[], datetime] | None = None
    ) -> None:
        super().__init__(clock)
        self.corp_id, self.secret, self.open_kfid = corp_id, secret, open_kfid
        self.users: dict[str, KfUser] = {}
        self.log: list[dict[str, Any]] = []
        self.mail_tokens: dict[str, datetime] = {}
        self.codes: dict[str, Code] = {}
        self.msgids: set[str] = set()
        self.pulling = 0
        self.most_pulling = 0
        self.pulls_without_token: list[datetime] = []
        self.switches: KfSwitches = KfSwitches()

    def user(self, external_userid: str) -> KfUser:
        """A customer, who is met for the first time if need be."""
        return self.users.setdefault(external_userid, KfUser(external_userid))

    def mail_token(self) -> str:
        """The token of a callback, good for ten minutes."""
        token = f"MAIL{secrets.token_urlsafe(24)}"
        self.mail_tokens[token] = self.clock() + timedelta(minutes=10)
        return token

    def happens(self, **what: Any) -> dict[str, Any]:
        """Put something into the log that ``sync_msg`` reads."""
        line = {
            "msgid": f"m{secrets.token_hex(8)}",
            "send_time": int(self.clock().timestamp()),
            **what,
        }
        self.log.append(line)
        return line

    def event(self, external_userid: str, event_type: str, **more: Any) -> dict[str, Any]:
        """An event about a customer."""
        inner = {
            "event_type": event_type,
            "open_kfid": self.open_kfid,
            "external_userid": external_userid,
            **more,
        }
        return self.happens(origin=4, msgtype="event", event=inner)

    def code(self, user: KfUser, types: tuple[str, ...], seconds: float = 20) -> str:
        """A code that works once."""
        made = f"CODE{secrets.token_urlsafe(16)}"
        self.codes[made] = Code(user, self.clock() + timedelta(seconds=seconds), types)
        return made

    def told(self, refusal: Refusal) -> str:
        """Ends with the caller's own address, among other things."""
        hint = f"hint: [{secrets.randbelow(10**24)}], from ip: 203.0.113.9, more info at "
        hint += f"https://open.work.weixin.qq.com/devtool/query?e={refusal.code}"
        return f"{refusal.message}, {hint}"

    def unknown_token(self) -> Refusal:
        """Here with a number of its own."""
        return Refusal(40014, "invalid access_token")


async def gettoken(wecom: WeCom, request: web.Request) -> dict[str, Any]:
    """The same token until it ends."""
    if request.method != "GET":
        raise Refusal(43001, "require GET method")
    if request.query.get("corpid") != wecom.corp_id:
        raise Refusal(40013, "invalid corpid")
    if request.query.get("corpsecret") != wecom.secret:
        raise Refusal(40001, "invalid credential")
    now = wecom.clock()
    for token, until in wecom.tokens.items():
        if until - timedelta(minutes=5) > now and not wecom.switches.forget_tokens:
            return _ok(access_token=token, expires_in=int((until - now).total_seconds()))
    token = secrets.token_urlsafe(96)
    wecom.tokens[token] = now + timedelta(seconds=7200)
    return _ok(access_token=token, expires_in=7200)


async def sync_msg(wecom: WeCom, request: web.Request) -> dict[str, Any]:
    """One page of the log; only the last three days, and no two readers at once."""
    wecom.check_token(request)
    body = await body_of(request)
    if body.get("open_kfid") != wecom.open_kfid:
        raise Refusal(95000, "invalid open_kfid")
    _check_mail_token(wecom, str(body.get("token", "")))
    if wecom.switches.sync:
        raise Refusal(wecom.switches.sync.pop(0), "as told")
    limit, cursor = body.get("limit", 1000), str(body.get("cursor", ""))
    if not 1 <= limit <= 1000 or len(cursor) > 64:
        raise Refusal(40058, "invalid Request Parameter")
    wecom.pulling += 1
    wecom.most_pulling = max(wecom.most_pulling, wecom.pulling)
    try:
        oldest = (wecom.clock() - _KEPT).timestamp()
        first = next((i for i, each in enumerate(wecom.log) if each["send_time"] > oldest), 0)
        start = int(cursor.removeprefix("c")) if cursor else first
        if wecom.switches.empty_pages:
            wecom.switches.empty_pages -= 1
            return _ok(next_cursor=f"c{start}", has_more=1, msg_list=[])
        end = min(len(wecom.log), start + min(limit, wecom.switches.page))
        more = int(end < len(wecom.log))
        return _ok(next_cursor=f"c{end}", has_more=more, msg_list=wecom.log[start:end])
    finally:
        wecom.pulling -= 1


def _check_mail_token(wecom: WeCom, token: str) -> None:
    now = wecom.clock()
    if token in wecom.mail_tokens and wecom.mail_tokens[token] > now:
        return
    lately = [each for each in wecom.pulls_without_token if now - each < timedelta(minutes=1)]
    if len(lately) >= 10:
        raise Refusal(45009, "api freq out of limit")
    wecom.pulls_without_token = [*lately, now]


async def send_msg(wecom: WeCom, request: web.Request) -> dict[str, Any]:
    """One message; that it is taken does not mean that it arrives."""
    wecom.check_token(request)
    body = await _strict_body(request)
    if body.get("open_kfid") != wecom.open_kfid:
        raise Refusal(95000, "invalid open_kfid")
    if wecom.switches.send and (told := wecom.switches.send.pop(0)):
        raise Refusal(told, "as told")
    user = wecom.users.get(str(body.get("touser", "")))
    if user is None:
        raise Refusal(40096, "invalid external userid")
    msgid = _check(wecom, body, ("text", "image", "msgmenu", "link"))
    if user.state not in (NEW, ASSISTANT):
        raise Refusal(95018, "send msg session status invalid")
    is_open = user.until is not None and user.until > wecom.clock()
    if not is_open or user.left <= 0:
        if not wecom.switches.reports_sixth:
            raise Refusal(95001, "send msg count limit")
        fail = {"fail_msgid": msgid, "fail_type": 6 if is_open else 4}
        wecom.event(user.external_userid, "msg_send_fail", **fail)
        wecom.msgids.add(msgid)
        return _ok(msgid=msgid)
    user.left -= 1
    _arrive(wecom, user, body, msgid)
    if wecom.switches.unheard:
        wecom.switches.unheard -= 1
        raise web.HTTPGatewayTimeout
    return _ok(msgid=msgid)


async def send_msg_on_event(wecom: WeCom, request: web.Request) -> dict[str, Any]:
    """The one message of an event."""
    wecom.check_token(request)
    body = await _strict_body(request)
    code = wecom.codes.pop(str(body.get("code", "")), None)
    if code is None or code.until <= wecom.clock():
        raise Refusal(40058, "invalid code")
    msgid = _check(wecom, body, code.types)
    _arrive(wecom, code.user, body, msgid)
    return _ok(msgid=msgid)


async def get_state(wecom: WeCom, request: web.Request) -> dict[str, Any]:
    """Who speaks."""
    wecom.check_token(request)
    user = _user_of(wecom, await body_of(request))
    servicer = "zhangsan" if user.state == AGENT else ""
    return _ok(service_state=user.state, servicer_userid=servicer)


async def move_state(wecom: WeCom, request: web.Request) -> dict[str, Any]:
    """Have somebody else speak, as far as the table allows."""
    wecom.check_token(request)
    body = await body_of(request)
    user, state = _user_of(wecom, body), body.get("service_state")
    if state not in _MOVES[user.state] or (state == ASSISTANT and wecom.switches.no_assistant):
        raise Refusal(95016, "service state transition not allowed")
    user.state = state
    return _ok(msg_code=wecom.code(user, ("text",), 48 * 3600) if state in (2, 3) else "")


async def add_contact_way(wecom: WeCom, request: web.Request) -> dict[str, Any]:
    """A link into an account's chat."""
    wecom.check_token(request)
    body = await body_of(request)
    if body.get("open_kfid") != wecom.open_kfid:
        raise Refusal(95000, "invalid open_kfid")
    if not _MSGID.fullmatch(str(body.get("scene", ""))):
        raise Refusal(40058, "invalid Request Parameter, scene")
    return _ok(url=f"https://work.weixin.qq.com/kf/kfcbf8f8d07ac7215f?enc_scene={body['scene']}")


def _user_of(wecom: WeCom, body: dict[str, Any]) -> KfUser:
    user = wecom.users.get(str(body.get("external_userid", "")))
    if body.get("open_kfid") != wecom.open_kfid or user is None:
        raise Refusal(40096, "invalid external userid")
    return user


async def _strict_body(request: web.Request) -> dict[str, Any]:
    if b"\\u" in await request.read():
        raise Refusal(40033, "invalid request, escaped characters")
    return await body_of(request)


def _check(wecom: WeCom, body: dict[str, Any], types: tuple[str, ...]) -> str:
    """The message's name, if everything about it is as WeCom wants it."""
    kind = str(body.get("msgtype"))
    content = body.get(kind)
    if kind not in types or not isinstance(content, dict):
        raise Refusal(40008, "invalid message type")
    msgid = str(body.get("msgid") or secrets.token_hex(16))
    if not _MSGID.fullmatch(msgid) or msgid in wecom.msgids:
        raise Refusal(40058, "invalid Request Parameter, msgid")
    if kind == "text":
        _check_text(content.get("content"), MOST_BYTES)
    elif kind == "image" and content.get("media_id") not in wecom.media:
        raise Refusal(40007, "invalid media_id")
    elif kind == "msgmenu":
        items = content.get("list", [])
        if not 1 <= len(items) <= 10:
            raise Refusal(95008, "menu item count")
        for each in items:
            click = each.get("click", {})
            if each.get("type") != "click" or len(str(click.get("id", "")).encode()) > 64:
                raise Refusal(95009, "menu item type")
            _check_text(click.get("content"), 128)
        if content.get("head_content"):
            _check_text(content["head_content"], 1024)
    return msgid


def _check_text(text: Any, most: int) -> None:
    if not isinstance(text, str) or not text.strip():
        raise Refusal(44004, "empty content")
    if len(text.encode()) > most:
        raise Refusal(45002, "content size out of limit")


def _arrive(wecom: WeCom, user: KfUser, body: dict[str, Any], msgid: str) -> None:
    wecom.msgids.add(msgid)
    hidden = ("touser", "open_kfid", "code")
    user.inbox.append({key: body[key] for key in body if key not in hidden})
    user.received_at.append(wecom.clock())


def _ok(**more: Any) -> dict[str, Any]:
    return {"errcode": 0, "errmsg": "ok", **more}


ROUTES: dict[str, Callable[..., Any]] = {
    "gettoken": gettoken,
    "kf/sync_msg": sync_msg,
    "kf/send_msg": send_msg,
    "kf/send_msg_on_event": send_msg_on_event,
    "kf/service_state/get": get_state,
    "kf/service_state/trans": move_state,
    "kf/add_contact_way": add_contact_way,
    "media/upload": upload,
    "media/get": download,
}
