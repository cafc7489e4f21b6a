"""News of cases to customers whom no ordinary message reaches any more."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases.models import Case, CaseStatus
from bot.database import Database
from bot.delivery.models import DeliveryState, Outgoing
from tests.connectors.serving import Served
from tests.connectors.wechat.noticing import case, event, last, moves, told, wechat_settings
from tests.connectors.wechat.talking import says, settled
from tests.fakes import FakeClock
from tests.wechat_stand_in.phone import Phone

__all__ = ["case", "wechat_settings"]


@pytest.fixture
def kind() -> str:
    return "template"


def test_inside_the_window_it_is_a_message_like_any_other(
    web: Served, xiaochen: Phone, database: Database, case: str
) -> None:
    moves(web, database, case, CaseStatus.ACCEPTED)
    assert "已受理" in xiaochen.texts[-1]
    assert not xiaochen.tencent.user(xiaochen.openid).notices


def test_outside_the_window_a_template_carries_it(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock, case: str
) -> None:
    clock.advance(hours=49)
    moves(web, database, case, CaseStatus.ACCEPTED)
    (sent,) = xiaochen.tencent.user(xiaochen.openid).notices
    assert sent["data"]["character_string1"]["value"] == case
    assert sent["data"]["phrase2"]["value"] == "已受理"
    assert sent["data"]["time3"]["value"] == "2026年11月26日 10:30"
    assert sent["data"]["thing4"]["value"] == "校准游标卡尺和外径千分尺共二十件，另有…"
    assert sent["url"].startswith("https://platform.example/wechat/messages/")
    told(xiaochen)
    assert last(database) == (DeliveryState.DELIVERED, "")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("failed:user block", "user_refuses"),
        ("failed: system failed", "failed:systemfailed"),
        ("failed:freq limit", "failed:freqlimit"),
    ],
)
def test_a_template_that_does_not_arrive_is_a_dead_letter(
    web: Served,
    xiaochen: Phone,
    database: Database,
    clock: FakeClock,
    case: str,
    status: str,
    reason: str,
) -> None:
    xiaochen.tencent.switches.outcome = status
    clock.advance(hours=49)
    moves(web, database, case, CaseStatus.ACCEPTED)
    told(xiaochen)
    assert last(database) == (DeliveryState.FAILED, reason)


def test_what_tencent_tells_before_we_have_stored_the_sending_is_told_again(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock, case: str
) -> None:
    moves(web, database, case, CaseStatus.ACCEPTED)
    with database.writing() as session:
        row = session.scalars(select(Outgoing).order_by(Outgoing.id.desc()).limit(1)).one()
        row.state, row.receipt = DeliveryState.SENDING, None
    inner = "<MsgID>77</MsgID><Status>success</Status>"
    xml = xiaochen.message("event", f"<Event>TEMPLATESENDJOBFINISH</Event>{inner}")
    assert xiaochen.push(xml).answers[0].status_code == 500
    with database.writing() as session:
        row = session.get_one(Outgoing, row.id)
        row.state, row.receipt = DeliveryState.SENT, "77"
    assert xiaochen.push(xml).answers[0].text == "success"
    assert last(database) == (DeliveryState.DELIVERED, "")
    # Of what nobody here has sent there is nothing to wait for.
    event(xiaochen, "TEMPLATESENDJOBFINISH", "<MsgID>78</MsgID><Status>success</Status>")


def test_an_ordinary_reply_under_way_does_not_put_a_report_off(
    web: Served, xiaochen: Phone, database: Database
) -> None:
    xiaochen.writes("在吗")
    settled(web)
    with database.writing() as session:
        row = session.scalars(select(Outgoing).order_by(Outgoing.id.desc()).limit(1)).one()
        row.state = DeliveryState.SENDING
    inner = "<MsgID>77</MsgID><Status>success</Status>"
    xml = xiaochen.message("event", f"<Event>TEMPLATESENDJOBFINISH</Event>{inner}")
    assert xiaochen.push(xml).answers[0].text == "success"


def test_what_is_held_for_the_customer_does_not_hold_it_back(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock, case: str
) -> None:
    clock.advance(hours=49)
    says(web, database, "请把型号发来。")
    settled(web)
    assert last(database)[0] == DeliveryState.HELD
    moves(web, database, case, CaseStatus.ACCEPTED)
    assert len(xiaochen.tencent.user(xiaochen.openid).notices) == 1
    xiaochen.writes("在吗")
    settled(web)
    assert "请把型号发来。" in "\n".join(xiaochen.texts)
    # Said once, by the template.
    assert not any("已受理" in each for each in xiaochen.texts)


def test_a_passing_trouble_is_tried_again_and_sent_once(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock, case: str
) -> None:
    clock.advance(hours=49)
    says(web, database, "请把型号发来。")
    settled(web)
    xiaochen.tencent.switches.notices = -1
    moves(web, database, case, CaseStatus.ACCEPTED)
    assert last(database) == (DeliveryState.WAITING, "wechat_busy")
    xiaochen.tencent.switches.notices = 0
    clock.advance(minutes=10)
    settled(web)
    told(xiaochen)
    assert last(database) == (DeliveryState.DELIVERED, "")
    assert len(xiaochen.tencent.user(xiaochen.openid).notices) == 1


@pytest.mark.parametrize(
    ("code", "state"),
    [(47003, DeliveryState.HELD), (40037, DeliveryState.HELD), (43004, DeliveryState.FAILED)],
)
def test_each_refusal_has_its_own_outcome(
    web: Served,
    xiaochen: Phone,
    database: Database,
    clock: FakeClock,
    case: str,
    code: int,
    state: str,
) -> None:
    clock.advance(hours=49)
    xiaochen.tencent.switches.notices = code
    moves(web, database, case, CaseStatus.ACCEPTED)
    assert last(database)[0] == state


@pytest.mark.parametrize(
    ("code", "reason", "later"),
    [
        (40164, "ip_not_listed", timedelta(minutes=2)),
        (45009, "daily_quota", timedelta(hours=24)),
    ],
)
def test_what_keeps_everybody_from_being_told_is_told_once_and_waited_for(
    web: Served,
    xiaochen: Phone,
    database: Database,
    clock: FakeClock,
    case: str,
    caplog: pytest.LogCaptureFixture,
    code: int,
    reason: str,
    later: timedelta,
) -> None:
    clock.advance(hours=49)
    xiaochen.tencent.switches.notices = code
    moves(web, database, case, CaseStatus.ACCEPTED)
    moves(web, database, case, CaseStatus.MATCHED)
    assert last(database)[0] == DeliveryState.WAITING
    with database.reading() as session:
        assert reason in session.scalars(select(Outgoing.reason)).all()
    assert xiaochen.tencent.calls["message/template/send"] == 1
    assert caplog.text.count("wechat_alarm") == 1
    xiaochen.tencent.switches.notices = 0
    clock.now += later
    settled(web)
    told(xiaochen)
    assert last(database) == (DeliveryState.DELIVERED, "")
    assert len(xiaochen.tencent.user(xiaochen.openid).notices) == 2


def remind(web: Served) -> None:
    async def sweep() -> None:
        await asyncio.to_thread(web.app.ctx.sweeper.run_once, "case_reminders")

    asyncio.run_coroutine_threadsafe(sweep(), web._loop).result(10)
    settled(web)


def test_what_is_due_soon_is_said_once(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock, case: str
) -> None:
    remind(web)
    assert not any("最晚" in each for each in xiaochen.texts)
    with database.writing() as session:
        found = _case(session, case)
        found.due_at = clock() + timedelta(hours=50)
    clock.advance(hours=49)
    remind(web)
    remind(web)
    (sent,) = xiaochen.tencent.user(xiaochen.openid).notices
    assert sent["template_id"] == "D"


@pytest.mark.parametrize("status", [CaseStatus.ACCEPTED, CaseStatus.DONE])
def test_what_was_promised_and_kept_is_due_no_more(
    web: Served,
    xiaochen: Phone,
    database: Database,
    clock: FakeClock,
    case: str,
    status: CaseStatus,
) -> None:
    with database.writing() as session:
        found = _case(session, case)
        found.status, found.due_at = status, clock() + timedelta(hours=1)
    remind(web)
    assert not any("最晚" in each for each in xiaochen.texts)


def _case(session: Session, number: str) -> Case:
    return session.scalars(select(Case).where(Case.number == number)).one()
