"""English words in the middle of Chinese are read like the Chinese ones."""

from __future__ import annotations

import pytest

from knowledge.english import ENGLISH_FILE, in_chinese


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("这个 report 怎么开", "这个报告怎么开"),
        ("calibration certificate多久有效", "校准证书多久有效"),
        ("Test  Report 谁能出", "检测报告谁能出"),
        ("我们的supplier要audit吗", "我们的供应商要审核吗"),
        # What belongs to a code, an address or another word is not touched.
        ("data-01 是什么", "data-01 是什么"),
        ("发到 test@example.com 行吗", "发到 test@example.com 行吗"),
        ("www.report.cn 是真的吗", "www.report.cn 是真的吗"),
        ("reporter 是什么", "reporter 是什么"),
        ("GB/T 19001 的 standard 在哪看", "GB/T 19001 的标准在哪看"),
        # Nothing to put it into.
        ("how much is a test report", "how much is a test report"),
        ("压力表多久检定一次", "压力表多久检定一次"),
        ("", ""),
    ],
)
def test_words_we_know_are_put_into_chinese(text: str, chinese: str) -> None:
    assert in_chinese(text) == chinese


def test_every_word_has_one_meaning() -> None:
    lines = [line.split("\t") for line in ENGLISH_FILE.read_text("utf-8").splitlines()]
    assert all(len(line) == 2 and line[0] == line[0].lower().strip() for line in lines)
    words = [line[0] for line in lines]
    assert words == sorted(set(words))
