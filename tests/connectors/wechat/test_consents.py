"""Subscription messages: one for each consent of the customer's."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.cases.models import CaseStatus
from bot.conversations.models import Customer
from bot.database import Database
from bot.delivery.models import DeliveryState, Outgoing
from bot.privacy.erasing import erase_all
from bot.wechat.models import WeChatConsent
from tests.connectors.serving import Served
from tests.connectors.wechat.noticing import case, event, last, moves, told, wechat_settings
from tests.connectors.wechat.talking import count, settled
from tests.fakes import FakeClock
from tests.wechat_stand_in.phone import Phone

__all__ = ["case", "wechat_settings"]


@pytest.fixture
def kind() -> str:
    return "subscription"


def popup(phone: Phone, answer: str = "accept", name: str = "popup") -> None:
    if name == "popup" and answer == "accept":
        phone.tencent.user(phone.openid).consents["P"] += 1
    element = f"SubscribeMsg{name.capitalize()}Event"
    said = f"<TemplateId>P</TemplateId><SubscribeStatusString>{answer}</SubscribeStatusString>"
    event(phone, f"subscribe_msg_{name}_event", f"<{element}><List>{said}</List></{element}>")


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


def test_consent_that_was_taken_back_is_not_used(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock, case: str
) -> None:
    popup(xiaochen)
    popup(xiaochen, "reject", "change")
    clock.advance(hours=49)
    moves(web, database, case, CaseStatus.ACCEPTED)
    assert not xiaochen.tencent.calls["message/subscribe/bizsend"]


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


def test_consent_is_kept_when_the_message_did_not_leave(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock, case: str
) -> None:
    popup(xiaochen)
    clock.advance(hours=49)
    xiaochen.tencent.switches.notices = 47003
    moves(web, database, case, CaseStatus.ACCEPTED)
    with database.reading() as session:
        assert session.scalars(select(WeChatConsent.left)).all() == [1]


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


def test_consents_go_with_the_customer(web: Served, xiaochen: Phone, database: Database) -> None:
    xiaochen.writes("你好")
    popup(xiaochen)
    assert count(database, WeChatConsent) == 1
    xiaochen.does("unsubscribe", "<EventKey></EventKey>")
    assert count(database, WeChatConsent) == 0


def test_consents_go_with_an_erased_customer(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock
) -> None:
    xiaochen.writes("你好")
    popup(xiaochen)
    with database.writing() as session:
        customer = session.scalars(select(Customer)).one()
        erase_all(session, customer, now=clock())
    assert count(database, WeChatConsent) == 0
