"""Plays Tencent's API: strict where Tencent is strict."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from tests.wechat_stand_in.answering import Host, Outage
from tests.wechat_stand_in.limits import MOST_BYTES, Refusal, check_code, check_fields, check_menu

NOT_LISTED = 40164
MESSAGE, CLICK = (5, timedelta(hours=48)), (3, timedelta(seconds=60))


@dataclass
class User:
    """A WeChat user as Tencent sees one; allowances in separate buckets, or added to the larger."""

    openid: str
    follows: bool = True
    buckets: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    inbox: list[dict[str, Any]] = field(default_factory=list)
    received_at: list[datetime] = field(default_factory=list)
    acted_at: datetime | None = None
    typing_until: datetime | None = None
    consents: Counter[str] = field(default_factory=Counter)
    notices: list[dict[str, Any]] = field(default_factory=list)
    noticed_at: list[datetime] = field(default_factory=list)


@dataclass(frozen=True)
class Template:
    """A template as the console has it: its title, and what stands before each field."""

    title: str
    labels: dict[str, str]


@dataclass
class Switches(Outage):
    """What the stand-in is told to do; None and empty: as Tencent does by itself."""

    always: int = 0  # every call to custom/send answers this number
    once: list[int] = field(default_factory=list)  # the next calls answer these; 0: taken
    notices: int = 0  # every template or subscription message answers this number
    outcome: str = "success"  # what it tells afterwards of template messages
    outcome_code: int = 0  # and of subscription messages
    no_menus: bool = False
    separate_buckets: bool = True


class Tencent(Host):
    """The account, its users, tokens and everything that was sent."""

    content_type = "application/json; encoding=utf-8"

    def __init__(
        self, app_id: str, secret: str, clock: Callable[[], datetime] | None = None
    ) -> None:
        super().__init__(clock)
        self.app_id = app_id
        self.secret = secret
        self.users: dict[str, User] = {}
        self.templates: dict[str, Template] = {}
        self.client_ids: dict[str, int] = {}
        self.menu: dict[str, Any] | None = None
        self.codes: list[dict[str, Any]] = []
        self.switches: Switches = Switches()
        # Who carries to the callback what Tencent tells by itself: user, event and its inside.
        self.tell: Callable[[str, str, str], object] | None = None
        self.reports: list[Future[object]] = []
        self._telling = ThreadPoolExecutor(1, "tencent-tells")

    def user(self, openid: str) -> User:
        """A user, who is met for the first time if need be."""
        return self.users.setdefault(openid, User(openid))

    def acted(self, openid: str, *, wrote: bool) -> None:
        """The user wrote, or followed, scanned or pressed something."""
        user, now = self.user(openid), self.clock()
        user.acted_at = now
        count, length = MESSAGE if wrote else CLICK
        user.buckets["message" if wrote else "click"] = (count, now + length)

    def left(self, openid: str) -> int:
        """How many messages may be sent to a user now."""
        return sum(
            count for count, until in self.user(openid).buckets.values() if until > self.clock()
        )

    def tells(self, openid: str, event: str, inner: str) -> None:
        """Tell the account of something, beside what it is being answered."""
        if self.tell is not None:
            self.reports.append(self._telling.submit(self.tell, openid, event, inner))

    def told(self, refusal: Refusal) -> str:
        """Ends with a number that Tencent's diagnosis takes."""
        rid = f"6{secrets.token_hex(4)[1:]}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
        return f"{refusal.message} rid: {rid}"

    def unknown_token(self) -> Refusal:
        """Nor is an old one known."""
        return Refusal(40001, "invalid credential, access_token is invalid or not latest")


async def body_of(request: web.Request) -> dict[str, Any]:
    """The JSON body of a POST, in raw UTF-8."""
    if request.method != "POST":
        raise Refusal(43002, "require POST method")
    raw = await request.read()
    if not raw:
        raise Refusal(44002, "empty post data")
    try:
        body = json.loads(raw.decode("utf-8"))
    except ValueError:
        raise Refusal(47001, "data format error") from None
    if not isinstance(body, dict):
        raise Refusal(47001, "data format error")
    # Tencent would show the escapes to the user.
    if b"\\u" in raw:
        raise AssertionError("the body holds \\u escapes")
    return body


