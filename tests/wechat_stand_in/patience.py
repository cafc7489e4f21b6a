"""Five seconds, three deliveries, and an answer in the callback itself, read strictly."""

from __future__ import annotations

import base64
import re
from xml.etree.ElementTree import Element

import httpx
from defusedxml.ElementTree import fromstring
from wechatpy.crypto import PrpCrypto

from tests.wechat_stand_in.limits import MOST_BYTES
from tests.wechat_stand_in.phone import Keys, Phone, sign

ACCOUNT = "gh_0123456789ab"
_DELIVERIES = 3
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Impatient:
    """Delivers for a phone as Tencent does, and shows the user what the callback answers.

    Attributes:
        seconds: When it hangs up; Tencent after five.
        deliveries: How many the last one took.
        outages: How often the user read that the account is out of service.
    """

    def __init__(self, phone: Phone, seconds: float = 5.0) -> None:
        self.phone = phone
        self.seconds = seconds
        self.deliveries = 0
        self.outages = 0
        # Where the next deliveries go; the first address again when they are used up.
        self.route: list[str] = []

    def writes(self, text: str, message_id: str | None = None) -> str | None:
        """The user writes; what is shown in answer, None if nothing is."""
        self.phone.tencent.acted(self.phone.openid, wrote=True)
        content = f"<Content><![CDATA[{text}]]></Content>"
        return self.push(self.phone.message("text", content, message_id=message_id))

    def does(self, event: str, inner: str = "<EventKey></EventKey>") -> str | None:
        """An event; as ``writes``."""
        return self.push(self.phone.message("event", f"<Event>{event}</Event>{inner}"))

    def push(self, xml: str) -> str | None:
        """Deliver until it is answered, three times at most."""
        for number in range(1, _DELIVERIES + 1):
            self.deliveries = number
            # Whether Tencent signs anew is not known; the body is the same.
            answer = self.deliver_once(xml, self.seconds)
            if answer is not None:
                return self.shown(answer)
        self.outages += 1
        return None

    def deliver_once(self, xml: str, seconds: float) -> httpx.Response | None:
        """One delivery; None if there was no answer in time, or none that counts."""
        delivery = self.phone.delivery(xml)
        url = self.route.pop(0) if self.route else self.phone.callback
        try:
            answer = self.phone.client.post(
                url, params=delivery.query, content=delivery.body, timeout=seconds
            )
        except httpx.TransportError:
            return None
        return answer if answer.status_code == 200 else None

    def shown(self, answer: httpx.Response) -> str | None:
        """What the user sees; an answer of another form is an outage, and fails the test."""
        if answer.text in ("", "success"):
            return None
        text = read_reply(answer.content, self.phone.keys, self.phone.openid)
        tencent = self.phone.tencent
        user = tencent.user(self.phone.openid)
        user.inbox.append({"msgtype": "text", "text": {"content": text}})
        user.received_at.append(tencent.clock())
        return text


def read_reply(body: bytes, keys: Keys, openid: str) -> str:
    """The text of a passive reply; anything that Tencent would refuse raises."""
    root = fromstring(body.decode("utf-8"), forbid_dtd=True)
    if keys.mode != "plain":
        fields = _fields(root, "Encrypt", "MsgSignature", "TimeStamp", "Nonce")
        signed = sign(keys.token, fields["TimeStamp"], fields["Nonce"], fields["Encrypt"])
        assert fields["MsgSignature"] == signed
        key = base64.b64decode(keys.encoding_aes_key + "=")
        root = fromstring(PrpCrypto(key).decrypt(fields["Encrypt"], keys.app_id))
    fields = _fields(root, "ToUserName", "FromUserName", "CreateTime", "MsgType", "Content")
    assert fields["ToUserName"] == openid
    assert fields["FromUserName"] == ACCOUNT
    assert fields["CreateTime"].isdigit()
    assert fields["MsgType"] == "text"
    content = fields["Content"]
    assert content.strip()
    assert len(content.encode()) <= MOST_BYTES
    assert not _FORBIDDEN.search(content)
    return content


def _fields(root: Element, *names: str) -> dict[str, str]:
    assert root.tag == "xml"
    assert [each.tag for each in root] == list(names)
    assert not any(len(each) for each in root)
    return {each.tag: each.text or "" for each in root}
