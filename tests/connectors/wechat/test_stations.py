"""Stations in the chat: by a position that is sent, and by the poster that was scanned."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from bot.conversations.models import Conversation
from bot.database import Database
from bot.desk.detail import conversation_detail
from bot.resources.importing import import_resources
from bot.wechat.models import StationScan
from bot.wechat.scenes import scans_by_station
from tests.connectors.serving import Served
from tests.connectors.wechat.talking import count, settled
from tests.connectors.wechat.test_menu_and_codes import command
from tests.fakes import FakeBrain, FakeClock
from tests.wechat_stand_in.phone import Phone, text_element
from tests.wechat_stand_in.tencent import Tencent

PARK = (26.5880, 118.2400)


@pytest.fixture(autouse=True)
def stocked(database: Database) -> None:
    with database.writing() as session:
        import_resources(session)


def sends_place(phone: Phone, latitude: float | str, longitude: float | str) -> None:
    place = f"<Location_X>{latitude}</Location_X><Location_Y>{longitude}</Location_Y>"
    phone.sends("location", f"{place}<Scale>15</Scale>{text_element('Label', '启闭路')}")


def shown_station(web: Served, database: Database) -> str:
    context = web.app.ctx
    with database.reading() as session:
        newest = select(Conversation.id).order_by(Conversation.created_at.desc())
        conversation_id = session.scalars(newest).first()
        assert conversation_id
        detail = conversation_detail(session, conversation_id, context.hours, now=context.clock())
    return str(detail["customer"]["station"])


def test_a_position_is_answered_with_the_nearest_stations(
    web: Served, xiaochen: Phone, brain: FakeBrain
) -> None:
    sends_place(xiaochen, *PARK)
    settled(web)
    [said] = xiaochen.texts
    assert said.startswith("离您最近的服务站有这 3 个")
    assert said.index("泵阀产业园服务站") < said.index("云州市质量基础设施服务中心窗口")
    for part in ("启闭路 16 号", "直线约 100 米", "演示数据", "8:30–17:30", "0599-5550132"):
        assert part in said
    assert brain.heard == []


def test_far_from_everything_only_the_nearest_is_told(web: Served, xiaochen: Phone) -> None:
    sends_place(xiaochen, 39.9, 116.4)
    settled(web)
    [said] = xiaochen.texts
    assert said.startswith("您附近还没有服务站，最近的约 1")
    assert said.count("电话") == 1


@pytest.mark.parametrize(
    ("latitude", "longitude"), [("x", "118"), ("nan", "118"), ("91", "0"), ("", ""), ("1e999", "1")]
)
def test_a_position_that_is_none_is_answered_without_a_station(
    web: Served, xiaochen: Phone, latitude: str, longitude: str
) -> None:
    sends_place(xiaochen, latitude, longitude)
    settled(web)
    assert len(xiaochen.texts) == 1
    assert "服务站" not in xiaochen.texts[0]


@pytest.mark.parametrize("event", ["SCAN", "subscribe"])
def test_a_poster_opens_a_conversation_that_knows_its_station(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock, event: str
) -> None:
    prefix = "qrscene_" if event == "subscribe" else ""
    xiaochen.does(event, f"<EventKey>{prefix}station_FW-02</EventKey><Ticket>T</Ticket>", times=3)
    settled(web)
    assert len(xiaochen.texts) == 1
    assert "欢迎来到泵阀产业园服务站" in xiaochen.texts[0]
    assert "0599-5550132" in xiaochen.texts[0]
    assert shown_station(web, database) == "泵阀产业园服务站"
    with database.reading() as session:
        counted = {row[0]: row[2:] for row in scans_by_station(session, clock())}
    assert counted["FW-02"] == (1, 1)
    assert counted["FW-01"] == (0, 0)
    # A conversation begun much later has nothing to do with it.
    clock.advance(days=2)
    with database.writing() as session:
        conversation = session.scalars(select(Conversation)).one()
        conversation.created_at = clock()
    assert shown_station(web, database) == ""


@pytest.mark.parametrize("scene", ["station_", "station_FW-99", "station_' OR 1=1", "poster"])
def test_a_scene_of_no_station_greets_and_counts_nothing(
    web: Served, xiaochen: Phone, database: Database, scene: str
) -> None:
    xiaochen.does("SCAN", f"<EventKey>{scene}</EventKey><Ticket>T</Ticket>")
    settled(web)
    assert "智能助手" in xiaochen.texts[0]
    assert count(database, StationScan) == 0
    assert shown_station(web, database) == ""


@pytest.mark.one_database
def test_scans_are_counted_by_a_command(tencent: Tencent, tmp_path: Path) -> None:
    done = command(tencent, tmp_path, "stations")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "服务站表是空的。\n"
