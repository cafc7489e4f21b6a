"""What a WeChat channel must show before anybody connects it, and where each point is shown.

===  ==========================================================  =================================
no.  what                                                        where
===  ==========================================================  =================================
1    right messages taken, wrong ones refused in one way         here; ``tests/bot/wechat``
                                                                 (crypto, reading), test_callback,
                                                                 test_noise
2    the callback is quick; three deliveries are one turn        here, over two processes in
                                                                 ``tests/processes/test_wechat.py``;
                                                                 measured by ``make bench-wechat``
3    a token that is always refused                              here, test_sending
4    twelve replies of one turn                                  here, ``tests/scenarios``,
                                                                 test_budget
5    45015, 45047, 48001, 40164 have their own ends              here, test_sending, test_passive
6    long texts are split and lose nothing                       here, ``tests/bot/wechat``
7    survey with and without the item's id, one vote             here, ``tests/scenarios``
8    who unfollows is gone                                       here, ``tests/scenarios``
9    微信客服 loses and repeats nothing                            tests of 微信客服
10   logs hold no token, no secret, no OpenID                    ``tests/processes/test_wechat.py``,
                                                                 test_sending
===  ==========================================================  =================================
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, inspect, select, text
from sqlalchemy.exc import OperationalError

from bot.cases.models import Case, CaseStep
from bot.cases.service import open_case
from bot.conversations.audit import audit
from bot.conversations.brain import Answer, Reply
from bot.conversations.models import Conversation, ConversationStatus, SuppressedDraft, Turn
from bot.database import Database
from bot.delivery.models import DeliveryState, Outgoing
from bot.feedback.models import ConversationFeedback
from bot.privacy.models import ErasedTracker
from tests.bot.wechat.peer import TOKEN, sealed
from tests.connectors.serving import Served
from tests.connectors.wechat.conftest import XIAOCHEN
from tests.connectors.wechat.talking import count, holds, resolves, says, settled, states
from tests.fakes import FakeBrain, FakeClock
from tests.wechat_stand_in.phone import Delivery, Phone, sign

MIXED = "压力表检定👨‍👩‍👧周期：半年。Calibration, 校准；" * 60


def signed_anew(delivery: Delivery, encrypted: str) -> None:
    """Put another ``Encrypt`` in, as somebody who knows the token would."""
    query = delivery.query
    query["msg_signature"] = sign(TOKEN, query["timestamp"], query["nonce"], encrypted)
    delivery.body = f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode()


WRONG: dict[str, Callable[[Delivery], object]] = {
    "signature": lambda sent: sent.query.update(signature="0" * 40),
    "signature of the body": lambda sent: sent.query.update(msg_signature="0" * 40),
    "no signature": lambda sent: sent.query.pop("msg_signature"),
    "time": lambda sent: sent.query.update(timestamp="1600000000"),
    "another customer": lambda sent: sent.query.update(openid="oSOMEBODYELSE"),
    "another way of encrypting": lambda sent: sent.query.update(encrypt_type="rot13"),
    "no base64": lambda sent: signed_anew(sent, "%%%"),
    "no whole blocks": lambda sent: signed_anew(sent, "YWJj"),
    "another key": lambda sent: signed_anew(sent, sealed("<xml/>", key="b" * 43)),
    "another account": lambda sent: signed_anew(sent, sealed("<xml/>", app_id="wx00")),
    "no XML inside": lambda sent: signed_anew(sent, sealed("你好")),
    "a DTD inside": lambda sent: signed_anew(sent, sealed("<!DOCTYPE x []><xml/>")),
    "no body": lambda sent: setattr(sent, "body", b""),
    "a large body": lambda sent: setattr(sent, "body", b"x" * 70_000),
    "a plain body": lambda sent: setattr(sent, "body", b"<xml><MsgType>text</MsgType></xml>"),
}


def test_acceptance_1_everything_wrong_gets_the_same_answer(
    xiaochen: Phone, database: Database
) -> None:
    answers = {}
    for name, spoil in WRONG.items():
        delivery = xiaochen.delivery(xiaochen.message("text", "<Content>你好</Content>"))
        spoil(delivery)
        answer = xiaochen.deliver(delivery)
        headers = {key: value for key, value in answer.headers.items() if key != "date"}
        answers[name] = (answer.status_code, answer.content, headers)
    first = next(iter(answers.values()))
    assert first[:2] == (403, b"")
    assert [name for name, answer in answers.items() if answer != first] == []
    # Nothing but the spoiling was wrong.
    assert xiaochen.writes("你好").answers[-1].text == "success"


def test_acceptance_2_three_deliveries_at_once_are_one_turn_and_do_not_wait_for_it(
    web: Served, xiaochen: Phone, brain: FakeBrain, database: Database
) -> None:
    go_on = holds(web, brain)
    xiaochen.tencent.acted(XIAOCHEN, wrote=True)
    delivery = xiaochen.delivery(xiaochen.message("text", "<Content>你好</Content>"))
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(xiaochen.deliver, [delivery] * 3))
    assert [each.text for each in answers] == ["success"] * 3
    assert xiaochen.inbox == []
    go_on()
    settled(web)
    assert count(database, Turn) == len(brain.heard) == 1


def test_acceptance_3_a_token_refused_for_ever_is_tried_twice_renewed_once_and_told_once(
    web: Served,
    xiaochen: Phone,
    database: Database,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    xiaochen.tencent.switches.forget_tokens = True
    for number in range(3):
        xiaochen.openid = f"oFAILING{number:020d}"
        xiaochen.writes("你好")
        settled(web)
    for _ in range(3):
        clock.advance(minutes=20)
        settled(web)
    calls = xiaochen.tencent.calls
    with database.reading() as session:
        attempts = session.scalars(select(Outgoing.attempts)).all()
    assert min(attempts) >= 3
    assert calls["message/custom/send"] <= 2 * sum(attempts)
    # One token was given, refused, and asked for once more.
    assert calls["stable_token"] == 2
    alarms = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert [each.getMessage()[:23] for each in alarms] == ["wechat_alarm code=40001"]


def test_acceptance_4_twelve_replies_need_five_messages_and_the_rest_comes_later(
    web: Served, xiaochen: Phone, brain: FakeBrain
) -> None:
    brain.script.append(Answer([Reply(f"第 {n} 条：{'长' * 160}") for n in range(12)]))
    xiaochen.writes("全部告诉我")
    settled(web)
    assert len(xiaochen.inbox) <= 5
    for _ in range(4):
        xiaochen.writes("继续")
        settled(web)
    told = "\n".join(xiaochen.texts)
    assert xiaochen.tencent.refused == []
    found = [told.index(f"第 {number} 条") for number in range(12)]
    assert found == sorted(found)
    assert told.count("长") == 12 * 160


@pytest.mark.parametrize(
    ("code", "state", "repeats"),
    [
        (45047, DeliveryState.HELD, False),
        (40164, DeliveryState.WAITING, True),
    ],
)
def test_acceptance_5_what_tencent_refuses_has_its_own_end(
    web: Served,
    xiaochen: Phone,
    database: Database,
    clock: FakeClock,
    code: int,
    state: str,
    repeats: bool,
) -> None:
    xiaochen.tencent.switches.always = code
    xiaochen.writes("你好")
    settled(web)
    assert states(database) == [state]
    calls = xiaochen.tencent.calls
    # A wrong configuration stops everything for a while; a used quota concerns one customer.
    xiaochen.openid = "oSOMEBODYELSEaaaaaaaaaaaaaa2"
    xiaochen.writes("你好")
    settled(web)
    assert calls["message/custom/send"] == (1 if repeats else 2)
    xiaochen.tencent.switches.always = 0
    clock.advance(minutes=30)
    settled(web)
    assert len(xiaochen.tencent.user(XIAOCHEN).inbox) == (1 if repeats else 0)


def test_acceptance_5_a_closed_window_is_asked_about_twice_and_then_waited_for(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock
) -> None:
    xiaochen.tencent.switches.always = 45015
    xiaochen.writes("你好")
    for _ in range(4):
        settled(web)
        clock.advance(minutes=30)
    assert xiaochen.tencent.calls["message/custom/send"] == 2
    assert states(database) == [DeliveryState.HELD]
    xiaochen.tencent.switches.always = 0
    xiaochen.writes("在吗")
    settled(web)
    assert "听到：你好" in "\n".join(xiaochen.texts)


def test_acceptance_6_a_long_mixed_text_arrives_in_parts_that_are_the_text(
    web: Served, xiaochen: Phone, brain: FakeBrain
) -> None:
    assert len(MIXED.encode()) > 3000
    brain.script.append(Answer([Reply(MIXED)]))
    xiaochen.writes("详细说说")
    settled(web)
    assert all(len(each.encode()) <= 2048 for each in xiaochen.texts)
    assert len(xiaochen.texts) > 1
    assert "".join(xiaochen.texts) == MIXED


@pytest.mark.parametrize("with_id", [True, False])
def test_acceptance_7_a_survey_counts_with_and_without_the_id_and_only_once(
    web: Served, xiaochen: Phone, database: Database, with_id: bool
) -> None:
    xiaochen.writes("转人工")
    settled(web)
    resolves(web, database, says(web, database, "您好"))
    settled(web)
    press = xiaochen.presses if with_id else xiaochen.writes
    press("4 满意")
    settled(web)
    xiaochen.presses("1 很不满意")
    settled(web)
    with database.reading() as session:
        assert session.query(ConversationFeedback.score).all() == [(4,)]
        statuses = session.execute(text("SELECT status FROM conversations")).scalars().all()
    assert statuses == [ConversationStatus.RESOLVED]


@pytest.mark.parametrize("is_served", [False, True])
def test_acceptance_8_no_table_holds_anything_of_a_customer_who_left(
    web: Served,
    xiaochen: Phone,
    database: Database,
    clock: FakeClock,
    tmp_path: Path,
    is_served: bool,
) -> None:
    secret = "陈某某十三八零零"
    xiaochen.does("subscribe", "<EventKey>qrscene_station_1</EventKey>")
    xiaochen.writes(f"我叫{secret}")
    xiaochen.sends("link", f"<Title>{secret}</Title><Url>https://e.cn/</Url>")
    settled(web)
    xiaochen.writes("转人工")
    settled(web)
    resolves(web, database, says(web, database, f"{secret}您好"))
    settled(web)
    xiaochen.presses("4 满意")
    settled(web)
    number = leaves_traces(web, database, secret)
    trackers = remembers(web, database, tmp_path)
    if is_served:
        clock.advance(minutes=1)
        xiaochen.writes("转人工")
        settled(web)
        says(web, database, f"{secret}，又见面了")
        settled(web)
    assert {"cases", "case_steps", "conversation_feedback"} <= set(found_in(database, secret))
    assert found_in(database, XIAOCHEN)
    assert set(tracked(trackers)) == {"theirs", "other"}
    xiaochen.does("unsubscribe", "<EventKey></EventKey>")
    settled(web)
    assert found_in(database, secret, XIAOCHEN) == []
    assert tracked(trackers) == ["other"]
    with database.reading() as session:
        assert session.scalars(select(Case.number)).all() == [number]
        # A score and what staff did remain, without words.
        assert session.scalars(select(ConversationFeedback.score)).all() == [4]
        report = audit(session, grace=timedelta(minutes=1), now=clock())
    assert report.problems == []


def test_acceptance_8_what_the_bot_says_after_somebody_left_is_kept_nowhere(
    web: Served, xiaochen: Phone, brain: FakeBrain, database: Database, clock: FakeClock
) -> None:
    secret = "陈某某十三八零零"
    entities = [{"entity": "name", "value": secret}]
    brain.script.append(Answer([Reply(f"{secret}，您好")], entities=entities))
    go_on = holds(web, brain)
    xiaochen.writes(f"我叫{secret}")
    xiaochen.writes("还有一事")
    xiaochen.does("unsubscribe", "<EventKey></EventKey>")
    go_on()
    settled(web)
    assert found_in(database, secret, XIAOCHEN) == []
    assert xiaochen.inbox == []
    assert count(database, SuppressedDraft) == 0
    # Nobody is left to whom the second message could be answered.
    assert len(brain.heard) == 1
    clock.advance(minutes=5)
    with database.reading() as session:
        assert audit(session, grace=timedelta(minutes=1), now=clock()).problems == []


@pytest.mark.parametrize("is_back", [False, True])
def test_acceptance_8_a_tracker_that_could_not_be_removed_is_removed_later(
    web: Served,
    xiaochen: Phone,
    database: Database,
    clock: FakeClock,
    tmp_path: Path,
    is_back: bool,
) -> None:
    xiaochen.writes("你好")
    settled(web)
    trackers = remembers(web, database, tmp_path)
    settings, sweeper = web.app.ctx.settings, web.app.ctx.sweeper
    web.app.ctx.settings = replace(settings, tracker_store_url="sqlite:////nowhere/trackers.db")
    assert xiaochen.does("unsubscribe", "<EventKey></EventKey>").answers[0].text == "success"
    with pytest.raises(OperationalError):
        sweeper.run_once("trackers")
    assert set(tracked(trackers)) == {"theirs", "other"}
    web.app.ctx.settings = settings
    sweeper.run_once("trackers")
    assert tracked(trackers) == ["other"]
    if is_back:
        # A turn that was under way wrote it once more.
        keeps(trackers, theirs(database), "theirs")
    clock.advance(minutes=11)
    sweeper.run_once("trackers")
    assert tracked(trackers) == ["other"]
    assert count(database, ErasedTracker) == 0


def leaves_traces(web: Served, database: Database, secret: str) -> str:
    """A case that staff work on, a comment on the score, and what the service came to."""
    now = web.app.ctx.clock()
    with database.writing() as session:
        conversation = session.scalars(select(Conversation)).one()
        conversation.outcome = secret
        case = open_case(
            session,
            secret,
            now=now,
            details={"quantity": secret},
            contact=secret,
            phone="13800000000",
            company=secret,
            conversation_id=conversation.id,
            hours=web.app.ctx.handoff.hours,
        )
        case.steps.append(CaseStep(status=case.status, note=f"{secret}来电", happened_at=now))
        feedback = session.scalars(select(ConversationFeedback)).one()
        feedback.comment, feedback.tags = f"太慢了，我是{secret}", [secret]
        return case.number


def remembers(web: Served, database: Database, folder: Path) -> Engine:
    """Rasa keeps a tracker of the conversation, and one of somebody else's."""
    url = f"sqlite:///{folder}/trackers.db"
    web.app.ctx.settings = replace(web.app.ctx.settings, tracker_store_url=url)
    trackers = create_engine(url)
    with trackers.begin() as connection:
        connection.execute(text("CREATE TABLE rasa_trackers (sender_id TEXT, events TEXT)"))
    keeps(trackers, theirs(database), "theirs")
    keeps(trackers, "another.0", "other")
    return trackers


def theirs(database: Database) -> str:
    """The name of the tracker of the one conversation."""
    with database.reading() as session:
        return f"{session.scalars(select(Conversation.id)).one()}.0"


def keeps(trackers: Engine, sender_id: str, events: str) -> None:
    """Rasa stores a tracker."""
    values = {"id": sender_id, "events": events}
    with trackers.begin() as connection:
        connection.execute(text("INSERT INTO rasa_trackers VALUES (:id, :events)"), values)


def tracked(trackers: Engine) -> list[str]:
    """What Rasa remembers."""
    with trackers.connect() as connection:
        found = connection.execute(text("SELECT events FROM rasa_trackers")).scalars().all()
    trackers.dispose()
    return list(found)


def found_in(database: Database, *words: str) -> list[str]:
    """The tables that hold one of these words anywhere."""
    found = []
    with database.reading() as session:
        for table in inspect(session.get_bind()).get_table_names():
            rows = session.execute(text(f'SELECT * FROM "{table}"')).all()
            said = "\n".join(str(value) for row in rows for value in row)
            # JSON may stand there in ASCII.
            if any(each in said for word in words for each in (word, json.dumps(word)[1:-1])):
                found.append(table)
    return found
