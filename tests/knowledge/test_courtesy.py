"""Politeness is taken away, the question is not."""

from __future__ import annotations

import pytest

from knowledge.courtesy import courtesy_in, without_courtesy


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("请问压力表多久检定一次", "压力表多久检定一次"),
        ("你好，压力表多久检", "压力表多久检"),
        ("想问一下，强检收费吗，谢谢", "强检收费吗"),
        ("我想咨询一下检测报告", "检测报告"),
        ("老师您好，请教一下，CCC 要多久，急", "CCC 要多久"),
        ("咨询公司和认证机构能是一家吗", "咨询公司和认证机构能是一家吗"),
        ("问题产品怎么召回", "问题产品怎么召回"),
        ("Hello，CCC 要多久", "CCC 要多久"),
        ("hi 强检收费吗，thx", "强检收费吗"),
        ("强检收费吗 pls", "强检收费吗"),
        ("history 文件怎么管", "history 文件怎么管"),
        ("你好厉害", "你好厉害"),
        ("谢谢", "谢谢"),
        ("请问", "请问"),
        ("", ""),
        ("😀", "😀"),
    ],
)
def test_question_is_left_without_its_courtesies(text: str, core: str) -> None:
    assert without_courtesy(text) == core


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("谢谢", "thanks"),
        ("好的，谢谢您！", "thanks"),
        ("太感谢了～", "thanks"),
        ("好的", "agreed"),
        ("嗯嗯 知道了", "agreed"),
        ("OK", "agreed"),
        ("好的，再见", "goodbye"),
        ("您好！", "greeting"),
        ("好的压力表怎么检", None),
        ("谢谢，那校准多少钱", None),
        ("好" * 2000, None),
        ("你好厉害", None),
        ("", None),
    ],
)
def test_pure_courtesy_is_known_and_nothing_else(text: str, kind: str | None) -> None:
    assert courtesy_in(text) == kind
