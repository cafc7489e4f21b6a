"""Answers in the callback: XML that cannot be broken out of, sealed so that Tencent opens it."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from bot.wechat.crypto import KeyPair, aes_key
from bot.wechat.replying import sealed_reply, text_reply
from tests.bot.wechat.peer import APP_ID, ENCODING_AES_KEY, OPENID, TOKEN, opened, sign

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PAIR = KeyPair(TOKEN, aes_key(ENCODING_AES_KEY))


@given(
    st.text(max_size=200) | st.lists(st.sampled_from(["]]>", "]", "<a>", "&", "\x00"])).map("".join)
)
def test_any_text_is_one_element_that_holds_it(text: str) -> None:
    root: Element = fromstring(text_reply(OPENID, "gh_1", text, now=NOW))
    assert [each.tag for each in root][-1] == "Content"
    assert len(root) == 5
    kept = "".join(c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
    kept = "".join(c for c in kept if not "\ud800" <= c <= "\udfff")
    # A parser reads every line end as one character.
    assert (root.findtext("Content") or "") == kept.replace("\r\n", "\n").replace("\r", "\n")


def test_a_peer_opens_what_we_seal() -> None:
    root = fromstring(sealed_reply(PAIR, "<xml>您好😀</xml>", APP_ID, now=NOW))
    told = {each.tag: each.text or "" for each in root}
    assert opened(told["Encrypt"]) == "<xml>您好😀</xml>"
    signed = sign(TOKEN, told["TimeStamp"], told["Nonce"], told["Encrypt"])
    assert told["MsgSignature"] == signed


def test_the_same_reply_is_never_sealed_alike() -> None:
    assert sealed_reply(PAIR, "<xml/>", APP_ID, now=NOW) != sealed_reply(
        PAIR, "<xml/>", APP_ID, now=NOW
    )


def test_nothing_is_sealed_without_a_key() -> None:
    with pytest.raises(ValueError, match="key"):
        sealed_reply(KeyPair(TOKEN), "<xml/>", APP_ID, now=NOW)