async def stable_token(tencent: Tencent, request: web.Request) -> dict[str, Any]:
    """The same token until its last five minutes."""
    body = await body_of(request)
    if body.get("grant_type") != "client_credential" or body.get("appid") != tencent.app_id:
        raise Refusal(40013, "invalid appid")
    if body.get("secret") != tencent.secret:
        raise Refusal(40125, "invalid appsecret")
    now = tencent.clock()
    for token, until in tencent.tokens.items():
        if until - timedelta(minutes=5) > now:
            return {"access_token": token, "expires_in": int((until - now).total_seconds())}
    token = secrets.token_urlsafe(96)
    tencent.tokens[token] = now + timedelta(seconds=7200)
    return {"access_token": token, "expires_in": 7200}


async def custom_send(tencent: Tencent, request: web.Request) -> dict[str, Any]:
    """One customer-service message."""
    tencent.check_token(request)
    body = await body_of(request)
    switches = tencent.switches
    if switches.once and (told := switches.once.pop(0)):
        raise Refusal(told, "as told")
    if switches.always == NOT_LISTED:
        told = "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"
        raise Refusal(NOT_LISTED, told)
    if switches.always:
        raise Refusal(switches.always, "as told")
    user = tencent.users.get(str(body.get("touser", "")))
    if user is None:
        raise Refusal(40003, "invalid openid")
    _check_content(tencent, body)
    if not user.follows or not any(until > tencent.clock() for _, until in user.buckets.values()):
        raise Refusal(45015, "response out of time limit or subscription is canceled")
    _spend(tencent, user)
    user.typing_until = None
    user.inbox.append({key: body[key] for key in body if key != "touser"})
    user.received_at.append(tencent.clock())
    return {"errcode": 0, "errmsg": "ok"}


def _check_content(tencent: Tencent, body: dict[str, Any]) -> None:
    kind = body.get("msgtype")
    content = body.get(str(kind))
    if not isinstance(content, dict):
        raise Refusal(47001, "data format error")
    if kind == "text":
        text = content.get("content")
        if not isinstance(text, str) or not text.strip():
            raise Refusal(44004, "empty content")
        if len(text.encode()) > MOST_BYTES:
            raise Refusal(45002, "content size out of limit")
    elif kind == "image":
        if content.get("media_id") not in tencent.media:
            raise Refusal(40007, "invalid media_id")
    elif kind == "msgmenu":
        if tencent.switches.no_menus:
            raise Refusal(40200, "invalid account type")
        if not all(str(each["id"]).isdigit() and each["content"] for each in content["list"]):
            raise Refusal(47003, "argument invalid! list")
        if len(str(content.get("head_content", "")).encode()) > MOST_BYTES:
            raise Refusal(45002, "content size out of limit")
    else:
        raise Refusal(40008, "invalid message type")


def _spend(tencent: Tencent, user: User) -> None:
    now = tencent.clock()
    live = {name: left for name, (left, until) in user.buckets.items() if until > now}
    if not any(live.values()):
        raise Refusal(45047, "out of response count limit")
    # Which allowance pays is documented nowhere: from one of them, or from both.
    names = (
        list(live) if not tencent.switches.separate_buckets else [max(live, key=live.__getitem__)]
    )
    for name in names:
        left, until = user.buckets[name]
        user.buckets[name] = (max(0, left - 1), until)


async def typing(tencent: Tencent, request: web.Request) -> dict[str, Any]:
    """The typing command."""
    tencent.check_token(request)
    body = await body_of(request)
    if body.get("command") not in ("Typing", "CancelTyping"):
        raise Refusal(45072, "invalid command")
    user, now = tencent.user(str(body.get("touser"))), tencent.clock()
    if user.acted_at is None or now - user.acted_at > timedelta(seconds=30):
        raise Refusal(45080, "no recent interaction")
    if user.typing_until is not None and user.typing_until > now:
        raise Refusal(45081, "already typing")
    user.typing_until = now + timedelta(seconds=15)
    return {"errcode": 0, "errmsg": "ok"}


async def upload(tencent: Tencent, request: web.Request) -> dict[str, Any]:
    """A picture for three days."""
    tencent.check_token(request)
    form = await request.post()
    media = form.get("media")
    if not isinstance(media, web.FileField) or not media.filename:
        raise Refusal(41005, "media data missing")
    content = media.file.read()
    if len(content) > 10_000_000:
        raise Refusal(40006, "invalid media size")
    media_id = secrets.token_urlsafe(24)
    tencent.media[media_id] = content
    return {
        "type": request.query.get("type", ""),
        "media_id": media_id,
        "created_at": int(tencent.clock().timestamp()),
    }


