"""Resources: import, matching, standards, instruments, experts."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.database import Database
from bot.resources.importing import FOLDER, import_resources
from bot.resources.instruments import experts, instrument_kind, shared_instruments
from bot.resources.matching import Match, find_institutions
from bot.resources.models import Capability, Expert, Institution, Standard
from bot.resources.regions import covers, home_region
from bot.resources.standards import look_up, numbers_in, standards_about
from bot.resources.tables import TableRefused
from bot.resources.wanted import wanted_in

TODAY = date(2026, 11, 24)
HOME = "云州市"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Database:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('resources')}/test.db")
    database.create_tables()
    with database.writing() as session:
        import_resources(session)
    return database


def found(database: Database, text: str, on: date = TODAY) -> list[Match]:
    wanted = wanted_in(text)
    with database.reading() as session:
        return find_institutions(session, wanted, wanted.region or HOME, on=on).found


def counts(session: Session) -> list[int | None]:
    return [
        session.scalar(select(func.count()).select_from(record))
        for record in (Institution, Capability, Standard, Expert)
    ]


def test_importing_twice_changes_nothing(filled: Database) -> None:
    with filled.writing() as session:
        before = counts(session)
        import_resources(session)
        assert counts(session) == before
        assert all(count and count >= 12 for count in before)


def test_a_bad_row_is_named_and_nothing_is_imported(database: Database, tmp_path: Path) -> None:
    for table in FOLDER.glob("*.csv"):
        shutil.copy(table, tmp_path)
    path = tmp_path / "institutions.csv"
    lines = path.read_text("utf-8").splitlines()
    lines[2] = lines[2].replace("2028-11-30", "2028-13-30")
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(TableRefused) as refused, database.writing() as session:
        import_resources(session, tmp_path)
    assert refused.value.faults[0] == (
        "institutions.csv 第 3 行：qualification_expires 应为 2029-05-31 这样的日期"
    )
    with database.reading() as session:
        assert counts(session) == [0, 0, 0, 0]


def test_an_institution_is_found_by_what_it_can_do(filled: Database) -> None:
    for text, item in (
        ("压力表检定去哪", "压力表"),
        ("帮我找一家能做阀门壳体试验的机构", "工业阀门"),
        ("附近有能校准三坐标的吗", "三坐标测量机"),
        ("哪里能测塑料粒子的阻燃", "塑料"),
        ("盐雾试验在哪做", "电工电子产品"),
    ):
        assert item in found(filled, text)[0].capabilities[0].item, text


def test_an_exact_standard_number_decides(filled: Database) -> None:
    for match in found(filled, "哪家能按 gbt13927 检测"):
        assert match.reasons[0] == "standard"
        assert any("13927" in each.method for each in match.capabilities)


def test_an_international_number_finds_who_works_by_the_national_one(filled: Database) -> None:
    assert {match.institution.kind for match in found(filled, "哪里能做ISO9001认证")} == {"认证"}


def test_only_who_is_qualified_is_listed(filled: Database) -> None:
    with filled.reading() as session:
        expired = session.scalars(
            select(Institution).where(Institution.qualification_expires < TODAY)
        ).all()
    assert expired
    listed = {match.institution.id for match in found(filled, "家用电器 CCC 认证")}
    assert listed
    assert not listed & {each.id for each in expired}
    one = next(each for each in expired if each.kind == "认证")
    text = "家用电器 CCC 认证"
    # The last day still counts.
    assert one.id in {
        match.institution.id for match in found(filled, text, one.qualification_expires)
    }


def test_the_region_named_comes_first(filled: Database) -> None:
    assert {m.institution.district for m in found(filled, "青屿市哪里能检定压力表")} == {"青屿市"}
    wanted = wanted_in("台州哪里能检定压力表")
    with filled.reading() as session:
        matches = find_institutions(session, wanted, wanted.region, on=TODAY)
    assert matches.elsewhere
    assert matches.found


def test_nobody_is_listed_for_what_nobody_does(filled: Database) -> None:
    assert found(filled, "火箭发动机试车") == []


@pytest.mark.parametrize(
    ("text", "number", "status"),
    [
        ("gbt19001 现在用哪一版", "GB/T 19001-2016", "现行"),
        ("国标19001", "GB/T 19001-2016", "现行"),
        ("GB/T 4706.1 还有效吗", "GB 4706.1-2024", "现行"),
        ("GB/T 19001-2008", "GB/T 19001-2008", "被代替"),
        ("2020年第42号公告", "市场监管总局公告2020年第42号", "现行"),
        ("质检总局163号令", "国家质检总局令第163号（2021年修改）", "现行"),
        ("国标委联[2019]1号", "国标委联〔2019〕1号", "现行"),
    ],
)
def test_standards_are_found_however_they_are_written(
    filled: Database, text: str, number: str, status: str
) -> None:
    with filled.reading() as session:
        standard = look_up(session, numbers_in(text)[0]).standard
    assert standard is not None
    assert (standard.number, standard.status) == (number, status)


def test_a_replaced_standard_names_its_successor(filled: Database) -> None:
    with filled.reading() as session:
        result = look_up(session, "GB/T 19001-2008")
    assert result.successor is not None
    assert result.successor.number == "GB/T 19001-2016"


def test_an_edition_we_do_not_have_is_not_taken_for_another(filled: Database) -> None:
    with filled.reading() as session:
        result = look_up(session, "GB/T 19001-2011")
    assert result.standard is not None
    assert not result.exact


def test_an_unknown_number_says_so(filled: Database) -> None:
    with filled.reading() as session:
        assert look_up(session, "GB/T 99999").standard is None


def test_standards_are_found_by_topic(filled: Database) -> None:
    with filled.reading() as session:
        assert "GB/T 13927-2022" in [
            each.number for each in standards_about(session, "阀门压力试验用什么标准")
        ]
        assert standards_about(session, "量子纠缠") == []


def test_instruments_are_found_by_alias(filled: Database) -> None:
    with filled.reading() as session:
        for text, name in (("地磅要强检吗", "电子汽车衡"), ("压力表", "一般压力表")):
            kind = instrument_kind(session, text)
            assert kind is not None
            assert kind.name == name
        assert instrument_kind(session, "今天天气不错") is None


def test_shared_instruments_and_experts_are_found(filled: Database) -> None:
    with filled.reading() as session:
        shared = shared_instruments(session, wanted_in("哪里有三坐标可以借"), HOME)
        assert [each.name for each in shared] == ["三坐标测量机"]
        found_experts = experts(session, wanted_in("想请焊接专家"))
        assert any("焊接" in field for each in found_experts for field in each.fields)


def test_regions_know_their_city() -> None:
    assert covers("云州市", "云东区")
    assert not covers("云东区", "云州市")
    assert home_region("云州市泵阀产业质量基础设施“一站式”服务平台") == "云州市"
    assert home_region("某某平台") is None
