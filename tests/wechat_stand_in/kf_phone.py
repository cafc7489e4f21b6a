"""A WeChat user's phone in 微信客服, and the people of the company in WeCom."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
from wechatpy.crypto import PrpCrypto

from tests.wechat_stand_in.phone import Delivery, Keys, sign
from tests.wechat_stand_in.wecom import AGENT, NEW, OVER, KfUser, WeCom


class KfPhone:
    """One customer; wechatpy encrypts, so that an error of ours cannot cancel out."""

    def __init__(self, wecom: WeCom, keys: Keys, callback: str, external_userid: str) -> None:
        self.wecom = wecom
        self.keys = keys
        self.callback = callback
        self.external_userid = external_userid
        self.client = httpx.Client(timeout=30, trust_env=False)

    @property
    def user(self) -> KfUser:
        """Who it is to WeCom."""
        return self.wecom.user(self.external_userid)

    @property
    def inbox(self) -> list[dict[str, Any]]:
        """Everything the customer was sent."""
        return self.user.inbox

    @property
    def texts(self) -> list[str]:
        """The words of everything the customer was sent."""
        return [words(each) for each in self.inbox]

    def writes(self, text: str, *, menu_id: str = "", calls: int = 1) -> dict[str, Any]:
        """The customer sends a text; WeCom calls us so many times."""
        content = {"content": text, **({"menu_id": menu_id} if menu_id else {})}
        return self.sends("text", content, calls=calls)

    def presses(self, title: str) -> dict[str, Any]:
        """The customer presses an item of the newest menu that has it."""
        for sent in reversed(self.inbox):
            for item in sent.get("msgmenu", {}).get("list", []):
                if item["click"]["content"] == title:
                    return self.writes(title, menu_id=str(item["click"]["id"]))
        raise AssertionError(f"no menu offers {title}")

    def sends(self, kind: str, content: dict[str, Any], *, calls: int = 1) -> dict[str, Any]:
        """The customer sends something."""
        user = self.user
        user.left, user.until = 5, self.wecom.clock() + timedelta(hours=48)
        user.state = NEW if user.state == OVER else user.state
        line = self._said(3, kind, content)
        self.call(calls)
        return line

    def enters(self, *, code: bool = True, parameter: str = "") -> str:
        """The customer opens the chat."""
        welcome = self.wecom.code(self.user, ("text", "msgmenu")) if code else ""
        more = {"welcome_code": welcome} if code else {}
        self.wecom.event(
            self.external_userid, "enter_session", scene="web", scene_param=parameter, **more
        )
        self.call()
        return welcome

    def recalls(self, line: dict[str, Any]) -> None:
        """The customer takes a message back."""
        self.wecom.event(self.external_userid, "user_recall_msg", recall_msgid=line["msgid"])
        self.call()

    def agent_takes(self) -> None:
        """Somebody in WeCom takes the session."""
        self.user.state = AGENT
        self._changes(1, new_servicer_userid="zhangsan")

    def agent_says(self, text: str) -> None:
        """They write to the customer."""
        self.user.state = AGENT
        self._said(5, "text", {"content": text}, servicer_userid="zhangsan")
        self.call()

    def agent_ends(self) -> str:
        """They end the session; the code allows a survey."""
        self.user.state = OVER
        code = self.wecom.code(self.user, ("text", "msgmenu"))
        self._changes(3, old_servicer_userid="zhangsan", msg_code=code)
        return code

    def call(self, times: int = 1) -> Delivery:
        """WeCom calls us: something happened."""
        delivery = self.delivery(self.notice())
        for _ in range(times):
            self.deliver(delivery)
        return delivery

    def notice(self, **changes: str) -> str:
        """The XML inside of a callback."""
        fields = {
            "ToUserName": self.wecom.corp_id,
            "CreateTime": str(int(self.wecom.clock().timestamp())),
            "MsgType": "event",
            "Event": "kf_msg_or_event",
            "Token": self.wecom.mail_token(),
            "OpenKfId": self.wecom.open_kfid,
            **changes,
        }
        inner = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in fields.items())
        return f"<xml>{inner}</xml>"

    def delivery(self, xml: str, now: Callable[[], datetime] | None = None) -> Delivery:
        """What goes over the wire."""
        encrypted = self.encrypted(xml)
        query = self.query(encrypted, now)
        body = f"<xml><ToUserName><![CDATA[{self.wecom.corp_id}]]></ToUserName>"
        body += f"<Encrypt><![CDATA[{encrypted}]]></Encrypt><AgentID><![CDATA[]]></AgentID></xml>"
        return Delivery(query, body.encode())

    def deliver(self, delivery: Delivery) -> httpx.Response:
        """Deliver once."""
        answer = self.client.post(self.callback, params=delivery.query, content=delivery.body)
        delivery.answers.append(answer)
        return answer

    def verify(self, echo: str = "1616140317555161061", **changes: str) -> httpx.Response:
        """The console's check of the address: the echo comes encrypted."""
        encrypted = self.encrypted(echo)
        query = {**self.query(encrypted), "echostr": encrypted, **changes}
        return self.client.get(self.callback, params=query)

    def encrypted(self, plain: str) -> str:
        """As WeCom does it."""
        key = base64.b64decode(self.keys.encoding_aes_key + "=")
        encrypted: bytes = PrpCrypto(key).encrypt(plain, self.keys.app_id)
        return encrypted.decode()

    def query(self, encrypted: str, now: Callable[[], datetime] | None = None) -> dict[str, str]:
        """Signature, time and nonce."""
        timestamp = str(int((now or self.wecom.clock)().timestamp()))
        nonce = secrets.token_hex(5)
        signature = sign(self.keys.token, timestamp, nonce, encrypted)
        return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}

    def _said(self, origin: int, kind: str, content: Any, **more: Any) -> dict[str, Any]:
        where = {"open_kfid": self.wecom.open_kfid, "external_userid": self.external_userid}
        return self.wecom.happens(**where, origin=origin, msgtype=kind, **{kind: content}, **more)

    def _changes(self, change: int, **more: str) -> None:
        self.wecom.event(self.external_userid, "session_status_change", change_type=change, **more)
        self.call()


def words(sent: dict[str, Any]) -> str:
    """The words of a message to a customer."""
    if sent["msgtype"] == "text":
        return str(sent["text"]["content"])
    if sent["msgtype"] == "msgmenu":
        menu = sent["msgmenu"]
        items = [each["click"]["content"] for each in menu["list"]]
        return "\n".join([menu.get("head_content", ""), *items])
    return f"[{sent['msgtype']}]"
