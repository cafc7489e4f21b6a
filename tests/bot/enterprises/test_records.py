"""Enterprises are kept once, under credit codes that are right."""

from __future__ import annotations

import pytest

from bot.database import Database
from bot.enterprises.models import Enterprise
from bot.enterprises.records import add_enterprise, checked_code, enterprises_like
from bot.errors import BadInput, EnterpriseKnown
from tests.bot.enterprises.cast import VALVES, Office

UNUSED = "91350700MA2XDEM2C3"


@pytest.mark.parametrize(
    "written",
    [VALVES.lower(), f" {VALVES} ", VALVES.replace("DEM", "ＤＥＭ"), f"9135 0700 {VALVES[8:]}"],
)
def test_a_code_is_taken_however_it_is_written(written: str) -> None:
    assert checked_code(written) == VALVES


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "18 位"),
        (VALVES[:-1], "17 位"),
        (VALVES[:-1] + "0", "校验位"),
        (VALVES[:5] + "9" + VALVES[6:], "校验位"),
        ("I" * 18, "校验位"),
        ("企" * 18, "校验位"),
        (VALVES + "\x00X", "19 位"),
        ("9" * 500, "500 位"),
    ],
)
def test_a_code_that_is_none_is_refused_and_told_why(written: str, why: str) -> None:
    with pytest.raises(BadInput) as refused:
        checked_code(written)
    assert why in refused.value.sentence


@pytest.mark.parametrize(
    ("name", "region"),
    [("", ""), ("云州", ""), (" \x00 ", ""), ("阀" * 129, ""), ("云州新阀门厂", "火星市")],
)
def test_an_enterprise_without_a_proper_name_or_region_is_not_kept(
    office: Office, name: str, region: str, database: Database
) -> None:
    with database.writing() as session, pytest.raises(BadInput):
        add_enterprise(session, office.alice, name, UNUSED, region, now=office.clock())
    with database.reading() as session:
        assert session.query(Enterprise).count() == 2


def test_a_code_that_is_known_names_whose_it_is(office: Office, database: Database) -> None:
    with database.writing() as session, pytest.raises(EnterpriseKnown) as known:
        office.keeps(session, "另一个名字的公司", VALVES)
    assert known.value.details["enterprise"]["name"] == "云州启闭阀门有限公司"


def test_enterprises_are_found_by_part_of_the_name_or_the_beginning_of_the_code(
    office: Office, database: Database
) -> None:
    with database.reading() as session:
        names = {
            words: [each.name for each in enterprises_like(session, words)]
            for words in ("云州", "启闭", VALVES[:14].lower(), "%", "_", " ", "0AT", "x" * 999)
        }
    assert names.pop("云州") == ["云州启闭阀门有限公司", "云州扬程泵业有限公司"]
    assert names.pop("启闭") == ["云州启闭阀门有限公司"]
    assert names.pop(VALVES[:14].lower()) == ["云州启闭阀门有限公司", "云州扬程泵业有限公司"]
    assert not any(names.values())
