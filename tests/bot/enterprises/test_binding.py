"""Binding by a code: once, in time, not by guessing; and the way out of it."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import select

from bot.conversations.desk import last_questions
from bot.conversations.ledger import Opened
from bot.conversations.models import Conversation, Message
from bot.database import Database
from bot.enterprises.codes import LIFE, MOST_WRONG, MOST_WRONG_TOGETHER
from bot.enterprises.membership import enterprise_of, forget_member, members_of
from bot.enterprises.models import BindingCode, BindingEvent, BindingGuesses, Way
from tests.bot.enterprises.cast import Office

WRONG = "绑定码不对"


def bound(office: Office, opened: Opened) -> str | None:
    with office.database.reading() as session:
        found = enterprise_of(session, opened.conversation.customer_id)
        return found.name if found else None


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


@pytest.mark.parametrize("way", list(Way))
def test_a_proof_binds_once_and_only_once(office: Office, xiaolin: Opened, way: Way) -> None:
    secret, second = office.gives(way=way), office.visitor()
    assert office.answer(xiaolin, f"绑定 {secret}").startswith("已绑定：云州启闭阀门有限公司")
    assert bound(office, xiaolin) == "云州启闭阀门有限公司"
    assert not office.answer(second, f"绑定 {secret}").startswith("已绑定")
    assert bound(office, second) is None


def test_several_people_speak_for_one_enterprise(office: Office, xiaolin: Opened) -> None:
    second = office.visitor()
    for opened in (xiaolin, second):
        office.hears(opened, f"绑定 {office.gives()}")
    with office.database.reading() as session:
        assert [each.customer_id for each in members_of(session, office.valves.id)] == [
            xiaolin.conversation.customer_id,
            second.conversation.customer_id,
        ]


@pytest.mark.parametrize("way", list(Way))
def test_a_proof_that_is_too_old_binds_nobody(office: Office, xiaolin: Opened, way: Way) -> None:
    secret = office.gives(way=way)
    office.clock.advance(seconds=LIFE[way].total_seconds())
    assert not office.answer(xiaolin, f"绑定 {secret}").startswith("已绑定")
    assert bound(office, xiaolin) is None
    # And a moment earlier it would have.
    secret = office.gives(way=way)
    office.clock.advance(seconds=LIFE[way].total_seconds() - 1)
    assert office.answer(xiaolin, f"绑定 {secret}").startswith("已绑定")


def test_a_few_wrong_codes_close_the_way_for_this_customer_for_an_hour(
    office: Office, xiaolin: Opened
) -> None:
    code = office.gives()
    for left in reversed(range(MOST_WRONG)):
        said = office.answer(xiaolin, f"绑定 {other_than(code)}")
        assert (f"还可以试 {left} 次" in said) if left else ("次数太多" in said)
    assert "次数太多" in office.answer(xiaolin, f"绑定 {code}")
    assert bound(office, xiaolin) is None
    # Somebody else is not hindered, and the code was not used up.
    second = office.visitor()
    assert office.answer(second, f"绑定 {code}").startswith("已绑定")
    office.clock.advance(hours=1, seconds=1)
    assert office.answer(xiaolin, f"绑定 {office.gives()}").startswith("已绑定")


def test_guessers_together_have_no_more_tries_than_a_few_customers(
    office: Office, xiaolin: Opened, database: Database
) -> None:
    guessers = [office.visitor() for _ in range(MOST_WRONG_TOGETHER // MOST_WRONG)]
    with database.writing() as session:
        for each in guessers:
            guesser = each.conversation.customer_id
            session.add(BindingGuesses(customer_id=guesser, wrong=MOST_WRONG, since=office.clock()))
    code, link = office.gives(), office.gives(way=Way.LINK)
    assert "次数太多" in office.answer(xiaolin, f"绑定 {code}")
    assert office.answer(xiaolin, f"绑定 {link}").startswith("已绑定")


def test_neither_code_nor_token_is_stored_and_the_hash_needs_the_key(
    office: Office, database: Database
) -> None:
    secrets = [office.gives(), office.gives(way=Way.LINK)]
    with database.reading() as session:
        kept = [f"{each.hash} {each.way}" for each in session.scalars(select(BindingCode))]
    assert len(kept) == 2
    for secret in secrets:
        assert not any(secret in each for each in kept)
        plain = hashlib.sha256(secret.encode()).hexdigest()
        assert not any(plain in each for each in kept)


def test_malformed_codes_are_answered_and_count_as_no_guess(
    office: Office, xiaolin: Opened, database: Database
) -> None:
    for text in ("绑定 12345", "绑定 12345678", "绑定 1-2-3-4"):
        assert "6 位数字" in office.answer(xiaolin, text)
    assert "用过" in office.answer(xiaolin, "绑定 " + "x" * 22)
    with database.reading() as session:
        assert session.scalars(select(BindingGuesses)).all() == []


def test_unbinding_asks_first_and_a_yes_ends_it(office: Office, xiaolin: Opened) -> None:
    office.hears(xiaolin, f"绑定 {office.gives()}")
    assert "要解除" in office.answer(xiaolin, "解除绑定")
    assert bound(office, xiaolin) is not None
    assert office.answer(xiaolin, "", "/keep_binding").startswith("您已绑定")
    assert bound(office, xiaolin) is not None
    assert office.answer(xiaolin, "", "/unbind_enterprise").startswith("已解除")
    assert bound(office, xiaolin) is None
    assert "还没有绑定" in office.answer(xiaolin, "确认解除绑定")


def test_another_code_moves_the_customer_and_says_so(office: Office, xiaolin: Opened) -> None:
    office.hears(xiaolin, f"绑定 {office.gives()}")
    said = office.answer(xiaolin, f"绑定 {office.gives(office.pumps)}")
    assert "云州扬程泵业有限公司" in said
    assert "云州启闭阀门有限公司 已解除" in said
    assert bound(office, xiaolin) == "云州扬程泵业有限公司"
    assert "您已绑定" in office.answer(xiaolin, f"绑定 {office.gives(office.pumps)}")


def test_who_was_bound_and_unbound_when_is_kept(
    office: Office, xiaolin: Opened, database: Database
) -> None:
    office.hears(xiaolin, f"绑定 {office.gives()}")
    office.clock.advance(hours=1)
    with database.writing() as session:
        conversation = session.get_one(Conversation, xiaolin.conversation.id)
        office.binder.unbind_for(session, conversation, office.alice, now=office.clock())
    office.hears(xiaolin, f"绑定 {office.gives()}")
    with database.writing() as session:
        forget_member(session, xiaolin.conversation.customer_id, now=office.clock())
    with database.reading() as session:
        events = session.scalars(select(BindingEvent).order_by(BindingEvent.id)).all()
    assert [(each.act, each.by, each.way, each.staff_id) for each in events] == [
        ("bound", "customer", "code", office.alice.id),
        ("unbound", "staff", None, office.alice.id),
        ("bound", "customer", "code", office.alice.id),
        ("unbound", "unfollowed", None, None),
    ]
    assert events[1].happened_at - events[0].happened_at == office.clock() - events[0].happened_at
    assert "工作人员已解除" in "".join(office.said(xiaolin))


def test_words_about_binding_are_no_turn_and_the_question_before_them_still_is(
    office: Office, xiaolin: Opened, database: Database
) -> None:
    asked = office.hears(xiaolin, "压力表多久检定一次")
    assert asked.begun is not None
    assert not office.hears(xiaolin, f"绑定 {office.gives()}").bot_answers
    assert not office.hears(xiaolin, "/绑定 123456").received.message.data
    with database.reading() as session:
        asking = last_questions(session, xiaolin.conversation.id)
        assert not any(each.startswith("绑定") for each in asking)
        texts = session.scalars(
            select(Message.text).where(Message.data["command"].as_string() == "binding")
        ).all()
    assert len(texts) == 1


def test_while_a_person_serves_the_code_still_binds(office: Office, xiaolin: Opened) -> None:
    code = office.gives()
    with office.database.writing() as session:
        conversation = session.get_one(Conversation, xiaolin.conversation.id)
        office.handoff.request_handoff(session, conversation, "", now=office.clock())
        office.handoff.accept(session, conversation.id, office.alice, now=office.clock())
    assert office.answer(xiaolin, f"绑定 {code}").startswith("已绑定")
