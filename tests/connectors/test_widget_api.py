"""The widget API as clients meet it: what is promised, and what is refused in words."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bot.conversations.brain import Answer, Reply
from bot.conversations.models import Conversation
from bot.database import Database
from tests.connectors.visitor import UNKNOWN, Xiaolin, messages_stored, refused, resolve
from tests.fakes import FakeBrain


def test_conversation_is_opened_with_an_unguessable_id_and_a_token(xiaolin: Xiaolin) -> None:
    assert len(xiaolin.id) >= 32
    assert len(xiaolin.client.headers["Authorization"]) > 40


def test_message_is_accepted_and_answered(xiaolin: Xiaolin) -> None:
    response = xiaolin.sends(text="压力表多久检定一次")
    assert response.status_code == 202
    message = response.json()["message"]
    assert (message["author"], message["kind"], message["seq"]) == ("customer", "text", 1)
    feed = xiaolin.changes(after=xiaolin.opened_at)
    answer = feed["changes"][-1]["message"]
    assert (answer["author"], answer["text"]) == ("bot", "听到：压力表多久检定一次")
    assert answer["data"]["turn"]["category"] == "metrology"
    assert feed["cursor"] == feed["changes"][-1]["cursor"]
    assert xiaolin.changes(after=feed["cursor"])["changes"] == []


def test_same_client_id_again_is_the_same_message_and_no_second_turn(
    xiaolin: Xiaolin, brain: FakeBrain
) -> None:
    first = xiaolin.sends(client_id="again", text="你好")
    second = xiaolin.sends(client_id="again", text="你好")
    assert second.status_code == 202
    assert first.json()["message"]["id"] == second.json()["message"]["id"]
    assert len(brain.heard) == 1
    assert first.json()["message"]["client_id"] == "again"


def test_offered_button_is_accepted_and_a_made_up_one_is_not(
    xiaolin: Xiaolin, brain: FakeBrain
) -> None:
    offer = {"title": "找机构", "payload": '/find_institution{"product": "压力表"}'}
    brain.script.append(Answer([Reply("要找机构吗？", "buttons", {"buttons": [offer]})]))
    xiaolin.sends(text="压力表")
    assert xiaolin.sends(text=offer["title"], payload=offer["payload"]).status_code == 202
    assert brain.heard[-1].payload == offer["payload"]
    refused(xiaolin.sends(text="重启", payload="/restart"), 422, "payload_not_offered")


def test_long_poll_returns_as_soon_as_something_is_said(xiaolin: Xiaolin) -> None:
    begun = time.monotonic()
    xiaolin.sends(text="第一句")
    cursor = xiaolin.changes()["cursor"]
    assert xiaolin.changes(after=cursor, wait=1)["changes"] == []
    assert time.monotonic() - begun >= 1
    xiaolin.client.post(f"{xiaolin.path}/messages", json={"client_id": "x", "text": "第二句"})
    begun = time.monotonic()
    assert xiaolin.changes(after=cursor, wait=25)["changes"]
    assert time.monotonic() - begun < 25


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00\x07\u0000", None])
def test_empty_message_is_refused_and_nothing_is_stored(
    xiaolin: Xiaolin, database: Database, text: str | None
) -> None:
    refused(xiaolin.sends(text=text), 422, "bad_input")
    assert messages_stored(database) == 0


def test_thirty_thousand_characters_are_refused_and_the_next_message_is_served(
    xiaolin: Xiaolin, database: Database
) -> None:
    response = xiaolin.sends(text="长" * 30_000)
    refused(response, 413, "too_large")
    assert "2000" in response.json()["error"]["message"]
    assert messages_stored(database) == 0
    assert xiaolin.sends(text="长" * 2_000).status_code == 202


def test_body_beyond_all_bounds_is_refused(xiaolin: Xiaolin) -> None:
    refused(xiaolin.sends(text="长" * 400_000), 413)


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        '/nlu_fallback{"a": 1}',
        "/转人工",
        "<script>alert(1)</script>",
        "'; DROP TABLE messages; --",
        "{{ 7 * 7 }} ${7*7} %s {0}",
        "😀 压力表",
        "‮倒写",
    ],
)
def test_odd_text_is_text(xiaolin: Xiaolin, brain: FakeBrain, text: str) -> None:
    assert xiaolin.sends(text=text).json()["message"]["text"] == text
    assert (brain.heard[-1].text, brain.heard[-1].payload) == (text, None)
    assert xiaolin.texts() == [text, f"听到：{text}"]


def test_control_characters_are_taken_out(xiaolin: Xiaolin) -> None:
    assert xiaolin.sends(text="压\x00力\x1b[31m表\r\n两行").json()["message"]["text"] == (
        "压力[31m表\n两行"
    )


def test_half_a_character_does_no_harm(xiaolin: Xiaolin) -> None:
    body = b'{"client_id": "half", "text": "\\ud83d \xe8\xa1\xa8"}'
    response = xiaolin.client.post(f"{xiaolin.path}/messages", content=body)
    assert response.json()["message"]["text"] == "表"


def test_message_of_emoji_only_is_answered_politely(xiaolin: Xiaolin, brain: FakeBrain) -> None:
    xiaolin.sends(text="😀😀😀")
    assert brain.heard == []
    assert "文字" in xiaolin.texts()[-1]


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"text"', b"\xff\xfe", b"[" * 100_000, b"null", b"{}"]
)
@pytest.mark.parametrize("place", ["messages", "feedback"])
def test_broken_json_is_refused(xiaolin: Xiaolin, place: str, body: bytes) -> None:
    refused(xiaolin.client.post(f"{xiaolin.path}/{place}", content=body), 422, "bad_input")


@pytest.mark.parametrize("place", ["", "/handoff"])
def test_broken_json_is_refused_where_the_body_may_be_empty(xiaolin: Xiaolin, place: str) -> None:
    path = xiaolin.path if place else "/api/widget/conversations"
    refused(xiaolin.client.post(path + place, content=b"{"), 422, "bad_input")


@pytest.mark.parametrize(
    "body",
    [
        {"text": "没有 client_id"},
        {"client_id": 7, "text": "数字"},
        {"client_id": "x" * 101, "text": "太长"},
        {"client_id": "<script>", "text": "坏"},
        {"client_id": "a", "text": ["列表"]},
        {"client_id": "a", "text": 7},
        {"client_id": "a", "text": "按钮", "payload": {"a": 1}},
    ],
)
def test_wrong_fields_are_refused(
    xiaolin: Xiaolin, database: Database, body: dict[str, Any]
) -> None:
    refused(xiaolin.client.post(f"{xiaolin.path}/messages", json=body), 422, "bad_input")
    assert messages_stored(database) == 0


CALLS = [
    ("GET", "/changes", None),
    ("GET", "/live", None),
    ("POST", "/messages", {"client_id": "m", "text": "你好"}),
    ("POST", "/feedback", {"score": 5}),
    ("POST", "/handoff", {"reason": ""}),
]


@pytest.mark.parametrize(("method", "place", "body"), CALLS)
@pytest.mark.parametrize(
    "token", [None, "Bearer", "Bearer wrong", "Basic eDp5", "Bearer " + "x" * 999]
)
def test_mallory_without_a_token_is_refused_everywhere(
    xiaolin: Xiaolin, database: Database, method: str, place: str, body: Any, token: str | None
) -> None:
    headers = {"Authorization": token} if token else {}
    with xiaolin.served.client() as mallory:
        answer = mallory.request(method, xiaolin.path + place, json=body, headers=headers)
    refused(answer, 401, "unauthorized")
    assert messages_stored(database) == 0


@pytest.mark.parametrize(("method", "place", "body"), CALLS)
def test_foreign_and_unknown_conversations_are_not_found(
    xiaolin: Xiaolin, database: Database, method: str, place: str, body: Any
) -> None:
    with xiaolin.served.client() as mallory:
        own = mallory.post("/api/widget/conversations", json={}).json()
        mallory.headers["Authorization"] = f"Bearer {own['token']}"
        for conversation_id in (xiaolin.id, UNKNOWN, "'; DROP TABLE messages; --"):
            path = f"/api/widget/conversations/{conversation_id}{place}"
            refused(mallory.request(method, path, json=body), 404)
    assert messages_stored(database) == 0


@pytest.mark.parametrize(
    "query", ["after=x", "after=-1", "after=1.5", "wait=x", "after=" + "9" * 99]
)
def test_wrong_cursor_is_refused(xiaolin: Xiaolin, query: str) -> None:
    refused(xiaolin.client.get(f"{xiaolin.path}/changes?{query}"), 422, "bad_input")


def test_unknown_address_and_method_are_told_in_chinese(xiaolin: Xiaolin) -> None:
    refused(xiaolin.client.get(f"{xiaolin.path}/nothing"), 404, "not_found")
    refused(xiaolin.client.delete(f"{xiaolin.path}/messages"), 405, "method_not_allowed")


def test_person_is_asked_for_and_asking_again_changes_nothing(xiaolin: Xiaolin) -> None:
    for _ in range(2):
        answer = xiaolin.client.post(f"{xiaolin.path}/handoff", json={"reason": "急"})
        assert (answer.status_code, answer.json()["status"]) == (200, "queued")
    assert len(xiaolin.texts()) == 1
    statuses = [c["status"] for c in xiaolin.changes()["changes"] if c["type"] == "status"]
    assert statuses == ["bot", "queued"]


def test_who_waits_can_leave_the_queue_with_its_button(xiaolin: Xiaolin) -> None:
    xiaolin.client.post(f"{xiaolin.path}/handoff")
    notice = xiaolin.changes()["changes"][-1]["message"]
    offer = next(b for b in notice["data"]["buttons"] if b["payload"] == "/cancel_handoff")
    assert xiaolin.sends(text=offer["title"], payload=offer["payload"]).status_code == 202
    statuses = [c["status"] for c in xiaolin.changes()["changes"] if c["type"] == "status"]
    assert statuses[-1] == "bot"


@pytest.mark.parametrize("reason", [7, "长" * 201, ["a"]])
def test_wrong_reason_is_refused(xiaolin: Xiaolin, reason: Any) -> None:
    answer = xiaolin.client.post(f"{xiaolin.path}/handoff", json={"reason": reason})
    refused(answer, 422, "bad_input")
    assert xiaolin.texts() == []


def test_message_after_the_end_opens_a_new_conversation_and_the_old_id_keeps_working(
    xiaolin: Xiaolin, database: Database
) -> None:
    xiaolin.sends(text="第一次")
    resolve(database, xiaolin)
    message = xiaolin.sends(text="第二次").json()["message"]
    assert message["conversation_id"] != xiaolin.id
    assert xiaolin.texts()[-1] == "听到：第二次"
    with database.reading() as session:
        assert session.get_one(Conversation, xiaolin.id).status == "resolved"


def test_flood_is_refused_in_words(xiaolin: Xiaolin, database: Database) -> None:
    answers = [
        xiaolin.client.post(f"{xiaolin.path}/messages", json={"client_id": "same", "text": "刷"})
        for _ in range(600)
    ]
    refusal = next(a for a in answers if a.status_code != 202)
    refused(refusal, 429, "too_many_requests")
    wait = refusal.json()["error"]["retry_after_seconds"]
    assert refusal.headers["Retry-After"] == str(wait)
    assert f"{wait} 秒后" in refusal.json()["error"]["message"]
    assert messages_stored(database) <= 2


def test_answers_are_never_cached_or_sniffed(xiaolin: Xiaolin) -> None:
    headers = xiaolin.client.get(f"{xiaolin.path}/changes").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
