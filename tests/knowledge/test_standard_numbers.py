"""Standard numbers in every way customers write them."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.standard_numbers import find, normalize, trunk, without_year
from knowledge.vocabulary import RESOURCES_FOLDER


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("gbt19001", ["GB/T 19001"]),
        ("GB∕T 19001—2016", ["GB/T 19001-2016"]),
        ("国标19001", ["GB 19001"]),
        ("gb4943.1 2022", ["GB 4943.1-2022"]),
        ("GB/T 2828-87", ["GB/T 2828-1987"]),
        ("JJG52-2013压力表", ["JJG 52-2013"]),
        ("jjg（苏）12-2020", ["JJG(苏) 12-2020"]),
        ("db3209/t1218-2022", ["DB3209/T 1218-2022"]),
        ("Q/SRQ 0001S-2023", ["Q/SRQ 0001S-2023"]),
        ("GB/T19001/ISO9001", ["GB/T 19001", "ISO 9001"]),
        ("nb/t47013.2-2015", ["NB/T 47013.2-2015"]),
        ("ＧＢ／Ｔ　１９００１－２０１６", ["GB/T 19001-2016"]),
        ("gb-t 19001-16", ["GB/T 19001-2016"]),
        ("GB/T 19001（2016版）", ["GB/T 19001-2016"]),
        ("iso9001 2015版", ["ISO 9001:2015"]),
        ("iso/iec17025-2017", ["ISO/IEC 17025:2017"]),
        ("GB/T 2828 第1部分", ["GB/T 2828.1"]),
        ("GB/T 2828 第一部分", ["GB/T 2828.1"]),
        ("DB11/501-2017", ["DB11/501-2017"]),
        ("GBZ 2.1-2019", ["GBZ 2.1-2019"]),
        ("GB/Z 19579-2012", ["GB/Z 19579-2012"]),
        ("GJB 9001C-2017", ["GJB 9001C-2017"]),
        ("GSB 04-1234-2010", ["GSB 04-1234-2010"]),
        ("T/CAQ 10201-2020", ["T/CAQ 10201-2020"]),
        ("ASTM D638-14", ["ASTM D638-14"]),
        ("IEC 60335-1:2020", ["IEC 60335-1:2020"]),
        ("TSG T7001-2023", ["TSG T7001-2023"]),
        ("CNCA-C09-02:2025", ["CNCA-C09-02:2025"]),
        ("国家标准GB 150.1和GB 9685", ["GB 150.1", "GB 9685"]),
        ("阀门按API 598试压", ["API 598"]),
    ],
)
def test_written_forms_become_the_form_of_citation(written: str, meant: list[str]) -> None:
    assert [found.value for found in find(written)] == meant


@pytest.mark.parametrize(
    "text",
    [
        "TBT 2024年通报有哪些",
        "我电话13800138000",
        "3C认证怎么办",
        "CNAS L1234",
        "型号 JB5000",
        "买了台JB5000电机",
        "总局令第 121 号",
        "2020 年第 42 号公告",
        "GBT怎么查",
        "内存 8 GB 3200",
        "国标2024年新发布的",
        "YZ-20261124-0007",
        "SC10633010200123",
        "ZL200310102344.5",
        "HS编码 8481.80",
        "91350100M000100Y43",
        "防护等级IP67",
    ],
)
def test_look_alikes_are_no_standards(text: str) -> None:
    assert find(text) == []


def test_a_found_number_says_where_it_stands() -> None:
    text = "请问ＧＢ／Ｔ１９００１还有效吗"
    (found,) = find(text)
    assert text[found.start : found.end] == found.text == "ＧＢ／Ｔ１９００１"


def test_normal_forms_of_our_table_are_their_own_normal_form() -> None:
    with (RESOURCES_FOLDER / "standards.csv").open(encoding="utf-8-sig", newline="") as lines:
        numbers = [row["number"] for row in csv.DictReader(lines)]
    read = {number: normalize(number) for number in numbers}
    assert sum(value is not None for value in read.values()) >= 300
    assert {number: value for number, value in read.items() if value not in (None, number)} == {}


def test_the_year_comes_off() -> None:
    assert without_year("GB/T 19001-2016") == "GB/T 19001"
    assert without_year("ISO 9001:2015") == "ISO 9001"
    assert without_year("IEC 60335-1") == "IEC 60335-1"
    assert without_year("ASTM D638-14") == "ASTM D638"
    assert trunk("GB/T 19001-2016") == trunk("GB 19001") == "GB 19001"


@given(st.text(max_size=60))
def test_any_text_is_read_without_failing(text: str) -> None:
    for found in find(text):
        assert text[found.start : found.end] == found.text
