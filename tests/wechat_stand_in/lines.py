"""The two ways in which somebody plays a customer: an official account's chat, and 微信客服's."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.wechat.menu import menu
from tests.wechat_stand_in.kf_phone import KfPhone
from tests.wechat_stand_in.phone import Keys, Phone, text_element
from tests.wechat_stand_in.templates import TEMPLATES
from tests.wechat_stand_in.tencent import Template, Tencent
from tests.wechat_stand_in.wecom import AGENT, WeCom

Said = dict[str, Any]
_COLLEAGUE = "您好，我是企业微信里的同事，我来处理。"


@dataclass(frozen=True)
class Act:
    """A button of the page beside the keyboard."""

    act: str
    title: str
    label: str = ""
    scene: str = ""


@dataclass
class Seen:
    """What a phone shows at a moment; ``state`` says how the chat stands."""

    received: list[tuple[Said, datetime]]
    left: int
    state: str
    typing: bool = False
    follows: bool = True


_SHARED = (
    Act("voice", "语音"),
    Act("location", "位置", "云州市泵阀产业园"),
)


@dataclass
class AccountLine:
    """The official account."""

    tencent: Tencent
    keys: Keys
    callback: str
    title: str = "公众号"
    acts: tuple[Act, ...] = (
        *_SHARED,
        Act("scan", "扫海报", "您扫描了二维码：服务站海报", "station_FW-02"),
        Act("scan", "扫工单码", "您扫描了二维码：", "case_"),
        Act("subscribe", "关注", "您关注了公众号"),
        Act("unsubscribe", "取消关注", "您取消关注了公众号"),
        Act("later", "48 小时后", "您有 48 小时没有说话"),
    )
    phones: dict[str, Phone] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # As after ``python -m bot.wechat menu``.
        self.tencent.menu = self.tencent.menu or menu()
        # As after applying for them at the console.
        self.tencent.templates = self.tencent.templates or TEMPLATES
        self.media, self.clock = self.tencent.media, self.tencent.clock

    def seen(self, user: str) -> Seen:
        """What a customer's phone shows."""
        known, now = self.tencent.user(_openid(user)), self.clock()
        # Two allowances do not add up; the platform counts on the larger one.
        left = max((left for left, until in known.buckets.values() if until > now), default=0)
        typing = known.typing_until is not None and known.typing_until > now
        received = list(zip(known.inbox, known.received_at, strict=True))
        cards = [_card(self.tencent.templates[each["template_id"]], each) for each in known.notices]
        received += zip(cards, known.noticed_at, strict=True)
        state = f"还可发 {left} 条" if known.follows else "未关注"
        return Seen(received, left, state, typing, known.follows)

    def said(self, body: Said) -> list[Said]:
        """How an act looks in the chat; pressing the account's menu leaves no trace there."""
        return [] if body["act"] == "menu" else [_said(body)]

    def perform(self, user: str, body: Said) -> None:
        """Do it over the wire, which blocks: it belongs into a thread."""
        openid = _openid(user)
        new = Phone(self.tencent, self.keys, self.callback, openid)
        phone, act = self.phones.setdefault(user, new), body["act"]
        if act == "text":
            phone.writes(str(body["text"]), menu_id=str(body.get("menu_id") or ""))
        elif act == "menu":
            phone.does("CLICK", text_element("EventKey", str(body["key"])))
        elif act == "voice":
            phone.sends("voice", "<MediaId>none</MediaId><Format>amr</Format><Recognition/>")
        elif act == "picture":
            media = text_element("MediaId", str(body["media_id"]))
            phone.sends("image", f"<PicUrl>http://mmbiz.example/0</PicUrl>{media}")
        elif act == "location":
            place = "<Location_X>26.589</Location_X><Location_Y>118.24</Location_Y>"
            label = text_element("Label", str(body["label"]))
            phone.sends("location", f"{place}<Scale>15</Scale>{label}")
        elif act == "scan":
            key = text_element("EventKey", str(body["scene"]))
            phone.does("SCAN", f"{key}<Ticket>T</Ticket>")
        elif act in ("subscribe", "unsubscribe"):
            phone.does(act, "<EventKey></EventKey>")
        elif act == "later":
            phone.tencent.user(openid).buckets = {}


