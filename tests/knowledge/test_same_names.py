"""One name for what has several."""

from __future__ import annotations

import pytest

from knowledge.same_names import NAMES_FILE, one_name


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("什么是3C认证", "什么是CCC认证"),
        ("三c 证书怎么查", "CCC 证书怎么查"),
        ("办 3c 要多久", "办 CCC 要多久"),
        ("CCC 认证", "CCC 认证"),
        ("CNCA-3C-01", "CNCA-CCC-01"),
        ("13C 同位素", "13C 同位素"),
        ("型号 3CX", "型号 3CX"),
        ("", ""),
    ],
)
def test_other_names_become_the_one_in_use(text: str, named: str) -> None:
    assert one_name(text) == named


def test_every_line_is_another_name_and_the_one_in_use() -> None:
    for line in NAMES_FILE.read_text("utf-8").splitlines():
        other, _, name = line.partition("\t")
        assert name.strip()
        assert other == other.upper()
        assert one_name(name) == name
