"""The main job over the public interfaces: asked, answered, a case, a person, a score."""

from __future__ import annotations

import re

import pytest

from tests.running import Platform, Visitor, desk

pytestmark = [pytest.mark.rasa, pytest.mark.processes]


def test_question_is_answered_from_the_knowledge_base_with_its_basis(customer: Visitor) -> None:
    answer = customer.asks("压力表多久检定一次")
    assert answer["data"]["faq"]["basis"]
    assert answer["data"]["turn"]["category"] == "metrology"
    assert answer["data"]["turn"]["confidence"] > 0.3


def test_institutions_are_listed_side_by_side_with_their_qualification(customer: Visitor) -> None:
    answer = customer.asks("云州哪里能校准压力表")
    assert answer["kind"] == "list"
    assert len(answer["data"]["items"]) >= 2
    assert all(item["type"] == "institution" for item in answer["data"]["items"])


def test_sloppily_written_standard_number_is_found(customer: Visitor) -> None:
    answer = customer.asks("gbt19001 现在用哪一版")
    assert "GB/T 19001-2016" in answer["text"] + str(answer["data"])


def test_case_is_confirmed_before_it_is_stored_and_followed_after(customer: Visitor) -> None:
    said = [customer.asks("我要校准 20 把游标卡尺，帮我提交需求")]
    answers = {
        "现场|送检": "现场",
        "时候|时间": "下周三上午",
        "电话|联系": "陈工 13812345678",
        "单位|公司": "云州演示阀门有限公司",
        "多少|数量": "20 把",
    }
    for _ in range(8):
        text = said[-1]["text"]
        if "核对" in text:
            break
        reply = next((reply for asked, reply in answers.items() if re.search(asked, text)), "没有")
        said.append(customer.asks(reply))
    assert "核对" in said[-1]["text"]
    assert "138****5678" in said[-1]["text"] + str(said[-1]["data"])
    stored = customer.asks("提交")
    number = re.search(r"YZ-\d{8}-\d{4}", stored["text"] + str(stored["data"]))
    assert number, stored
    state = customer.asks("我那个工单到哪一步了")
    assert number.group() in state["text"] + str(state["data"])


def test_person_takes_over_replies_and_resolves_and_the_customer_scores(
    platform: Platform, customer: Visitor
) -> None:
    customer.asks("检定和校准有什么区别")
    customer.post(text="转人工")
    customer.hears("system")
    assert customer.statuses[-1] == "queued"
    with desk(platform) as staff, desk(platform, "staff2") as other:
        queue = staff.get("/api/desk/conversations", params={"status": "queued"}).json()
        assert customer.id in [each["id"] for each in queue["conversations"]]
        assert staff.post(f"/api/desk/conversations/{customer.id}/accept").status_code == 200
        late = other.post(f"/api/desk/conversations/{customer.id}/accept")
        assert (late.status_code, late.json()["error"]["code"]) == (409, "already_taken")
        assert late.json()["error"]["holder"]["username"] == "staff1"
        detail = staff.get(f"/api/desk/conversations/{customer.id}").json()
        assert detail["handoff_note"]["last_answers"]
        assert 1 <= len(detail["suggestions"]) <= 3
        path = f"/api/desk/conversations/{customer.id}/messages"
        staff.post(path, json={"client_id": "n", "text": "像是老客户", "private": True})
        staff.post(path, json={"client_id": "r", "text": "您好，我来帮您。"})
        assert customer.hears("staff")["text"] == "您好，我来帮您。"
        customer.post(text="好的谢谢")
        staff.post(f"/api/desk/conversations/{customer.id}/resolve", json={"outcome": "已答复"})
        customer.hears("system")
        customer.look()
        assert customer.statuses[-1] == "resolved"
        assert "像是老客户" not in str(customer.messages)
        scored = customer.client.post(f"{customer.path}/feedback", json={"score": 5, "tags": []})
        assert scored.status_code in (200, 201)
