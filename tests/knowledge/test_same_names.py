"""One name for what has several."""

from __future__ import annotations

import re

import pytest

from knowledge.same_names import NAMES_FILE, one_name


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("什么是3C认证", "什么是CCC认证"),
        ("三c 证书怎么查", "CCC 证书怎么查"),
        ("办 ３Ｃ 要多久", "办 CCC 要多久"),
        ("CCC 认证", "CCC 认证"),
        ("13C 同位素", "13C 同位素"),
        ("型号 3CX", "型号 3CX"),
        ("高企认定条件", "高新技术企业认定条件"),
        ("提高企业效率", "提高企业效率"),
        ("最高企图", "最高企图"),
        ("压力表强检吗", "压力表强制检定吗"),
        ("体系证书丢了", "体系认证证书丢了"),
        ("", ""),
    ],
)
def test_other_names_become_the_one_in_use(text: str, named: str) -> None:
    assert one_name(text) == named
    assert one_name(named) == named


def test_every_line_is_another_name_and_the_one_in_use() -> None:
    for line in NAMES_FILE.read_text("utf-8").splitlines():
        other, name = line.split("\t")
        assert re.compile(other)
        assert one_name(name) == name.strip()
