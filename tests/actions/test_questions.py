"""Answering from the knowledge base."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml
from rasa_sdk import Tracker

import actions
from actions.cards import label
from actions.context import Context
from actions.followups import AnswerFollowup
from actions.forms import ReadCaseForm
from actions.institutions import FindInstitution
from actions.questions import (
    AcceptOffer,
    AnswerChoice,
    AnswerQuestion,
    DeclineOffer,
    Refuse,
    RejectChoices,
)
from bot.cases.models import CaseKind
from bot.cases.service import open_case
from bot.staff.models import ServiceGroup
from tests.actions.acting import do, heard
from tests.factories import xiaolin
from tests.fakes import FakeClock

FORCED = "metrology-forced-scope"


def test_a_sure_answer_carries_its_basis_and_one_offer(here: Context) -> None:
    done = do(AnswerQuestion(), heard("强检目录有哪些", "ask_metrology", faq=[(FORCED, 0.9)]))
    [message] = done.messages
    entry = here.entries[FORCED]
    assert message["response"] in ("utter_faq_answer", "utter_faq_answer_authority")
    assert message["answer"] == entry.answer.strip()
    assert message["custom"]["faq"]["basis"] == list(entry.basis)
    assert message["custom"]["handled"] == "answer"
    assert len(message["buttons"]) == (entry.next_step is not None)
    assert done.slots["last_entry"] == FORCED


def test_an_unsure_answer_asks_back_with_choices(here: Context) -> None:
    ids = list(here.entries)[:5]
    done = do(AnswerQuestion(), heard("手续咋整", "ask_other", faq=[(i, 0.2) for i in ids]))
    buttons = done.messages[0]["buttons"]
    assert done.responses == ["utter_clarify"]
    assert 3 <= len(buttons) <= 5
    assert buttons[-1]["payload"] == "/none_of_these"
    assert done.slots["choices"] == ids[:4][: len(buttons) - 1]
    chosen = do(AnswerChoice(), heard("第二个", "choose_entry", slots=done.slots))
    assert chosen.slots["last_entry"] == ids[1]
    pressed = do(AnswerChoice(), heard(intent="choose_entry", entities={"entry": ids[0]}))
    assert pressed.slots["last_entry"] == ids[0]


def test_a_second_miss_in_a_row_offers_a_person(here: Context) -> None:
    first = do(AnswerQuestion(), heard("嗯哼哈", "ask_other"))
    assert first.responses == ["utter_rephrase"]
    second = do(AnswerQuestion(), heard("嗯哼哈", "ask_other", slots=first.slots))
    assert second.responses == ["utter_offer_person"]
    assert do(RejectChoices(), heard("都不是", "none_of_these")).responses == ["utter_offer_person"]


def test_no_person_is_promised_out_of_hours(here: Context, clock: FakeClock) -> None:
    clock.now = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
    done = do(RejectChoices(), heard("都不是", "none_of_these"))
    assert done.responses == ["utter_offer_message"]
    assert "11 月 30 日" in done.messages[0]["opens_at"]


def test_person_is_offered_by_the_hours_of_the_group_that_is_asked(
    here: Context, clock: FakeClock
) -> None:
    clock.now = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)  # half past four in China
    with here.database.writing() as session:
        session.add(ServiceGroup(category="metrology", hours="09:00-16:00"))

    def rejected_about(category: str) -> Tracker:
        slots = {"case_category": category}
        return heard("都不是", "none_of_these", slots=slots, category="out_of_scope")

    done = do(RejectChoices(), rejected_about("metrology"))
    assert done.responses == ["utter_offer_message"]
    assert done.messages[0]["opens_at"] == "11 月 25 日（周三）9:00"
    assert do(RejectChoices(), rejected_about("policy")).responses == ["utter_offer_person"]


def test_what_is_not_in_force_is_not_said(here: Context, clock: FakeClock) -> None:
    coming = next(each for each in here.entries.values() if each.effective_from == date(2027, 1, 1))
    question = heard("商标", "ask_ip", faq=[(coming.id, 0.9)])
    assert do(AnswerQuestion(), question).responses == ["utter_rephrase"]
    clock.now = datetime(2027, 1, 4, 3, 0, tzinfo=UTC)
    assert do(AnswerQuestion(), question).slots["last_entry"] == coming.id


def test_a_followup_is_about_the_last_entry(here: Context) -> None:
    duration = next(e for e in here.entries.values() if e.title.startswith("商标注册的流程和时间"))
    done = do(
        AnswerFollowup(),
        heard("那要花多少钱", "ask_followup", slots={"last_entry": duration.id}),
    )
    assert here.entries[done.slots["last_entry"]].title == "商标官费是多少"


def test_a_followup_to_nothing_asks_what_is_meant(here: Context) -> None:
    assert do(AnswerFollowup(), heard("那要多久", "ask_followup")).responses == [
        "utter_followup_what"
    ]


def test_a_yes_takes_up_the_offer(here: Context) -> None:
    entry = next(e for e in here.entries.values() if e.next_step == "find_institution")
    done = do(AcceptOffer(), heard("好的", "affirm", slots={"last_entry": entry.id}))
    assert done.next == ["find_institution_form"]
    assert do(AcceptOffer(), heard("好的", "affirm")).responses == ["utter_all_right"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("社保卡丢了去哪补办", "12333"),
        ("医保异地报销怎么弄", "12393"),
        ("个税怎么申报", "12366"),
        ("公积金能提取多少", "12329"),
        ("我要跟邻居打官司", "12348"),
        ("开庭时间在哪查", "12368"),
        ("网购的衣服不给退货", "12315"),
        ("驾照快到期了怎么换", "122"),
        ("护照去哪里办", "12367"),
        ("楼下烧烤店油烟太大", "12369"),
        ("快递丢了不赔", "12305"),
        ("宽带天天断网", "12300"),
        ("孩子发烧挂哪个科", "120"),
        ("接到电话说我中奖，是不是诈骗", "96110"),
    ],
)
def test_refusals_name_who_is_competent(here: Context, text: str, line: str) -> None:
    done = do(Refuse(), heard(text, "out_of_scope", category="out_of_scope"))
    assert done.responses == ["utter_refuse_elsewhere"]
    assert line in done.messages[0]["who"]


def test_what_nobody_is_named_for_is_refused_with_the_general_line(here: Context) -> None:
    done = do(Refuse(), heard("讲个笑话", "out_of_scope", category="out_of_scope"))
    assert done.responses == ["utter_refuse"]


def test_every_matter_has_words_and_a_competent_body() -> None:
    lines = yaml.safe_load((Path(actions.__file__).with_name("hotlines.yml")).read_text("utf-8"))
    for line in lines:
        assert line["words"]
        assert re.search(r"\d{3}", label("competent", line["matter"]))
    named = yaml.safe_load((Path(actions.__file__).with_name("cards.yml")).read_text("utf-8"))
    assert [line["matter"] for line in lines] == list(
        dict.fromkeys(line["matter"] for line in lines)
    )
    assert {line["matter"] for line in lines} == set(named["competent"])


def test_an_answer_inside_a_form_goes_back_to_its_question(here: Context) -> None:
    question = heard("强检目录", "ask_metrology", faq=[(FORCED, 0.9)], form="open_case_form")
    assert do(AnswerQuestion(), question).next == ["open_case_form"]


def test_without_the_web_application_the_action_searches_itself(here: Context) -> None:
    tracker = heard("强检目录", "ask_metrology")
    del tracker.latest_message["metadata"]["faq"]
    do(AnswerQuestion(), tracker)
    assert here.faq.asked == ["强检目录"]  # type: ignore[attr-defined]


def test_a_certificate_without_a_name_asks_which(here: Context) -> None:
    for action, intent in ((AnswerQuestion(), "ask_certification"), (Refuse(), "out_of_scope")):
        assert do(action, heard("那个证咋整", intent)).responses == ["utter_which_certificate"]
    assert do(AnswerQuestion(), heard("CCC 证怎么办", "ask_certification")).responses == [
        "utter_rephrase"
    ]


def test_who_can_do_it_is_looked_up_and_not_explained(resources: Context) -> None:
    question = heard(
        "云州哪里能检定压力表", "ask_metrology", faq=[("metrology-pressure-gauge", 0.9)]
    )
    assert do(AnswerQuestion(), question).responses == ["utter_institutions_found"]


def test_an_instrument_is_told_by_the_dictionary_where_no_entry_is_about_it(
    resources: Context,
) -> None:
    general = [("metrology-forced-scope", 0.9)]
    entities = {"instrument": "声级计"}
    question = heard("声级计要强检吗", "ask_metrology", faq=general, entities=entities)
    done = do(AnswerQuestion(), question)
    assert done.responses[0].startswith("utter_instrument_")
    back = do(AnswerFollowup(), heard("那多久一次", "ask_followup", slots=done.slots))
    assert back.messages[0]["name"] == "声级计"
    where = do(FindInstitution(), heard("那去哪检", "find_institution", slots=done.slots))
    assert where.messages[0]["wanted"].startswith("声级计")


def test_a_message_that_brings_everything_opens_a_case(here: Context) -> None:
    text = "帮我约压力表检定20块，下周三上午上门，联系人王工13900002222"
    question = heard(text, "inform", entities={"phone": "13900002222"})
    assert do(AnswerQuestion(), question).next == ["open_case_form"]


def test_a_search_goes_on_with_what_is_added(resources: Context) -> None:
    slots = do(FindInstitution(), heard("找个检测机构", "find_institution")).slots
    added = heard("阀门", "inform", entities={"product": "阀门"}, slots=slots)
    done = do(AnswerQuestion(), added)
    assert "阀门" in str(done.messages[0]["custom"]["items"][0])
    place = heard("台州有吗", "out_of_scope", entities={"region": "台州市"}, slots=done.slots)
    assert do(Refuse(), place).responses == ["utter_institutions_elsewhere"]


def test_a_contact_alone_belongs_to_the_complaint_and_opens_no_case_named_after_it(
    here: Context, clock: FakeClock
) -> None:
    with here.database.writing() as session:
        conversation = xiaolin(session, clock).conversation.id
        complaint = open_case(
            session,
            "检测公司拖了半个月不出报告",
            kind=CaseKind.COMPLAINT,
            now=clock(),
            conversation_id=conversation,
        ).number
    said = heard(
        "陈工 13900001234",
        entities={"phone": "13900001234"},
        conversation_id=conversation,
        turn_id=1,
    )
    first, second = do(AnswerQuestion(), said), do(AnswerQuestion(), said)
    assert first.responses == ["utter_contact_noted"]
    assert first.messages[0]["number"] == complaint
    # With nothing open that lacks a number the form asks what is to be done.
    assert second.next == ["open_case_form"]
    opened = do(ReadCaseForm(), said).slots
    assert opened["requested_slot"] == "case_need"
    assert (opened["case_contact"], opened["case_phone"]) == ("陈工", "13900001234")


def test_a_no_to_choices_is_a_miss_and_any_other_no_is_taken_as_it_is(here: Context) -> None:
    offered = {"choices": [FORCED]}
    no = heard("都不对", "deny", slots=offered)
    assert do(DeclineOffer(), no).responses == ["utter_offer_person"]
    for slots, text in ((offered, "不用了"), ({}, "不是")):
        assert do(DeclineOffer(), heard(text, "deny", slots=slots)).responses == ["utter_all_right"]


def test_a_number_beside_another_question_is_not_looked_up(here: Context) -> None:
    ids = ["certification-cost", "certification-cost-items"]
    asked = heard(
        "ISO9001要多少钱",
        "ask_certification",
        entities={"standard_number": "ISO 9001"},
        faq=[(each, 0.2) for each in ids],
    )
    done = do(AnswerQuestion(), asked)
    assert done.responses == ["utter_clarify"]
    assert done.slots["choices"] == ids


@pytest.mark.parametrize("action", [AnswerQuestion(), Refuse()])
def test_a_number_whose_state_is_asked_is_looked_up_whatever_was_understood(
    resources: Context, action: AnswerQuestion
) -> None:
    asked = heard(
        "总局令第121号现在还有效吗",
        "out_of_scope",
        entities={"standard_number": "国家市场监督管理总局令第121号"},
        faq=[("certification-cost", 0.2), ("certification-cost-items", 0.2)],
    )
    assert do(action, asked).responses == ["utter_standard_current"]


def test_whoever_is_refused_sees_what_the_search_is_sure_of(here: Context) -> None:
    late = "policy-late-payment"
    asked = heard(
        "对方拖欠货款怎么办",
        "out_of_scope",
        category="out_of_scope",
        certainty=0.95,
        faq=[(late, 0.97)],
    )
    done = do(Refuse(), asked)
    assert done.responses == ["utter_refuse", "utter_perhaps_meant"]
    assert done.slots["choices"] == [late]
    unsure = heard(
        "火星上怎么办", "out_of_scope", category="out_of_scope", certainty=0.95, faq=[(late, 0.5)]
    )
    assert do(Refuse(), unsure).responses == ["utter_refuse"]
