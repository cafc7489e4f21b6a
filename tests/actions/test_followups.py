"""Questions that lean on what was said before, and two questions at once."""

from __future__ import annotations

from typing import Any

import pytest
from rasa_sdk import Tracker

from actions.context import Context
from actions.followups import AnswerFollowup
from actions.forms import ReadCaseForm
from actions.institutions import FindInstitution
from actions.questions import AnswerQuestion, Refuse
from actions.standards import LookUpStandard
from tests.actions.acting import do, heard

CCC, PRESSURE = "certification-ccc-process", "metrology-pressure-gauge"
TRADEMARK, FEES, PATENT = "ip-trademark-process-2019", "ip-trademark-fees", "ip-patent-duration"


def two(text: str, *halves: tuple[str, list[tuple[str, float]]], **more: Any) -> Tracker:
    """A message that the web application has taken apart."""
    tracker = heard(text, "ask_ip", **more)
    tracker.latest_message["metadata"]["halves"] = [
        {"text": words, "faq": [{"id": i, "score": s} for i, s in found]} for words, found in halves
    ]
    return tracker


@pytest.mark.parametrize("action", [AnswerQuestion(), AnswerFollowup(), Refuse()])
def test_two_questions_get_both_answers_each_with_its_basis_and_one_offer(
    here: Context, action: AnswerQuestion
) -> None:
    tracker = two(
        "商标注册要多久，多少钱",
        ("商标注册要多久", [(TRADEMARK, 0.9)]),
        ("商标注册多少钱", [(FEES, 0.9)]),
        faq=[(TRADEMARK, 0.4)],
    )
    done = do(action, tracker)
    assert [each["custom"]["faq"]["id"] for each in done.messages] == [TRADEMARK, FEES]
    assert all(each["custom"]["faq"]["basis"] for each in done.messages)
    assert sum(bool(each["buttons"]) for each in done.messages) == 1
    assert done.slots["last_entry"] == FEES


def test_a_half_about_a_known_thing_is_answered_from_the_table(resources: Context) -> None:
    general = [("metrology-forced-scope", 0.9)]
    tracker = two(
        "压力表要不要强检，水表要不要强检",
        ("压力表要不要强检", [(PRESSURE, 0.9)]),
        ("水表要不要强检", general),
    )
    first, second = do(AnswerQuestion(), tracker).messages
    assert first["custom"]["faq"]["id"] == PRESSURE
    assert second["response"].startswith("utter_instrument_")
    assert second["name"] == "水表"


def test_a_half_that_the_search_does_not_know_is_taken_from_the_neighbours(here: Context) -> None:
    tracker = two(
        "商标注册要多久，多少钱",
        ("商标注册要多久", [(TRADEMARK, 0.9)]),
        ("商标注册多少钱", []),
    )
    done = do(AnswerQuestion(), tracker)
    assert [each["custom"]["faq"]["id"] for each in done.messages] == [TRADEMARK, FEES]


def test_two_questions_of_which_one_is_unsure_are_answered_as_one(here: Context) -> None:
    halves = (("标签怎么写", [(TRADEMARK, 0.5)]), ("多久能好", [(FEES, 0.9)]))
    done = do(AnswerQuestion(), two("标签怎么写，多久能好", *halves, faq=[(CCC, 0.9)]))
    assert [each["custom"]["faq"]["id"] for each in done.messages] == [CCC]


def test_a_sure_answer_comes_before_the_task_it_was_asked_beside(resources: Context) -> None:
    asked = two("压力表多久检一次？我要送检两块", ("压力表多久检一次", [(PRESSURE, 0.9)]))
    begun = do(ReadCaseForm(), asked)
    assert begun.messages[0]["custom"]["faq"]["id"] == PRESSURE
    assert not begun.messages[0]["buttons"]
    assert begun.slots["requested_slot"] is not None
    asked = two("压力表多久检一次？帮我找家机构检压力表", ("压力表多久检一次", [(PRESSURE, 0.9)]))
    listed = do(FindInstitution(), asked)
    assert "faq" in listed.messages[0]["custom"]
    assert listed.messages[1]["response"].startswith("utter_institutions_found")


