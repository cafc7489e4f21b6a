"""Institutions, standards, instruments and experts as the bot tells them."""

from __future__ import annotations

from actions.context import Context
from actions.experts import FindExpert
from actions.forms import ReadInstitutionForm
from actions.institutions import FindInstitution
from actions.instruments import FindInstrument
from actions.standards import LookUpStandard
from tests.actions.acting import do, heard


def test_institutions_come_side_by_side_with_reasons(resources: Context) -> None:
    done = do(FindInstitution(), heard("压力表检定去哪", "find_institution"))
    [message] = done.messages
    assert message["response"] == "utter_institutions_found_default_region"
    assert message["region"] == "云州市"
    items = message["custom"]["items"]
    assert len(items) == message["count"] >= 2
    for card in items:
        assert {"能力项", "资质", "为什么排在这里"} <= {name for name, _ in card["facts"]}
        assert card["demo"] is True


def test_a_place_without_an_institution_says_so(resources: Context) -> None:
    done = do(FindInstitution(), heard("台州哪里能检定压力表", "find_institution"))
    assert done.responses == ["utter_institutions_elsewhere"]
    assert done.messages[0]["region"] == "台州市"


def test_nothing_found_is_said(resources: Context) -> None:
    done = do(FindInstitution(), heard("哪里能做火箭发动机试车", "find_institution"))
    assert done.responses == ["utter_institutions_none"]


def test_a_wish_without_an_object_opens_the_form(resources: Context) -> None:
    assert do(FindInstitution(), heard("找机构", "find_institution")).next == [
        "find_institution_form"
    ]
    assert do(FindInstitution(), heard(intent="find_institution")).next == ["find_institution_form"]


def test_the_forms_answer_is_taken_whatever_its_intent(resources: Context) -> None:
    slots = {"requested_slot": "wanted_service"}
    done = do(ReadInstitutionForm(), heard("三坐标校准", "open_case", slots=slots))
    assert done.slots == {"wanted_service": "三坐标校准", "requested_slot": None}
    stopped = do(ReadInstitutionForm(), heard("算了", "cancel", slots=slots))
    assert stopped.slots == {"form_stopped": True, "requested_slot": None}
    assert do(FindInstitution(), heard("算了", slots=stopped.slots)).responses == [
        "utter_form_stopped"
    ]


def test_a_standard_is_told_with_its_state(resources: Context) -> None:
    done = do(LookUpStandard(), heard("gbt19001 现在用哪一版", "lookup_standard"))
    [message] = done.messages
    assert message["response"] == "utter_standard_current"
    assert message["number"] == "GB/T 19001-2016"
    assert "ISO 9001:2015" in message["equivalent"]
    assert ["状态", "现行"] in message["custom"]["card"]["facts"]


def test_every_state_has_its_sentence(resources: Context) -> None:
    for text, response in (
        ("GB 4706.1-2005 还有效吗", "utter_standard_replaced"),
        ("GB/T 99999", "utter_standard_unknown"),
        ("总局令第121号现在还有效吗", "utter_standard_current"),
        ("总局20号令还能用吗", "utter_standard_replaced"),
        ("国务院令第9999号", "utter_regulation_unknown"),
        ("GB/T 19001-2011", "utter_standard_other_edition"),
        ("阀门压力试验用什么标准", "utter_standards_on_topic"),
        ("量子纠缠执行什么标准", "utter_standards_none"),
        ("查标准", "utter_ask_standard_number"),
    ):
        assert do(LookUpStandard(), heard(text, "lookup_standard")).responses == [response], text


def test_several_numbers_are_told_one_by_one(resources: Context) -> None:
    done = do(LookUpStandard(), heard("GB/T 19001 和 GB/T 24001 都现行吗", "lookup_standard"))
    assert len(done.messages) == 2


def test_a_regulation_tells_its_instrument(resources: Context) -> None:
    done = do(LookUpStandard(), heard("JJG 52-2013", "lookup_standard"))
    assert done.responses[0].startswith(("utter_instrument_", "utter_standard_current"))


def test_instruments_are_told_or_listed(resources: Context) -> None:
    for text, response in (
        ("地磅要强检吗", "utter_instrument_conditional"),
        ("哪里有三坐标可以借", "utter_shared_instruments_found"),
        ("哪里有粒子对撞机可以借", "utter_instruments_none"),
        ("找仪器", "utter_ask_instrument"),
    ):
        assert do(FindInstrument(), heard(text, "find_instrument")).responses == [response], text


def test_experts_are_listed_by_field(resources: Context) -> None:
    done = do(FindExpert(), heard("想请焊接专家", "find_expert"))
    assert done.responses == ["utter_experts_found"]
    assert any("焊接" in str(card) for card in done.messages[0]["custom"]["items"])
    assert do(FindExpert(), heard("找专家", "find_expert")).responses == ["utter_ask_expert_field"]
