"""A WeChat user's phone: what Tencent sends to the callback when the user does something."""

from __future__ import annotations

import base64
import hashlib
import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

import httpx
from wechatpy.crypto import PrpCrypto

from tests.wechat_stand_in.tencent import Tencent

# Never the same again, not even by another run over the same database.
# Tencent waits for some five seconds.
_AGAIN_AFTER = (0.3, 0.6)
_message_ids = itertools.count(time.time_ns() // 1000)


@dataclass
class Keys:
    """What the console holds."""

    app_id: str
    token: str
    encoding_aes_key: str = ""
    mode: str = "secure"


@dataclass
class Delivery:
    """One delivery as it goes over the wire, and what came back."""

    query: dict[str, str]
    body: bytes
    answers: list[httpx.Response] = field(default_factory=list)


class Phone:
    """One user's phone; wechatpy encrypts, so that an error of ours cannot cancel out."""

    def __init__(self, tencent: Tencent, keys: Keys, callback: str, openid: str) -> None:
        self.tencent = tencent
        self.keys = keys
        self.callback = callback
        self.openid = openid
        self.client = httpx.Client(timeout=30, trust_env=False)
        tencent.tell = self._hears

    @property
    def inbox(self) -> list[dict[str, Any]]:
        """Everything the user was sent."""
        return self.tencent.user(self.openid).inbox

    @property
    def texts(self) -> list[str]:
        """The words of everything the user was sent."""
        return [words(each) for each in self.inbox]

    def writes(self, text: str, *, times: int = 1, **more: str) -> Delivery:
        """The user sends a text; ``menu_id`` if an item of a menu was pressed."""
        menu = more.get("menu_id", "")
        inner = f"<Content><![CDATA[{text}]]></Content>"
        inner += f"<bizmsgmenuid>{menu}</bizmsgmenuid>" if menu else ""
        self.tencent.acted(self.openid, wrote=not menu)
        return self.push(self.message("text", inner, message_id=more.get("message_id")), times)

    def presses(self, title: str) -> Delivery:
        """The user presses an item of the newest menu that has it."""
        for sent in reversed(self.inbox):
            for item in sent.get("msgmenu", {}).get("list", []):
                if item["content"] == title:
                    return self.writes(title, menu_id=str(item["id"]))
        raise AssertionError(f"no menu offers {title}")

    def sends(self, kind: str, inner: str) -> Delivery:
        """The user sends something that is no text."""
        self.tencent.acted(self.openid, wrote=True)
        return self.push(self.message(kind, inner))

    def does(self, event: str, inner: str = "", *, times: int = 1) -> Delivery:
        """An event, for example ``subscribe``."""
        self.tencent.acted(self.openid, wrote=False)
        user = self.tencent.user(self.openid)
        if event == "unsubscribe":
            user.follows, user.buckets = False, {}
        if event == "subscribe":
            user.follows = True
        return self.push(self.message("event", f"<Event>{event}</Event>{inner}"), times)

    def message(self, kind: str, inner: str, message_id: str | None = None) -> str:
        """The XML inside."""
        number = "" if kind == "event" else f"<MsgId>{message_id or next(_message_ids)}</MsgId>"
        return (
            "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>"
            f"<FromUserName><![CDATA[{self.openid}]]></FromUserName>"
            f"<CreateTime>{int(self.tencent.clock().timestamp())}</CreateTime>"
            f"<MsgType><![CDATA[{kind}]]></MsgType>{inner}{number}</xml>"
        )

    def push(self, xml: str, times: int = 1) -> Delivery:
        """Deliver it, so many times one after the other."""
        delivery = self.delivery(xml)
        for _ in range(times):
            self.deliver(delivery)
        return delivery

    def deliver(self, delivery: Delivery) -> httpx.Response:
        """Deliver once."""
        answer = self.client.post(self.callback, params=delivery.query, content=delivery.body)
        delivery.answers.append(answer)
        return answer

    def _hears(self, openid: str, event: str, inner: str) -> None:
        """Tencent tells something of a user by itself, three times at most."""
        teller = Phone(self.tencent, self.keys, self.callback, openid)
        self.tencent.tell = self._hears
        with teller.client:
            xml = teller.message("event", f"<Event>{event}</Event>{inner}")
            for pause in (0.0, *_AGAIN_AFTER):
                time.sleep(pause)
                if teller.push(xml).answers[-1].status_code == 200:
                    return
        raise AssertionError(f"{event} was never taken")

    def delivery(self, xml: str, now: Callable[[], datetime] | None = None) -> Delivery:
        """What goes over the wire in the account's mode."""
        timestamp = str(int((now or self.tencent.clock)().timestamp()))
        nonce, keys = secrets.token_hex(5), self.keys
        query = {
            "signature": sign(keys.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": self.openid,
        }
        if keys.mode == "plain":
            return Delivery(query, xml.encode())
        key = base64.b64decode(keys.encoding_aes_key + "=")
        encrypted = PrpCrypto(key).encrypt(xml, keys.app_id).decode()
        query["encrypt_type"] = "aes"
        query["msg_signature"] = sign(keys.token, timestamp, nonce, encrypted)
        element = f"<Encrypt><![CDATA[{encrypted}]]></Encrypt>"
        if keys.mode == "compatible":
            return Delivery(query, xml.replace("</xml>", f"{element}</xml>").encode())
        to = "<ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>"
        return Delivery(query, f"<xml>{to}{element}</xml>".encode())

    def verify(self, **changes: str) -> httpx.Response:
        """The console's check of the address."""
        timestamp, nonce = str(int(self.tencent.clock().timestamp())), secrets.token_hex(5)
        query = {
            "signature": sign(self.keys.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "echostr": "4375120948345356249",
            **changes,
        }
        return self.client.get(self.callback, params=query)


def sign(token: str, *parts: str) -> str:
    """Tencent's signature."""
    return hashlib.sha1("".join(sorted([token, *parts])).encode()).hexdigest()


def words(sent: dict[str, Any]) -> str:
    """The words of a message to a user."""
    if sent["msgtype"] == "text":
        return str(sent["text"]["content"])
    if sent["msgtype"] == "msgmenu":
        menu = sent["msgmenu"]
        return "\n".join([menu["head_content"], *(each["content"] for each in menu["list"])])
    return f"[{sent['msgtype']}]"


def text_element(name: str, value: str) -> str:
    """One element with text in it."""
    return f"<{name}>{escape(value)}</{name}>"