def test_a_task_is_begun_without_an_answer_that_is_not_sure(resources: Context) -> None:
    asked = two("压力表多久检一次？我要送检两块", ("压力表多久检一次", [(PRESSURE, 0.5)]))
    begun = do(ReadCaseForm(), asked)
    assert not any("faq" in (each.get("custom") or {}) for each in begun.messages)
    assert begun.slots["requested_slot"] is not None


def test_an_entry_made_for_both_questions_is_said_once(here: Context) -> None:
    halves = (("CCC 认证怎么办", [(CCC, 0.9)]), ("CCC 认证要多久", [(PATENT, 0.9)]))
    done = do(AnswerQuestion(), two("CCC 认证怎么办，要多久", *halves, faq=[(CCC, 0.9)]))
    assert [each["custom"]["faq"]["id"] for each in done.messages] == [CCC]


@pytest.mark.parametrize(
    ("last", "text", "told"),
    [
        (TRADEMARK, "那要花多少钱", FEES),
        (FEES, "需要什么材料呢", "ip-trademark-papers"),
        ("ip-patent-documents", "多久能下来", PATENT),
        ("ip-patent-documents", "官费贵不贵啊", "ip-patent-fees"),
        ("certification-iso9001-process", "需要多久拿证呢", "certification-iso9001-duration"),
        ("other-business-licence", "几天能下来", "other-registration-time"),
        ("metrology-forced-apply", "这个要交钱吗", "metrology-forced-fee"),
        ("policy-hightech-conditions", "有什么好处呢", "policy-hightech-benefit"),
        ("brand-local-award", "要交钱吗", "brand-award-free"),
        (PRESSURE, "那卡尺呢", "metrology-calipers"),
        (TRADEMARK, "那专利呢", "ip-patent-process"),
        (TRADEMARK, "那个人的呢", "ip-trademark-personal"),
        ("other-forklift", "换成电梯呢", "other-elevator"),
        ("ip-patent-fees", "那商标呢", FEES),
        ("certification-ccc-process", "不做有什么后果", "certification-ccc-what"),
    ],
)
@pytest.mark.parametrize("intent", ["ask_followup", "ask_other", "out_of_scope"])
def test_a_question_without_a_subject_is_about_the_last_entry(
    here: Context, last: str, text: str, told: str, intent: str
) -> None:
    action = {"ask_followup": AnswerFollowup, "ask_other": AnswerQuestion}.get(intent, Refuse)()
    done = do(action, heard(text, intent, slots={"last_entry": last}))
    assert done.slots.get("last_entry") == told


@pytest.mark.parametrize("action", [AnswerQuestion(), AnswerFollowup(), Refuse()])
def test_the_price_after_a_list_of_institutions_is_that_of_what_was_looked_for(
    here: Context, action: AnswerQuestion
) -> None:
    slots = {
        "last_entry": CCC,
        "last_wish": "哪里能测水泥",
        "case_subject": "水泥 检测",
        "case_category": "testing",
    }
    done = do(action, heard("那要多少钱", "ask_followup", slots=slots))
    assert done.responses == ["utter_wish_price"]
    assert done.messages[0]["need"] == "水泥 检测"


def test_a_standard_looked_up_ends_the_talk_about_institutions(resources: Context) -> None:
    said = heard("gbt19001", "lookup_standard", slots={"last_wish": "哪里能测水泥"})
    assert do(LookUpStandard(), said).slots["last_wish"] is None


def test_what_no_neighbour_tells_is_admitted_with_a_person(here: Context) -> None:
    done = do(AnswerFollowup(), heard("那个体的呢", "ask_followup", slots={"last_entry": PRESSURE}))
    assert done.responses == ["utter_followup_unknown"]


def test_another_matter_of_the_same_subject_is_not_told_for_it(here: Context) -> None:
    # What other certificates take is not what organic produce takes.
    last = "certification-organic-cost"
    said = heard("需要什么材料呢", "ask_followup", slots={"last_entry": last})
    assert do(AnswerFollowup(), said).responses == ["utter_followup_unknown"]


