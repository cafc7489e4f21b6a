"""Feedback on messages, conversations and the service."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.cases.models import Case, CaseKind
from bot.conversations.brain import Answer, Reply
from bot.conversations.changes import changes_for_desk
from bot.conversations.desk import record_staff_message
from bot.conversations.handoff import Handoff
from bot.conversations.idling import Idling, Patience
from bot.conversations.ledger import Incoming, Opened, append, customer_of, messages_of
from bot.conversations.models import Author, Conversation, ConversationStatus, HandoffReason
from bot.conversations.reception import admit
from bot.conversations.turns import finish_turn
from bot.database import Database
from bot.errors import BadInput, FeedbackClosed, MessageNotFound, WrongStatus
from bot.feedback.follow_ups import follow_up_opinion, judge_answer, take_score
from bot.feedback.models import ConversationFeedback, FreeFeedback, MessageFeedback
from bot.feedback.scores import score_in
from bot.feedback.service import give_feedback, latest_score, rate_conversation, rate_message
from bot.responses import Responses
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff
from tests.factories import alice, writes, xiaolin
from tests.fakes import FakeClock

RESPONSES = Responses.load()
HANDOFF = Handoff(RESPONSES, WorkingHours.parse("08:30-17:30"))


def goes_to(session: Session, opened: Opened, person: Staff, clock: FakeClock) -> None:
    """小林 asks for a person and gets one."""
    HANDOFF.request_handoff(session, opened.conversation, "customer_asked", now=clock())
    HANDOFF.accept(session, opened.conversation.id, person, now=clock())
    clock.advance(seconds=1)


def scored(
    session: Session, opened: Opened, score: int, comment: str, clock: FakeClock
) -> Case | None:
    """小林 gives a score."""
    return take_score(
        session,
        opened.conversation,
        score,
        now=clock(),
        responses=RESPONSES,
        hours=HANDOFF.hours,
        comment=comment,
    )


def served(session: Session, clock: FakeClock) -> Opened:
    """小林 was served by Alice, who has ended it."""
    opened, person = xiaolin(session, clock), alice(session)
    goes_to(session, opened, person, clock)
    HANDOFF.resolve(session, opened.conversation.id, person, "", now=clock())
    return opened


def test_the_last_word_on_a_message_counts(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        message = writes(session, opened, "压力表多久检定一次", clock).message
        for helpful in (True, True, False):
            rate_message(session, opened.conversation.id, message.id, helpful, now=clock())
        assert session.scalar(select(func.count()).select_from(MessageFeedback)) == 1
        assert session.get_one(MessageFeedback, message.id).helpful is False


def test_a_foreign_message_cannot_be_rated(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        opened, mallory = xiaolin(session, clock), xiaolin(session, clock)
        message = writes(session, opened, "你好", clock).message
        for conversation_id, message_id in (
            (mallory.conversation.id, message.id),
            (opened.conversation.id, "nothing"),
        ):
            with pytest.raises(MessageNotFound):
                rate_message(session, conversation_id, message_id, True, now=clock())


def test_an_episode_has_one_score_and_the_last_one_counts(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        opened = served(session, clock)
        rate_conversation(session, opened.conversation.id, 3, now=clock())
        rate_conversation(
            session, opened.conversation.id, 5, now=clock(), tags=["快"], comment=" 好 "
        )
        stored = session.scalars(select(ConversationFeedback)).one()
    assert (stored.score, stored.tags, stored.comment) == (5, ["快"], "好")


def test_second_episode_of_a_conversation_has_a_score_of_its_own(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        person = alice(session)
        for score in (2, 4):
            goes_to(session, opened, person, clock)
            HANDOFF.customer_ends(session, opened.conversation, now=clock())
            rate_conversation(session, opened.conversation.id, score, now=clock())
        given = session.scalars(select(ConversationFeedback.score))
        assert list(given) == [2, 4]
        assert latest_score(session, opened.conversation.id).score == 4  # type: ignore[union-attr]


def test_handing_back_to_the_bot_asks_for_the_score_and_nothing_after_it_asks_again(
    database: Database, clock: FakeClock
) -> None:
    idling = Idling(HANDOFF, Patience())
    with database.writing() as session:
        opened, person = xiaolin(session, clock), alice(session)
        conversation_id = opened.conversation.id
        goes_to(session, opened, person, clock)
        record_staff_message(session, conversation_id, person, "1", "半年一次", False, now=clock())
        HANDOFF.return_to_bot(session, conversation_id, person, now=clock())
        asked = messages_of(session, conversation_id)[-1]
        assert asked.text == "请为爱丽丝的服务评分。"
        assert asked.data["survey"]["episode"] == 1
        rate_conversation(session, conversation_id, 4, now=clock())
        begun = admit(
            session,
            conversation_id,
            customer_of(session, opened.token),
            Incoming("bye", "谢谢，再见"),
            HANDOFF,
            now=clock(),
        ).begun
        assert begun is not None
        answer = Answer([Reply("再见。")], intent="goodbye")
        finish_turn(session, begun.turn_id, answer, HANDOFF, now=clock())
    clock.advance(hours=25)
    with database.writing() as session:
        idling.end(session, clock())
    with database.reading() as session:
        said = messages_of(session, conversation_id)
        assert session.get_one(Conversation, conversation_id).status == "resolved"
    assert [each.id for each in said if "survey" in each.data] == [asked.id]


def test_who_got_nothing_from_the_person_who_hands_back_is_not_asked(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        opened, person = xiaolin(session, clock), alice(session)
        goes_to(session, opened, person, clock)
        HANDOFF.return_to_bot(session, opened.conversation.id, person, now=clock())
        assert not any(
            "survey" in each.data for each in messages_of(session, opened.conversation.id)
        )


def test_second_service_of_the_same_day_is_not_asked_about_again(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        opened, person = xiaolin(session, clock), alice(session)
        conversation_id = opened.conversation.id
        for number in (1, 2):
            goes_to(session, opened, person, clock)
            record_staff_message(
                session, conversation_id, person, str(number), "半年一次", False, now=clock()
            )
            HANDOFF.return_to_bot(session, conversation_id, person, now=clock())
        asked = [each for each in messages_of(session, conversation_id) if "survey" in each.data]
        assert len(asked) == 1
        rate_conversation(session, conversation_id, 3, now=clock())
        assert latest_score(session, conversation_id).score == 3  # type: ignore[union-attr]


def test_score_is_taken_for_a_week_and_then_refused_in_words(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        opened = served(session, clock)
        clock.advance(days=7)
        rate_conversation(session, opened.conversation.id, 4, now=clock())
        clock.advance(minutes=1)
        with pytest.raises(FeedbackClosed) as refused:
            rate_conversation(session, opened.conversation.id, 1, now=clock())
        assert "12 月 1 日（周二）9:30" in refused.value.sentence
        assert session.scalars(select(ConversationFeedback.score)).one() == 4


@pytest.mark.parametrize("ends", ["cancel", "not at all"])
def test_what_no_person_served_has_no_score(
    database: Database, clock: FakeClock, ends: str
) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        HANDOFF.request_handoff(session, opened.conversation, "customer_asked", now=clock())
        if ends == "cancel":
            HANDOFF.cancel(session, opened.conversation, now=clock())
        with pytest.raises(WrongStatus):
            rate_conversation(session, opened.conversation.id, 4, now=clock())


@pytest.mark.parametrize("score", [0, 6, -1])
def test_scores_outside_the_range_are_refused(
    database: Database, clock: FakeClock, score: int
) -> None:
    with database.writing() as session, pytest.raises(BadInput):
        give_feedback(session, None, score, "", now=clock())


def test_a_turn_tried_again_counts_once(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        first = give_feedback(session, None, 4, "不错", now=clock(), request_key="c:1")
        again = give_feedback(session, None, 4, "不错", now=clock(), request_key="c:1")
        assert first.id == again.id
        assert session.scalar(select(func.count()).select_from(FreeFeedback)) == 1


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("5", 5),
        ("五分", 5),
        ("给个4星", 4),
        ("很满意", 5),
        ("不满意", 2),
        ("一般", 3),
        ("嗯", None),
    ],
)
def test_words_are_read_as_scores(text: str, score: int | None) -> None:
    assert score_in(text) == score


def test_low_score_opens_one_case_for_the_supervisor_with_all_that_was_said(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        writes(session, opened, "报告还没出", clock)
        goes_to(session, opened, person := alice(session), clock)
        HANDOFF.resolve(session, opened.conversation.id, person, "", now=clock())
        for score, comment in ((2, "等太久"), (1, "还是没办"), (5, "算了")):
            scored(session, opened, score, comment, clock)
        case = session.scalars(select(Case)).one()
        assert (case.kind, case.customer_id) == (
            CaseKind.FOLLOW_UP,
            opened.conversation.customer_id,
        )
        kept = case.details
        assert (kept["score"], kept["comment"], kept["staff"]) == (2, "等太久", "爱丽丝")
        assert ["customer", "报告还没出"] in kept["transcript"]
        assert opened.conversation.status == ConversationStatus.RESOLVED
        told = [
            each
            for each in changes_for_desk(session, person, 0).changes
            if each["type"] == "feedback"
        ]
        assert [each.get("follow_up") for each in told] == [case.number, case.number, None]


@pytest.mark.parametrize("score", [3, 4, 5])
def test_score_that_is_not_low_is_not_followed_up(
    database: Database, clock: FakeClock, score: int
) -> None:
    with database.writing() as session:
        opened = served(session, clock)
        assert scored(session, opened, score, "", clock) is None
        assert session.scalar(select(Case)) is None


def test_low_opinion_given_to_the_bot_is_followed_up_once(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        for _ in range(2):
            given = give_feedback(
                session, opened.conversation.id, 1, "不行", now=clock(), request_key="c:1"
            )
            case = follow_up_opinion(
                session, given, now=clock(), responses=RESPONSES, hours=HANDOFF.hours
            )
        assert case is not None
        assert session.scalars(select(Case.number)).all() == [case.number]


def test_second_answer_that_did_not_help_offers_a_person_once(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        answers = [
            append(session, opened.conversation, Author.BOT, f"答复 {n}", now=clock())
            for n in range(3)
        ]
        offers = []
        for answer in answers:
            judge_answer(session, answer, False, HANDOFF, now=clock())
            said = messages_of(session, opened.conversation.id)
            offers.append([m for m in said if m.author == Author.SYSTEM])
        assert list(map(len, offers)) == [0, 1, 1]
        payloads = [each["payload"] for each in offers[-1][0].data["buttons"]]
        assert payloads == ["/person_after_low_score", "/leave_message"]


def test_person_asked_for_after_a_low_score_comes_with_that_reason(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        for number in range(2):
            answer = append(session, opened.conversation, Author.BOT, f"答复 {number}", now=clock())
            judge_answer(session, answer, False, HANDOFF, now=clock())
        pressed = Incoming("pressed", payload="/person_after_low_score")
        customer = customer_of(session, opened.token)
        admit(session, opened.conversation.id, customer, pressed, HANDOFF, now=clock())
        assert opened.conversation.status == ConversationStatus.QUEUED
        assert opened.conversation.handoff_kind == HandoffReason.LOW_SCORE


def test_out_of_hours_answers_that_did_not_help_lead_to_a_message(
    database: Database, clock: FakeClock
) -> None:
    clock.advance(hours=12)
    with database.writing() as session:
        opened = xiaolin(session, clock)
        for number in range(2):
            answer = append(session, opened.conversation, Author.BOT, f"答复 {number}", now=clock())
            judge_answer(session, answer, False, HANDOFF, now=clock())
        offered = messages_of(session, opened.conversation.id)[-1]
        assert [each["payload"] for each in offered.data["buttons"]] == ["/leave_message"]