@dataclass
class KfLine:
    """微信客服: no one follows; people of the company may take part in WeCom."""

    wecom: WeCom
    keys: Keys
    callback: str
    title: str = "微信客服"
    acts: tuple[Act, ...] = (
        *_SHARED,
        Act("enter", "进入客服", "您进入了客服"),
        Act("enter", "站点链接", "您从服务站的链接进入了客服", "station_FW-02"),
        Act("enter", "工单链接", "您从链接进入了客服：", "case_"),
        Act("recall", "撤回", "您撤回了一条消息"),
        Act("agent_says", "同事接待", "企业微信里的同事来了"),
        Act("agent_ends", "同事结束", "企业微信里的同事结束了接待"),
    )
    phones: dict[str, KfPhone] = field(default_factory=dict)
    sent: dict[str, list[Said]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.media, self.clock = self.wecom.media, self.wecom.clock

    def seen(self, user: str) -> Seen:
        """What a customer's phone shows."""
        known, now = self.wecom.user(_external(user)), self.clock()
        left = known.left if known.until is not None and known.until > now else 0
        received = [
            (_as_account(each), at) for each, at in zip(known.inbox, known.received_at, strict=True)
        ]
        who = "企业微信里的同事接待中" if known.state == AGENT else f"还可发 {left} 条"
        return Seen(received, left, who)

    def said(self, body: Said) -> list[Said]:
        """How an act looks in the chat; a colleague's words come past the platform."""
        if body["act"] != "agent_says":
            return [_said(body)]
        words = {"by": "account", "msgtype": "text", "text": {"content": _COLLEAGUE}}
        return [_said(body), words]

    def perform(self, user: str, body: Said) -> None:
        """Do it over the wire, which blocks: it belongs into a thread."""
        external = _external(user)
        new = KfPhone(self.wecom, self.keys, self.callback, external)
        phone, act = self.phones.setdefault(user, new), body["act"]
        mine = self.sent.setdefault(user, [])
        if act == "text":
            text, menu_id = str(body["text"]), str(body.get("menu_id") or "")
            mine.append(phone.writes(text, menu_id=menu_id))
        elif act == "voice":
            mine.append(phone.sends("voice", {"media_id": "none"}))
        elif act == "picture":
            mine.append(phone.sends("image", {"media_id": body["media_id"]}))
        elif act == "location":
            place = {"latitude": 26.589, "longitude": 118.24, "name": body["label"]}
            mine.append(phone.sends("location", place))
        elif act == "enter":
            known = phone.user
            is_open = known.until is not None and known.until > self.clock()
            # WeCom gives no code for a welcome while a chat is going on.
            phone.enters(code=not is_open, parameter=str(body.get("scene") or ""))
        elif act == "recall" and mine:
            phone.recalls(mine.pop())
        elif act == "agent_says":
            phone.agent_takes()
            phone.agent_says(_COLLEAGUE)
        elif act == "agent_ends" and phone.user.state == AGENT:
            phone.agent_ends()


Line = AccountLine | KfLine


def picture(line: Line, content: bytes) -> Said:
    """A picture of the customer's, put where the platform fetches it."""
    media_id = secrets.token_urlsafe(24)
    line.media[media_id] = content
    return {"act": "picture", "media_id": media_id}


def _said(body: Said) -> Said:
    return {"by": "user", **_content(body)}


def _content(body: Said) -> Said:
    act = body["act"]
    if act == "text":
        return {"msgtype": "text", "text": {"content": str(body["text"])}}
    if act == "picture":
        return {"msgtype": "image", "image": {"media_id": body["media_id"]}}
    if act == "voice":
        return {"msgtype": "voice"}
    if act == "location":
        return {"msgtype": "location", "label": str(body["label"])}
    return {"msgtype": "event", "label": str(body["label"])}


def _card(template: Template, body: Said) -> Said:
    """A template or subscription message as WeChat shows it."""
    facts = [[label, body["data"][name]["value"]] for name, label in template.labels.items()]
    link = body.get("url") or body.get("page") or ""
    return {"msgtype": "notice", "title": template.title, "facts": facts, "link": link}


def _as_account(sent: Said) -> Said:
    """What 微信客服 sends in the form in which an account does, for the page to show."""
    if sent["msgtype"] != "msgmenu":
        return sent
    items = [each["click"] for each in sent["msgmenu"]["list"]]
    return {**sent, "msgmenu": {**sent["msgmenu"], "list": items}}


def _openid(user: str) -> str:
    return f"oDEMO{user}".ljust(28, "a")[:28]


def _external(user: str) -> str:
    return f"wmDEMO{user}".ljust(32, "a")[:32]