async def download(tencent: Tencent, request: web.Request) -> Any:
    """What a user sent."""
    tencent.check_token(request)
    if tencent.switches.downloads and (told := tencent.switches.downloads.pop(0)):
        raise Refusal(told, "as told")
    content = tencent.media.get(request.query.get("media_id", ""))
    if content is None:
        raise Refusal(40007, "invalid media_id")
    return web.Response(
        body=content,
        headers={
            "Content-Type": "image/jpeg",
            "Content-disposition": 'attachment; filename="media.jpg"',
        },
    )


async def create_menu(tencent: Tencent, request: web.Request) -> dict[str, Any]:
    """The account's menu."""
    tencent.check_token(request)
    body = await body_of(request)
    check_menu(body)
    tencent.menu = body
    return {"errcode": 0, "errmsg": "ok"}


async def create_code(tencent: Tencent, request: web.Request) -> dict[str, Any]:
    """A QR code with a scene."""
    tencent.check_token(request)
    body = await body_of(request)
    scene = check_code(body)
    tencent.codes.append(body)
    made = {"ticket": f"gQ/{scene}==", "url": f"http://weixin.qq.com/q/{scene}"}
    is_passing = body["action_name"] == "QR_STR_SCENE"
    return made | ({"expire_seconds": body.get("expire_seconds") or 60} if is_passing else {})


async def template_send(tencent: Tencent, request: web.Request) -> dict[str, Any]:
    """A template message: to followers only, each ``client_msg_id`` once."""
    body, user = await _notice(tencent, request)
    if not user.follows:
        raise Refusal(43004, "require subscribe")
    once = str(body.get("client_msg_id", ""))
    if once and once in tencent.client_ids:
        return {"errcode": 0, "errmsg": "ok", "msgid": tencent.client_ids[once]}
    message_id = 200228332 + len(user.notices)
    tencent.client_ids[once] = message_id
    _keep(tencent, user, body)
    status = f"<MsgID>{message_id}</MsgID><Status>{tencent.switches.outcome}</Status>"
    tencent.tells(user.openid, "TEMPLATESENDJOBFINISH", status)
    return {"errcode": 0, "errmsg": "ok", "msgid": message_id}


async def bizsend(tencent: Tencent, request: web.Request) -> dict[str, Any]:
    """A subscription message: uses one consent up."""
    body, user = await _notice(tencent, request)
    if not user.consents[body["template_id"]]:
        raise Refusal(43101, "user refuse to accept the msg")
    user.consents[body["template_id"]] -= 1
    _keep(tencent, user, body)
    result = f"<TemplateId>{body['template_id']}</TemplateId><MsgID>{len(user.notices)}</MsgID>"
    result += f"<ErrorCode>{tencent.switches.outcome_code}</ErrorCode>"
    inner = f"<SubscribeMsgSentEvent><List>{result}</List></SubscribeMsgSentEvent>"
    tencent.tells(user.openid, "subscribe_msg_sent_event", inner)
    return {"errcode": 0, "errmsg": "ok"}


async def _notice(tencent: Tencent, request: web.Request) -> tuple[dict[str, Any], User]:
    tencent.check_token(request)
    body = await body_of(request)
    if tencent.switches.notices:
        raise Refusal(tencent.switches.notices, "as told")
    user = tencent.users.get(str(body.get("touser", "")))
    if user is None:
        raise Refusal(40003, "invalid openid")
    template = tencent.templates.get(str(body.get("template_id", "")))
    if template is None:
        raise Refusal(40037, "invalid template_id")
    check_fields(list(template.labels), body.get("data") or {})
    return body, user


def _keep(tencent: Tencent, user: User, body: dict[str, Any]) -> None:
    user.notices.append(body)
    user.noticed_at.append(tencent.clock())


ROUTES: dict[str, Callable[[Tencent, web.Request], Any]] = {
    "stable_token": stable_token,
    "message/custom/send": custom_send,
    "message/custom/typing": typing,
    "media/upload": upload,
    "media/get": download,
    "message/template/send": template_send,
    "message/subscribe/bizsend": bizsend,
    "menu/create": create_menu,
    "qrcode/create": create_code,
}
