"""Service stations: read with checks, nearest first, asked for in words."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.database import Database
from bot.resources.importing import FOLDER, import_resources
from bot.resources.models import Station
from bot.resources.stations import (
    asks_for_stations,
    spoken_distance,
    station_card,
    stations_in,
    stations_near,
)
from bot.resources.tables import TableRefused


@pytest.fixture
def stocked(database: Database) -> Database:
    with database.writing() as session:
        import_resources(session)
    return database


def test_every_station_is_marked_as_invented(stocked: Database) -> None:
    with stocked.reading() as session:
        found = stations_in(session, None)
    assert len(found) >= 5
    assert all(station_card(each)["demo"] for each in found)


def test_the_nearest_come_first(stocked: Database) -> None:
    with stocked.reading() as session:
        park = session.scalars(select(Station).where(Station.name == "泵阀产业园服务站")).one()
        near = stations_near(session, park.latitude, park.longitude)
        far = stations_near(session, 39.9, 116.4)
    assert near[0].station.id == park.id
    assert near[0].metres < 1
    assert [each.metres for each in near] == sorted(each.metres for each in near)
    assert [each.is_near for each in near] == [True, True, True]
    assert not any(each.is_near for each in far)
    # Between two points whose distance is known: a degree of latitude.
    with stocked.reading() as session:
        away = stations_near(session, park.latitude + 1, park.longitude)
    assert any(abs(each.metres - 111_195) < 20_000 for each in away)


def test_a_region_has_its_stations_and_a_city_those_of_its_districts(stocked: Database) -> None:
    with stocked.reading() as session:
        assert [each.name for each in stations_in(session, "云西区")] == ["云西区服务站"]
        assert stations_in(session, "云州市") == stations_in(session, None)
        assert stations_in(session, "北京市") == []


@pytest.mark.parametrize(
    ("metres", "spoken"),
    [(0, "50 米"), (349, "350 米"), (2_449, "2.4 公里"), (12_600, "13 公里")],
)
def test_distances_are_said_as_people_say_them(metres: float, spoken: str) -> None:
    assert spoken_distance(metres) == spoken


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("26.6420", "118.1830", "stations.csv 第 2 行：latitude 应为 3 到 54 之间的纬度"),
        ("26.6420", "26.64", "至少三位小数"),
        ("26.6420", "二十六", "latitude"),
        ("118.1830", "-118.1830", "longitude"),
        ("118.1830", "1e2", "longitude"),
        ("云东区,云东区", "火星区,云东区", "stations.csv 第 2 行：district “火星区”不在地区表中"),
        ("FW-02", "FW-01", "stations.csv 第 3 行：FW-01 重复"),
        ("0599-5550131", "", "stations.csv 第 2 行：phone 不能为空"),
        ("打印报告,yes", "打印报告,是", "应为 yes 或 no"),
        ("FW-01,", "FW-01,多,", "stations.csv 第 2 行：应有 10 列"),
        ("latitude", "lat", "stations.csv 第 1 行：缺少列 latitude"),
    ],
)
def test_a_bad_row_is_refused_with_its_place_and_nothing_is_loaded(
    database: Database, tmp_path: Path, old: str, new: str, reason: str
) -> None:
    for table in FOLDER.glob("*.csv"):
        shutil.copy(table, tmp_path)
    path = tmp_path / "stations.csv"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(TableRefused) as refused, database.writing() as session:
        import_resources(session, tmp_path)
    assert any(reason in fault for fault in refused.value.faults), refused.value.faults
    with database.reading() as session:
        assert stations_in(session, None) == []


@pytest.mark.parametrize(
    "text",
    ["附近有服务站吗", "窗口在哪", "云东区有服务站吗", "你们窗口几点上班", "最近的服务站怎么走"],
)
def test_words_that_ask_where_to_find_us(text: str) -> None:
    assert asks_for_stations(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "商标受理窗口在哪",
        "园区里的服务站能办什么",
        "附近有检测机构吗",
        "政策兑现窗口",
        "售后服务站在哪办认证",
        "注册公司去哪个窗口",
    ],
)
def test_words_that_ask_something_else(text: str) -> None:
    assert not asks_for_stations(text)


@given(
    st.floats(min_value=0, max_value=21_000_000),
)
def test_any_distance_can_be_said(metres: float) -> None:
    assert spoken_distance(metres).split()[1] in ("米", "公里")
