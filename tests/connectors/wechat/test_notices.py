"""News of cases to customers whom no ordinary message reaches any more."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases.models import Case, CaseStatus
from bot.cases.progress import advance
from bot.cases.service import open_case
from bot.conversations.models import Conversation, Customer
from bot.database import Database
from bot.delivery.models import DeliveryState, Outgoing
from bot.privacy.erasing import erase_all
from bot.settings import Settings
from bot.wechat.models import WeChatConsent
from tests.connectors.serving import Served
from tests.connectors.wechat.talking import count, says, settled
from tests.fakes import FakeClock
from tests.wechat_stand_in.phone import Phone
from tests.wechat_stand_in.tencent import Template, Tencent

FIELDS = "{character_string1: number, phrase2: status, time3: at, thing4: need}"
NAMES = ["character_string1", "phrase2", "time3", "thing4"]


@pytest.fixture(params=["template"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def wechat_settings(
    wechat_settings: Settings, tencent: Tencent, tmp_path: Path, kind: str
) -> Settings:
    labels = dict.fromkeys(NAMES, "")
    tencent.templates = {"P": Template("进度", labels), "D": Template("到期", labels)}
    path = tmp_path / "notices.yml"
    path.write_text(
        "\n".join(
            f"{about}: {{kind: {kind}, template_id: {name}, fields: {FIELDS}}}"
            for about, name in (("progress", "P"), ("due", "D"))
        ),
        "utf-8",
    )
    return replace(wechat_settings, wechat_notices=str(path))


@pytest.fixture
def case(web: Served, xiaochen: Phone, database: Database, clock: FakeClock) -> str:
    """A case of 小陈's."""
    xiaochen.writes("我要校准")
    settled(web)
    with database.writing() as session:
        conversation_id = session.scalars(select(Conversation.id)).one()
        need = "校准游标卡尺和外径千分尺共二十件，另有一台硬度计"
        return open_case(session, need, now=clock(), conversation_id=conversation_id).number


def moves(web: Served, database: Database, number: str, status: CaseStatus) -> None:
    context = web.app.ctx
    with database.writing() as session:
        advance(session, number, status, now=context.clock(), responses=context.responses)
    settled(web)


def told(phone: Phone) -> None:
    """Wait until Tencent has told what became of what was sent."""
    for each in phone.tencent.reports:
        each.result(10)


def last(database: Database) -> tuple[str, str]:
    """State and reason of the newest parcel."""
    with database.reading() as session:
        row = session.scalars(select(Outgoing).order_by(Outgoing.id.desc()).limit(1)).one()
        return row.state, row.reason


def event(phone: Phone, name: str, inner: str) -> None:
    """Something that Tencent tells by itself; the customer does nothing."""
    phone.push(phone.message("event", f"<Event>{name}</Event>{inner}"))


def popup(phone: Phone, answer: str = "accept", name: str = "popup") -> None:
    if name == "popup" and answer == "accept":
        phone.tencent.user(phone.openid).consents["P"] += 1
    element = f"SubscribeMsg{name.capitalize()}Event"
    said = f"<TemplateId>P</TemplateId><SubscribeStatusString>{answer}</SubscribeStatusString>"
    event(phone, f"subscribe_msg_{name}_event", f"<{element}><List>{said}</List></{element}>")


subscriptions = pytest.mark.parametrize("kind", ["subscription"], indirect=True)


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


@subscriptions
def test_each_of_two_reports_in_one_second_counts(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock, case: str
) -> None:
    popup(xiaochen)
    clock.advance(seconds=1)
    popup(xiaochen)
    clock.advance(hours=49)
    moves(web, database, case, CaseStatus.ACCEPTED)
    moves(web, database, case, CaseStatus.MATCHED)
    told(xiaochen)
    assert len(xiaochen.tencent.user(xiaochen.openid).notices) == 2
    with database.reading() as session:
        told_of = select(Outgoing.state).order_by(Outgoing.id.desc()).limit(2)
        assert set(session.scalars(told_of)) == {DeliveryState.DELIVERED}


