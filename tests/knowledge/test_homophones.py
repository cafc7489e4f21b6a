"""Words that were typed by their sound."""

from __future__ import annotations

import pytest

from knowledge.homophones import Homophones
from knowledge.sounds import readings, relaxed

TEXTS = [
    "认证由机构做，认证要三年一次。证书的有效期是三年。",
    "校准由自己定，校准之后贴标签。报告要盖章，报告可以补打。",
    "换了地址要改证书，不改地址不能用；不改地址的另说。",
    "材料换了要先说明，换料之后重新检测；材料可以从市场采购，采购由市场决定。",
]


@pytest.fixture(scope="module")
def homophones() -> Homophones:
    return Homophones(TEXTS)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("体系认正几年一次", "体系认证几年一次"),
        ("较准证书有笑期", "校准证书有效期"),
        ("检测抱告补打", "检测报告补打"),
        ("ISO 9001 认正", "ISO 9001 认证"),
    ],
)
def test_a_slip_is_put_right(homophones: Homophones, typed: str, meant: str) -> None:
    assert homophones.corrected(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "换了供应商怎么办",  # not 换料
        "这个钱才够付运费",  # not 采购
        "不是场地的问题",  # not 市场
        "报告不盖 CMA 章",  # not 不改
        "体系认证要多久",
        "GB/T 19001-2016",
        "",
        "😀",
    ],
)
def test_what_makes_sense_stays(homophones: Homophones, text: str) -> None:
    assert homophones.corrected(text) == text


def test_characters_sound_as_the_order_of_the_character_set_says() -> None:
    assert readings("认") == ("ren",)
    assert readings("校") == ("xiao", "jiao")
    assert readings("座") == ("zuo",)
    assert readings("绿") == ("lv",)
    assert readings("A") == readings("衢") == readings("😀") == ()


def test_half_the_country_says_zh_like_z_and_ing_like_in() -> None:
    assert relaxed("zheng") == "zen"
    assert relaxed("jing") == "jin"
    assert relaxed("zhong") == "zong"