def test_a_question_of_its_own_is_not_taken_for_a_follow_up(here: Context) -> None:
    said = heard("公司怎么注销", "ask_other", slots={"last_entry": TRADEMARK}, faq=[(CCC, 0.95)])
    assert do(AnswerQuestion(), said).slots["last_entry"] == CCC


def test_what_the_search_finds_for_bare_words_must_be_near_the_topic(here: Context) -> None:
    said = heard("还要别的吗", "ask_followup", slots={"last_entry": TRADEMARK}, faq=[(CCC, 0.95)])
    assert do(AnswerFollowup(), said).responses == ["utter_followup_unknown"]


def test_a_follow_up_to_a_standard_shows_its_card_again(resources: Context) -> None:
    slots = {"last_standard": "GB/T 19001-2016"}
    done = do(AnswerFollowup(), heard("什么时候实施的", "ask_followup", slots=slots))
    assert done.messages[0]["number"] == "GB/T 19001-2016"


def test_a_follow_up_with_another_instrument_is_told_from_the_dictionary(
    resources: Context,
) -> None:
    slots = {"last_thing": "声级计"}
    said = heard("那水表呢", "ask_followup", slots=slots, entities={"instrument": "水表"})
    assert do(AnswerFollowup(), said).messages[0]["name"] == "水表"


@pytest.mark.parametrize("action", [AnswerQuestion(), AnswerFollowup(), Refuse()])
def test_the_price_in_a_case_form_is_that_of_the_case_and_the_form_goes_on(
    here: Context, action: AnswerQuestion
) -> None:
    slots = {"case_need": "校准游标卡尺", "case_category": "metrology", "last_entry": TRADEMARK}
    said = heard("现场多少钱啊", "ask_followup", slots=slots, form="open_case_form")
    done = do(action, said)
    assert done.responses == ["utter_case_price"]
    assert done.messages[0]["need"] == "校准游标卡尺"
    assert done.next == ["open_case_form"]
    assert "case_need" not in done.slots


def test_the_price_in_a_case_form_comes_from_the_entry_about_it(here: Context) -> None:
    slots = {"case_need": "注册商标", "case_category": "ip"}
    said = heard("大概要多少钱", "ask_followup", slots=slots, form="open_case_form")
    done = do(AnswerFollowup(), said)
    assert done.messages[0]["custom"]["faq"]["id"] == FEES
    assert done.messages[0]["buttons"] == []
    assert done.next == ["open_case_form"]


def test_an_answer_that_is_likely_but_not_certain_offers_what_else_may_be_meant(
    here: Context,
) -> None:
    found = [(TRADEMARK, 0.55), (FEES, 0.3), (PATENT, 0.2)]
    done = do(AnswerQuestion(), heard("商标的事", "ask_ip", faq=found))
    assert done.responses[1:] == ["utter_also_meant"]
    titles = [each["title"] for each in done.messages[1]["buttons"]]
    assert titles == [here.entries[FEES].title, here.entries[PATENT].title, "都不是"]
    assert done.messages[0]["buttons"] == []
    assert done.slots["choices"] == [FEES, PATENT]


@pytest.mark.parametrize("text", ["那今天会下雨吗", "那天气呢"])
def test_what_is_out_of_scope_stays_so_after_an_answer(here: Context, text: str) -> None:
    said = heard(text, "out_of_scope", category="out_of_scope", slots={"last_entry": TRADEMARK})
    assert do(Refuse(), said).responses == ["utter_refuse"]


def test_a_circumstance_is_no_subject(here: Context) -> None:
    said = heard(
        "超期会罚吗",
        "ask_other",
        slots={"last_entry": "other-elevator"},
        faq=[("metrology-overdue-penalty", 0.9)],
    )
    assert do(AnswerQuestion(), said).slots.get("last_entry") != "metrology-overdue-penalty"


def test_what_else_is_asked_of_the_case_in_a_form_is_left_to_the_institution(
    here: Context,
) -> None:
    slots = {"case_need": "校准游标卡尺", "case_category": "metrology"}
    said = heard("几天能好", "out_of_scope", slots=slots, form="open_case_form")
    done = do(Refuse(), said)
    assert done.responses == ["utter_case_told_later"]
    assert done.next == ["open_case_form"]