@subscriptions
def test_one_consent_is_one_message(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock, case: str
) -> None:
    popup(xiaochen)
    clock.advance(hours=49)
    moves(web, database, case, CaseStatus.ACCEPTED)
    moves(web, database, case, CaseStatus.IN_PROGRESS)
    assert len(xiaochen.tencent.user(xiaochen.openid).notices) == 1
    assert last(database) == (DeliveryState.HELD, "no_consent")
    assert xiaochen.tencent.calls["message/subscribe/bizsend"] == 1
    # What there was no consent for waits as everything else does.
    xiaochen.writes("到哪了")
    settled(web)
    assert "办理" in "\n".join(xiaochen.texts)


@subscriptions
@pytest.mark.parametrize(("answer", "name"), [("reject", "popup"), ("accept", "change")])
def test_nothing_else_gives_consent(
    web: Served,
    xiaochen: Phone,
    database: Database,
    clock: FakeClock,
    case: str,
    answer: str,
    name: str,
) -> None:
    popup(xiaochen, answer, name)
    clock.advance(hours=49)
    moves(web, database, case, CaseStatus.ACCEPTED)
    assert not xiaochen.tencent.calls["message/subscribe/bizsend"]
    assert last(database) == (DeliveryState.HELD, "no_consent")


@subscriptions
def test_consent_that_was_taken_back_is_not_used(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock, case: str
) -> None:
    popup(xiaochen)
    popup(xiaochen, "reject", "change")
    clock.advance(hours=49)
    moves(web, database, case, CaseStatus.ACCEPTED)
    assert not xiaochen.tencent.calls["message/subscribe/bizsend"]


@subscriptions
def test_tencents_word_that_there_is_no_consent_counts(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock, case: str
) -> None:
    popup(xiaochen)
    popup(xiaochen)
    xiaochen.tencent.user(xiaochen.openid).consents.clear()
    clock.advance(hours=49)
    moves(web, database, case, CaseStatus.ACCEPTED)
    assert last(database) == (DeliveryState.HELD, "no_consent")
    with database.reading() as session:
        assert session.scalars(select(WeChatConsent.left)).all() == [0]


@subscriptions
def test_consent_is_kept_when_the_message_did_not_leave(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock, case: str
) -> None:
    popup(xiaochen)
    clock.advance(hours=49)
    xiaochen.tencent.switches.notices = 47003
    moves(web, database, case, CaseStatus.ACCEPTED)
    with database.reading() as session:
        assert session.scalars(select(WeChatConsent.left)).all() == [1]


@subscriptions
@pytest.mark.parametrize(
    ("code", "state"), [(0, DeliveryState.DELIVERED), (43101, DeliveryState.FAILED)]
)
def test_what_became_of_a_subscription_message_is_stored(
    web: Served,
    xiaochen: Phone,
    database: Database,
    clock: FakeClock,
    case: str,
    code: int,
    state: str,
) -> None:
    popup(xiaochen)
    clock.advance(hours=49)
    xiaochen.tencent.switches.outcome_code = code
    moves(web, database, case, CaseStatus.ACCEPTED)
    told(xiaochen)
    assert last(database)[0] == state


@subscriptions
def test_consents_go_with_the_customer(web: Served, xiaochen: Phone, database: Database) -> None:
    xiaochen.writes("你好")
    popup(xiaochen)
    assert count(database, WeChatConsent) == 1
    xiaochen.does("unsubscribe", "<EventKey></EventKey>")
    assert count(database, WeChatConsent) == 0


@subscriptions
def test_consents_go_with_an_erased_customer(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock
) -> None:
    xiaochen.writes("你好")
    popup(xiaochen)
    with database.writing() as session:
        customer = session.scalars(select(Customer)).one()
        erase_all(session, customer, now=clock())
    assert count(database, WeChatConsent) == 0


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
