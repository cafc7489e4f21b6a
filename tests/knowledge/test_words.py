"""Words and codes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from knowledge.plain import plain
from knowledge.words import cut


def test_codes_stay_whole() -> None:
    assert cut("GB/T 19001-2016是什么标准")[0] == "GB/T 19001-2016"
    assert "YZ-20261124-0007" in cut("工单YZ-20261124-0007到哪了")
    assert "13800138000" in cut("电话13800138000")
    assert "XK06-001-00015" in cut("证号XK06-001-00015")
    assert "3C" in cut("要做3C认证吗") or "3C认证" in cut("要做3C认证吗")


def test_words_of_the_trade_stay_whole() -> None:
    assert cut("电子秤要强制检定吗")[:3] == ["电子秤", "要", "强制检定"]


def test_traditional_text_is_cut_like_simplified_text() -> None:
    assert [len(word) for word in cut("電子秤要強制檢定嗎")] == [
        len(word) for word in cut("电子秤要强制检定吗")
    ]


@given(st.text(max_size=60))
def test_words_are_the_text_without_its_white_space(text: str) -> None:
    assert "".join("".join(cut(text)).split()) == "".join(text.split())


@given(st.text(max_size=60))
def test_plain_text_has_the_same_length(text: str) -> None:
    assert len(plain(text)) == len(text)
