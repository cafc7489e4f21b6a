"""Inputs for the callback, right ones and wrong ones, made fast and always the same by a seed.

Each says whether it has to be taken, has to be refused, or may be either; a text that is sure to
be taken carries its number, so that the ledger can be compared with what was sent.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from urllib.parse import quote

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from tests.wechat_stand_in.nasty import EVENTS, JSON_ONLY, KINDS, NASTY
from tests.wechat_stand_in.phone import Keys, sign

TAKEN, REFUSED, EITHER = "taken", "refused", "either"
# Few enough that everybody comes back, many enough that nobody writes too fast.
_PEOPLE = 4000
_LARGEST = 64 * 1024


@dataclass(frozen=True)
class Input:
    """One request.

    Attributes:
        number: Which it is; a text that is ``TAKEN`` ends with it.
        query: As it stands in the address.
        expected: ``TAKEN``, ``REFUSED`` or ``EITHER``.
        is_text: Whether the ledger has to hold it, if it is ``TAKEN``.
        what: What was done to it, for the report.
    """

    number: int
    method: str
    query: str
    body: bytes
    expected: str
    what: str
    is_text: bool = False


class Noise:
    """Makes inputs for one account in secure mode whose freshness is not checked."""

    def __init__(self, keys: Keys, seed: int = 1) -> None:
        self._keys = keys
        self._chance = Random(seed)
        self._key = base64.b64decode(keys.encoding_aes_key + "=")
        self._number = 0
        self._who = ""
        self._before: Input | None = None
        self._ways: list[tuple[int, Callable[[], Input]]] = [
            (12, self._right),
            (4, self._repeated),
            (16, self._query_changed),
            (16, self._envelope_changed),
            (14, self._cipher_changed),
            (16, self._inside_changed),
            (12, self._json_inside),
            (4, self._plain),
            (4, self._verification),
            (2, self._bytes),
        ]

    def inputs(self, count: int) -> Iterator[Input]:
        """So many of them."""
        weights = [weight for weight, _ in self._ways]
        for way in self._chance.choices(range(len(weights)), weights, k=count):
            self._number += 1
            made = self._ways[way][1]()
            yield replace(made, number=self._number)

    def _right(self) -> Input:
        inner = self._message("text", self._words())
        self._before = self._sealed(inner, TAKEN, "right", is_text=True)
        return self._before

    def _repeated(self) -> Input:
        # The number inside is the first one's: nothing new may come of it.
        return (
            replace(self._before, what="repeated", is_text=False) if self._before else self._right()
        )

    def _words(self) -> str:
        nasty = self._chance.choice(
            [each for each in NASTY if each.isprintable() and len(each) < 100]
        )
        return f"<Content><![CDATA[{nasty.replace(']]>', '')}#{self._number}#]]></Content>"

    def _query_changed(self) -> Input:
        made = self._sealed(self._message("text", self._words()), REFUSED, "")
        pairs = [tuple(each.split("=", 1)) for each in made.query.split("&")]
        fields: dict[str, str] = dict(pairs)  # type: ignore[arg-type]
        name = self._chance.choice(list(fields))
        how = self._chance.randrange(6)
        if how == 0:
            del fields[name]
            # Without it Tencent's own WeCom delivers, and nobody has to name the customer.
            may = name in ("signature", "openid", "encrypt_type")
            return self._with(made, fields, f"without {name}", TAKEN if may else REFUSED, may)
        if how == 1:
            query = f"{made.query}&{name}={fields[name]}"
            return replace(made, query=query, what=f"{name} twice")
        if how == 2:
            fields[name] = quote(self._chance.choice(NASTY).encode("utf-8", "surrogatepass"))
            is_empty = fields[name] == ""
            return self._with(made, fields, f"{name} is nasty", EITHER if is_empty else REFUSED)
        if how == 3:
            fields[name] = self._chance.choice(
                ["%", "%ff%fe", "%00", "%zz", "+", "x" * 3000, "%F0%9F"]
            )
            return self._with(made, fields, f"{name} is no text", EITHER)
        if how == 4:
            fields["x"] = quote(self._chance.choice(NASTY)[:100])
            return self._with(made, fields, "one field more", TAKEN, is_text=True)
        fields["signature"], fields["msg_signature"] = fields["msg_signature"], fields["signature"]
        return self._with(made, fields, "signatures exchanged", REFUSED)

    def _with(
        self, made: Input, fields: dict[str, str], what: str, expected: str, is_text: bool = False
    ) -> Input:
        query = "&".join(f"{name}={value}" for name, value in fields.items())
        return replace(made, query=query, what=what, expected=expected, is_text=is_text)

    def _envelope_changed(self) -> Input:
        made = self._sealed(self._message("text", self._words()), REFUSED, "")
        body, how = made.body, self._chance.randrange(12)
        inner = body.removeprefix(b"<xml>").removesuffix(b"</xml>")
        encrypted = inner.split(b"CDATA[")[-1].split(b"]")[0].decode()
        changed: tuple[bytes, str, str]
        match how:
            case 0:
                end = self._chance.randrange(len(body) - 8)
                changed = body[:end], REFUSED, "cut off"
            case 1:
                changed = self._flipped(body), EITHER, "a byte flipped"
            case 2:
                changed = b"<xml>" + inner + inner + b"</xml>", REFUSED, "elements twice"
            case 3:
                entity = b'<!DOCTYPE x [<!ENTITY e "%s">]>' % (b"e" * 100)
                changed = entity + body, REFUSED, "a DTD"
            case 4:
                changed = body.decode().encode("utf-16"), REFUSED, "UTF-16"
            case 5:
                changed = b"\xef\xbb\xbf" + body, TAKEN, "with a mark of order"
            case 6:
                nested = self._chance.choice([5, 50, 5000])
                deep = b"<a>" * nested + b"</a>" * nested
                changed = b"<xml>" + deep + inner + b"</xml>", EITHER, f"{nested} deep"
            case 7:
                object_ = {"ToUserName": "gh_0123456789ab", "Encrypt": encrypted}
                changed = json.dumps(object_).encode(), TAKEN, "JSON envelope"
            case 8:
                filler = b"<!--" + b"x" * self._chance.choice([_LARGEST - 2000, _LARGEST, 300_000])
                body = b"<xml>" + filler + b"-->" + inner + b"</xml>"
                large = len(body) > _LARGEST
                changed = body, REFUSED if large else TAKEN, "a large body"
            case 9:
                changed = body.replace(b"xml>", b"XML>"), REFUSED, "another root"
            case 10:
                many = b"".join(b"<f%d/>" % each for each in range(100))
                changed = b"<xml>" + inner + many + b"</xml>", REFUSED, "too many elements"
            case _:
                changed = b"", REFUSED, "no body"
        text = changed[1] == TAKEN
        return replace(made, body=changed[0], expected=changed[1], what=changed[2], is_text=text)

    def _cipher_changed(self) -> Input:
        message = self._message("text", self._words()).encode()
        good = self._content(message)
        random = self._chance.randbytes
        wrong: list[tuple[bytes, str]] = [
            (random(32 * self._chance.randrange(1, 20)), "random blocks"),
            (random(self._chance.randrange(1, 100)) + b"x", "no whole blocks"),
            (self._encrypted(self._padded(self._content(message, b"wx0"))), "another account"),
            (self._encrypted(self._padded(good), random(32)), "another key"),
            (self._encrypted(self._padded(good)[:-1] + b"\0"), "a pad of nothing"),
            (self._encrypted(self._padded(good)[:-1] + b"\x21"), "a pad too long"),
            (
                self._encrypted(self._padded(self._content(message, length=2**31))),
                "too long inside",
            ),
            (self._encrypted(self._padded(self._content(b""))), "nothing inside"),
            (self._encrypted(b"\x20" * 32), "only padding"),
            (
                self._flipped(self._encrypted(self._padded(good)), last=32),
                "a bit of the end flipped",
            ),
        ]
        cipher, what = self._chance.choice(wrong)
        encrypted = base64.b64encode(cipher).decode()
        if self._chance.random() < 0.15:
            encrypted, what = self._chance.choice(
                [("%%%", "no base64"), ("密文", "no ASCII"), ("", "empty")]
            )
        return self._signed(encrypted, REFUSED, what)

    def _inside_changed(self) -> Input:
        kind = self._chance.choice(list(KINDS) + list(EVENTS))
        nasty = self._nasty_elements(KINDS.get(kind) or EVENTS[kind])
        inner = self._message(kind, nasty)
        how = self._chance.randrange(8)
        if how == 0:
            inner = inner.replace("</xml>", f"{nasty}</xml>")
        elif how == 1:
            name = self._chance.choice(
                ["MsgType", "FromUserName", "CreateTime", "MsgId", "ToUserName"]
            )
            inner = inner.replace(f"<{name}>", f"<{name}><b>").replace(
                f"</{name}>", f"</b></{name}>"
            )
        elif how == 2:
            depth = self._chance.choice([3, 6, 7, 3000])
            inner = inner.replace("</xml>", "<d>" * depth + "</d>" * depth + "</xml>")
        elif how == 3:
            inner = '<!DOCTYPE x [<!ENTITY e "e">]>' + inner.replace("</xml>", "<e>&e;</e></xml>")
        elif how == 4:
            inner = inner[: self._chance.randrange(len(inner))]
        elif how == 5:
            name = self._chance.choice(["MsgType", "FromUserName", "CreateTime", "MsgId"])
            inner = inner.replace(f"{name}>", "Nothing>")
        raw = inner.encode("utf-8", "surrogatepass")
        if how == 6:
            raw = self._flipped(raw)
        elif how == 7:
            raw = self._chance.choice(
                [raw.decode().encode("utf-16"), raw + b"<xml/>", b"\xff" + raw, b" \n"]
            )
        return self._sealed_bytes(raw, EITHER, f"inside: {kind}")

    def _json_inside(self) -> Input:
        kind = self._chance.choice(list(KINDS) + list(EVENTS))
        fields: dict[str, object] = {
            "ToUserName": "gh_0123456789ab",
            "FromUserName": self._openid(kind),
            "CreateTime": 1764000000 + self._number,
            "MsgType": "event" if kind in EVENTS else kind,
            "MsgId": self._chance.choice([self._number, f"49d7{self._number}_1555684067", 2**63]),
        }
        if kind in EVENTS:
            fields["Event"] = kind
        for name in KINDS.get(kind) or EVENTS[kind]:
            fields[name] = self._chance.choice(NASTY + JSON_ONLY)
        if "Info" in kind or kind.startswith("subscribe_msg"):
            item = {"TemplateId": self._chance.choice(NASTY), "SubscribeStatusString": "accept"}
            fields[next(iter(EVENTS[kind]))] = {
                "List": self._chance.choice([item, [item] * 40, "x", None])
            }
        if self._chance.random() < 0.3:
            fields[self._chance.choice(list(fields))] = self._chance.choice(NASTY + JSON_ONLY)
        raw = json.dumps(fields)
        if self._chance.random() < 0.1:
            raw = self._chance.choice(
                [
                    raw[:-1],
                    raw + raw,
                    "[" * 2000,
                    '{"a":' * 2000,
                    raw.replace("}", ',"MsgType":"x"}'),
                ]
            )
        return self._sealed(raw, EITHER, f"JSON: {kind}")

    def _plain(self) -> Input:
        made = self._sealed("", REFUSED, "")
        inner = self._message("text", self._words())
        query = made.query
        if self._chance.random() < 0.5:
            query = query.replace("encrypt_type=aes&", "").partition("&msg_signature")[0]
        return replace(made, query=query, body=inner.encode(), what="not encrypted")

    def _verification(self) -> Input:
        echo = self._chance.choice(["4375120948345356249", *NASTY])
        nonce = f"{self._chance.getrandbits(40)}"
        good = self._chance.random() < 0.5
        token = self._keys.token if good else "AnotherToken"
        signature = sign(token, "1764000000", nonce)
        query = f"signature={signature}&timestamp=1764000000&nonce={nonce}"
        query += f"&echostr={quote(echo.encode('utf-8', 'surrogatepass'))}"
        return Input(0, "GET", query, b"", EITHER if good else REFUSED, "verification")

    def _bytes(self) -> Input:
        query = self._sealed("", REFUSED, "").query
        return Input(
            0, "POST", query, self._chance.randbytes(self._chance.randrange(2000)), REFUSED, "bytes"
        )

    def _nasty_elements(self, names: tuple[str, ...]) -> str:
        made = ""
        for name in names:
            value = self._chance.choice(NASTY)
            if self._chance.random() < 0.7:
                made += f"<{name}><![CDATA[{value.replace(']]>', ']]')}]]></{name}>"
            else:
                made += f"<{name}><List><TemplateId>{len(value)}</TemplateId></List></{name}>"
        return made

    def _message(self, kind: str, inner: str) -> str:
        message = kind if kind in KINDS else "event"
        event = f"<Event><![CDATA[{kind}]]></Event>" if message == "event" else ""
        number = "" if event else f"<MsgId>{24_700_000_000_000_000 + self._number}</MsgId>"
        return (
            "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>"
            f"<FromUserName><![CDATA[{self._openid(kind)}]]></FromUserName>"
            f"<CreateTime>{1764000000 + self._number}</CreateTime>"
            f"<MsgType><![CDATA[{message}]]></MsgType>{event}{inner}{number}</xml>"
        )

    def _openid(self, kind: str) -> str:
        # Whoever leaves is forgotten, words and all; the others stay to be counted.
        name = "oGONE" if kind == "unsubscribe" else "oNOISE"
        self._who = f"{name}{self._chance.randrange(_PEOPLE):022d}"
        return self._who

    def _sealed(self, inner: str, expected: str, what: str, is_text: bool = False) -> Input:
        made = self._sealed_bytes(inner.encode("utf-8", "surrogatepass"), expected, what)
        return replace(made, is_text=is_text)

    def _sealed_bytes(self, inner: bytes, expected: str, what: str) -> Input:
        cipher = self._encrypted(self._padded(self._content(inner)))
        return self._signed(base64.b64encode(cipher).decode(), expected, what)

    def _signed(self, encrypted: str, expected: str, what: str) -> Input:
        nonce, stamp = f"{self._chance.getrandbits(40)}", "1764000000"
        query = f"signature={sign(self._keys.token, stamp, nonce)}&timestamp={stamp}&nonce={nonce}"
        query += f"&openid={self._who}&encrypt_type=aes"
        query += f"&msg_signature={sign(self._keys.token, stamp, nonce, encrypted)}"
        to = "<ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>"
        body = f"<xml>{to}<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        return Input(0, "POST", query, body.encode(), expected, what)

    def _content(
        self, message: bytes, account: bytes | None = None, length: int | None = None
    ) -> bytes:
        size = len(message) if length is None else length
        tail = self._keys.app_id.encode() if account is None else account
        return self._chance.randbytes(16) + struct.pack(">I", size) + message + tail

    def _padded(self, content: bytes) -> bytes:
        pad = 32 - len(content) % 32
        return content + bytes([pad]) * pad

    def _encrypted(self, content: bytes, key: bytes | None = None) -> bytes:
        key = key or self._key
        encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
        return encryptor.update(content) + encryptor.finalize()

    def _flipped(self, content: bytes, last: int = 0) -> bytes:
        at = self._chance.randrange(max(0, len(content) - last) if last else 0, len(content))
        return (
            content[:at] + bytes([content[at] ^ 1 << self._chance.randrange(8)]) + content[at + 1 :]
        )
