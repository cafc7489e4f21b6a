"""Which words bind and unbind, and which only sound like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.enterprises.words import Act, Wish, wish_in

TOKEN = "aB3_dE-6hI9kLmN2pQr5tU"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("绑定 123456", "123456"),
        ("绑定123456", "123456"),
        ("绑定：１２３４５６。", "123456"),
        ("绑定企业 123 456", "123456"),
        ("绑定码是 123456", "123456"),
        ("绑定 12345", "12345"),
        (f"绑定 {TOKEN}", TOKEN),
    ],
)
def test_words_with_a_code_bind(text: str, secret: str) -> None:
    assert wish_in(text) == Wish(Act.BIND, secret)


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("绑定", Act.SHOW),
        ("绑定企业", Act.SHOW),
        ("怎么绑定", Act.SHOW),
        ("我的绑定", Act.SHOW),
        ("我绑定了哪家企业？", Act.SHOW),
        ("解除绑定", Act.UNBIND),
        ("“解除绑定”", Act.UNBIND),
        ("解绑", Act.UNBIND),
        ("取消绑定吧", Act.UNBIND),
        ("我要解除企业绑定", Act.UNBIND),
        ("确认解除绑定", Act.CONFIRM),
    ],
)
def test_words_without_one_show_or_unbind(text: str, act: Act) -> None:
    assert wish_in(text) == Wish(act)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/绑定 123456",
        "/unbind_enterprise",
        "123456",
        "绑定手机号怎么弄",
        "绑定的商标怎么解除",
        "设备绑定 123456 号传感器要检定吗",
        "绑定微信",
        "解除合同要注意什么",
        "绑定 123456 有什么用",
        "绑定 " + "1" * 40,
        "查",
        "我的",
    ],
)
def test_other_words_are_words(text: str) -> None:
    assert wish_in(text) is None


@given(st.text(alphabet="绑定解除确认我的 0123456789-：。aZ/", max_size=40))
def test_whatever_is_written_a_code_is_digits_or_a_token(text: str) -> None:
    wish = wish_in(text)
    if wish is not None and wish.act is Act.BIND:
        assert wish.secret.isalnum() or len(wish.secret) == 22
    if text.startswith("/"):
        assert wish is None
