"""Opening a case by form, its state, complaints, feedback, a person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from actions.case_status import TellCaseStatus
from actions.cases import AskCaseConfirmed, OpenCase, summary
from actions.complaints import AskComplaintTarget, RegisterComplaint
from actions.context import Context
from actions.feedback import RecordFeedback
from actions.forms import ReadCaseForm, ReadCaseStatusForm, ReadComplaintForm, ReadFeedbackForm
from actions.handoff import RequestHandoff
from actions.social import Resume
from bot.cases.models import Case, CaseKind
from bot.feedback.models import FreeFeedback
from bot.privacy.erasing import erase_all
from tests.actions.acting import Done, do, heard
from tests.factories import xiaolin
from tests.fakes import FakeClock

PHONE = "13900001234"
FILLED = {
    "case_need": "校准游标卡尺",
    "case_category": "metrology",
    "case_quantity": "20 把",
    "case_mode": "onsite",
    "case_time": "12 月 2 日（周三）上午",
    "case_phone": PHONE,
    "case_contact": "陈工",
    "case_confirmed": True,
}


def reading(slots: dict[str, Any], text: str, intent: str = "inform", **more: Any) -> Done:
    """The case form reads a message."""
    return do(ReadCaseForm(), heard(text, intent, slots=slots, form="open_case_form", **more))


def cases(here: Context) -> list[Case]:
    with here.database.reading() as session:
        return list(session.scalars(select(Case)))


def test_the_form_is_filled_step_by_step(here: Context) -> None:
    slots: dict[str, Any] = {}
    for text, intent, asked in (
        ("我要校准 20 把游标卡尺", "open_case", "case_mode"),
        ("现场", "inform", "case_time"),
        ("下周三上午吧", "ask_followup", "case_phone"),
        (f"陈工 {PHONE}", "inform", "case_confirmed"),
        ("数量改成 25", "inform", "case_confirmed"),
        ("提交", "open_case", None),
    ):
        slots |= reading(slots, text, intent).slots
        assert slots["requested_slot"] == asked, text
    assert slots["case_quantity"] == "25 把"
    assert slots["case_confirmed"] is True


def test_a_question_in_the_middle_leaves_the_form_as_it_was(here: Context) -> None:
    slots = {**FILLED, "case_mode": None, "requested_slot": "case_mode"}
    for text, intent in (
        ("现场多少钱啊", "ask_platform"),
        ("压力表多久检一次", "ask_metrology"),
        ("转人工", "request_handoff"),
    ):
        assert reading(slots, text, intent).slots == {"requested_slot": "case_mode"}, text


def test_breaking_off_ends_the_form_and_stores_nothing(here: Context) -> None:
    slots = {**FILLED, "case_confirmed": None, "requested_slot": "case_phone"}
    stopped = reading(slots, "先不办了", "deny")
    assert stopped.slots == {"form_stopped": True, "requested_slot": None}
    done = do(OpenCase(), heard("先不办了", slots={**slots, **stopped.slots}))
    assert done.responses == ["utter_case_cancelled"]
    assert set(done.slots.values()) == {None}
    assert cases(here) == []


def test_an_unreadable_answer_is_asked_again_with_the_reason(here: Context) -> None:
    slots = {**FILLED, "case_phone": None, "requested_slot": "case_phone"}
    done = reading(slots, "电话是 1390000")
    assert done.responses == ["utter_phone_wrong"]
    assert done.slots["requested_slot"] == "case_phone"


def test_a_card_begins_a_case_with_what_was_looked_for(here: Context) -> None:
    done = reading(
        {"case_subject": "压力表检定"}, "", "open_case", entities={"choice": "云州市某机构"}
    )
    assert done.slots["case_need"] == "压力表检定"
    assert done.slots["case_choice"] == "云州市某机构"


def test_the_summary_masks_the_phone(here: Context) -> None:
    shown = summary({**FILLED, "case_time": "any"})
    assert "139****1234" in shown
    assert PHONE not in shown
    done = do(AskCaseConfirmed(), heard("x", slots=FILLED, form="open_case_form"))
    assert done.next == []  # the question of the form itself must not call the form again


def test_a_confirmed_case_is_stored_once(here: Context, clock: FakeClock) -> None:
    with here.database.writing() as session:
        conversation = xiaolin(session, clock).conversation.id
    tracker = heard("提交", slots=FILLED, conversation_id=conversation, turn_id=7)
    first, again = do(OpenCase(), tracker), do(OpenCase(), tracker)
    assert first.messages[0]["number"] == again.messages[0]["number"] == "YZ-20261124-0001"
    [case] = cases(here)
    assert case.details == {
        "quantity": "20 把",
        "mode": "onsite",
        "time": "12 月 2 日（周三）上午",
    }
    assert PHONE not in str(first.messages)


def test_a_case_is_told_to_its_customer_and_others_prove_themselves(
    here: Context, clock: FakeClock
) -> None:
    with here.database.writing() as session:
        mine = xiaolin(session, clock).conversation.id
        foreign = xiaolin(session, clock).conversation.id
    do(OpenCase(), heard("提交", slots=FILLED, conversation_id=mine, turn_id=1))
    told = do(TellCaseStatus(), heard("我的工单", "ask_case_status", conversation_id=mine))
    assert told.responses == ["utter_case_status"]
    assert told.messages[0]["steps"] == "已提交"
    number = {"case_number": "YZ-20261124-0001"}
    asked = heard("查工单", "ask_case_status", entities=number, conversation_id=foreign)
    assert do(TellCaseStatus(), asked).next == ["case_status_form"]
    opened = do(ReadCaseStatusForm(), asked).slots
    assert opened == {"asked_case": "YZ-20261124-0001", "requested_slot": "phone_tail"}
    for tail, response in (("4321", "utter_case_not_found"), ("1234", "utter_case_status")):
        slots = {**opened, **do(ReadCaseStatusForm(), heard(tail, slots=opened)).slots}
        done = do(TellCaseStatus(), heard(tail, slots=slots, conversation_id=foreign))
        assert done.responses == [response], tail


def test_a_complaint_gets_a_number_of_its_own(here: Context) -> None:
    opened = do(ReadComplaintForm(), heard("检测公司拖了半个月不出报告", "complain")).slots
    assert opened["requested_slot"] == "complaint_target"
    assert do(AskComplaintTarget(), heard("x", form="complaint_form")).messages[0]["buttons"]
    slots = {**opened, **do(ReadComplaintForm(), heard("某检测公司", slots=opened)).slots}
    done = do(RegisterComplaint(), heard("某检测公司", slots=slots))
    assert done.messages[0]["number"] == "YT-20261124-0001"
    assert cases(here)[0].details == {"target": "某检测公司"}


def test_feedback_is_recorded_and_a_low_score_offers_a_person(here: Context) -> None:
    opened = do(ReadFeedbackForm(), heard("给你们打 2 分", "give_feedback")).slots
    assert opened == {"feedback_score": 2.0, "requested_slot": "feedback_comment"}
    slots = {**opened, **do(ReadFeedbackForm(), heard("没有", slots=opened)).slots}
    done = do(RecordFeedback(), heard("没有", slots=slots))
    assert done.responses == ["utter_feedback_recorded_low"]
    with here.database.reading() as session:
        [stored] = session.scalars(select(FreeFeedback)).all()
    assert (stored.score, stored.comment) == (2, "")
    [followed_up] = cases(here)
    assert followed_up.kind == CaseKind.FOLLOW_UP
    assert done.messages[0]["number"] == followed_up.number


def test_an_opinion_that_is_stored_too_late_for_its_customer_is_kept_nowhere(
    here: Context, clock: FakeClock
) -> None:
    with here.database.writing() as session:
        opened = xiaolin(session, clock)
        erase_all(session, opened.conversation.customer, now=clock())
        key = opened.conversation.id
    slots = {"feedback_score": 5.0, "feedback_comment": "我是陈工，很好"}
    do(RecordFeedback(), heard("我是陈工，很好", slots=slots, conversation_id=key))
    with here.database.reading() as session:
        assert session.scalars(select(FreeFeedback)).all() == []


def test_asking_for_a_person_ends_the_form_and_takes_along_what_was_told(here: Context) -> None:
    slots = {"case_need": "校准压力表", "requested_slot": "case_phone", "misses": 1.0}
    said = heard("转人工", "request_handoff", form="open_case_form", slots=slots)
    done = do(RequestHandoff(), said)
    assert done.responses == ["utter_handoff"]
    assert done.messages[0]["custom"]["handoff"] == {
        "reason": "customer_asked",
        "slots": {"case_need": "校准压力表"},
    }
    assert {"event": "active_loop", "name": None, "timestamp": None} in done.events
    assert done.next == []


def test_what_a_form_was_told_travels_with_each_turn(here: Context) -> None:
    slots = {"case_need": "校准压力表", "case_mode": None, "requested_slot": "case_mode"}
    [message] = reading(slots, "送检").messages
    assert message["custom"]["told"] == {"case_need": "校准压力表", "case_mode": "delivery"}


def test_small_talk_inside_a_form_comes_back_to_it(here: Context) -> None:
    assert do(Resume(), heard("谢谢", "thank", form="open_case_form")).next == ["open_case_form"]
    assert do(Resume(), heard("谢谢", "thank")).next == []
