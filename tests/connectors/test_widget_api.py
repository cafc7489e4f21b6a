"""The widget API as clients meet it: what is promised, and what is refused in words."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select

from bot.conversations.brain import Answer, Reply
from bot.conversations.handoff import Handoff
from bot.conversations.models import Conversation, Message
from bot.database import Database
from bot.feedback.models import ConversationFeedback, MessageFeedback
from bot.settings import Settings
from connectors.app import create_app
from tests.connectors.serving import Served, served
from tests.factories import alice
from tests.fakes import FakeBrain, FakeClock, FakeFaq

CHINESE = re.compile(r"[\u4e00-\u9fff]")
UNKNOWN = "0" * 32


@dataclass
class Xiaolin:
    """小林 on the widget, without a browser."""

    served: Served
    client: httpx.Client
    id: str
    opened_at: int

    @property
    def path(self) -> str:
        """The address of the conversation."""
        return f"/api/widget/conversations/{self.id}"

    def sends(self, **body: Any) -> httpx.Response:
        """Send a body as it is, with a fresh id unless one is given."""
        body = {"client_id": str(uuid4()), **body}
        response = self.client.post(f"{self.path}/messages", json=body)
        self.served.settle()
        return response

    def changes(self, after: int = 0, wait: int = 0) -> dict[str, Any]:
        """What the feed says."""
        query = {"after": after, "wait": wait}
        return dict(self.client.get(f"{self.path}/changes", params=query).json())

    def texts(self) -> list[str]:
        """Everything said so far."""
        return [c["message"]["text"] for c in self.changes()["changes"] if c["type"] == "message"]


@pytest.fixture
def web(database: Database, brain: FakeBrain, clock: FakeClock) -> Iterator[Served]:
    app = create_app(Settings(), database, brain, FakeFaq(), clock, name=f"widget-{uuid4().hex}")
    with served(app) as running:
        yield running


@pytest.fixture
def xiaolin(web: Served) -> Iterator[Xiaolin]:
    with web.client() as client:
        opened = client.post("/api/widget/conversations", json={})
        assert opened.status_code == 201
        body = opened.json()
        client.headers["Authorization"] = f"Bearer {body['token']}"
        yield Xiaolin(web, client, body["conversation_id"], body["cursor"])


def resolve(database: Database, xiaolin: Xiaolin) -> None:
    """Alice takes the conversation and ends it."""
    handoff: Handoff = xiaolin.served.app.ctx.handoff
    now = xiaolin.served.app.ctx.clock()
    with database.writing() as session:
        staff = alice(session)
        handoff.accept(session, xiaolin.id, staff, now=now)
        handoff.resolve(session, xiaolin.id, staff, "done", now=now)


def refused(response: httpx.Response, status: int, code: str | None = None) -> None:
    """The one shape of an error, with a sentence in Chinese."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert CHINESE.search(error["message"])
    assert code is None or error["code"] == code


def messages_stored(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Message)) or 0


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
    assert xiaolin.changes(after=cursor, wait=20)["changes"]
    assert time.monotonic() - begun < 10


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


def test_score_is_taken_after_the_end_and_not_before(xiaolin: Xiaolin, database: Database) -> None:
    score = {"score": 4, "tags": ["办得快"], "comment": "谢谢 <b>\x00"}
    refused(xiaolin.client.post(f"{xiaolin.path}/feedback", json=score), 409, "wrong_status")
    resolve(database, xiaolin)
    assert xiaolin.client.post(f"{xiaolin.path}/feedback", json=score).status_code == 201
    with database.reading() as session:
        stored = session.get_one(ConversationFeedback, xiaolin.id)
    assert (stored.score, stored.tags, stored.comment) == (4, ["办得快"], "谢谢 <b>")


@pytest.mark.parametrize(
    "body",
    [
        {"score": 0},
        {"score": 6},
        {"score": "5"},
        {"score": 4.5},
        {"score": True},
        {"score": 5, "tags": "快"},
        {"score": 5, "tags": ["快"] * 11},
        {"score": 5, "tags": ["长" * 21]},
        {"score": 5, "comment": "长" * 501},
        {"score": 5, "comment": 7},
        {},
    ],
)
def test_wrong_score_is_refused(xiaolin: Xiaolin, database: Database, body: dict[str, Any]) -> None:
    resolve(database, xiaolin)
    refused(xiaolin.client.post(f"{xiaolin.path}/feedback", json=body), 422, "bad_input")
    with database.reading() as session:
        assert session.get(ConversationFeedback, xiaolin.id) is None


def test_answer_is_judged_and_the_last_judgement_counts(
    xiaolin: Xiaolin, database: Database
) -> None:
    xiaolin.sends(text="压力表")
    answer = xiaolin.changes()["changes"][-1]["message"]["id"]
    for helpful in (True, False):
        body = {"message_id": answer, "helpful": helpful}
        assert xiaolin.client.post(f"{xiaolin.path}/feedback", json=body).status_code == 201
    with database.reading() as session:
        assert session.get_one(MessageFeedback, answer).helpful is False


def test_only_answers_of_the_bot_can_be_judged(xiaolin: Xiaolin) -> None:
    own = xiaolin.sends(text="压力表").json()["message"]["id"]
    for message_id, status in ((own, 422), (UNKNOWN, 404), ("", 422)):
        body = {"message_id": message_id, "helpful": True}
        refused(xiaolin.client.post(f"{xiaolin.path}/feedback", json=body), status)
    refused(xiaolin.client.post(f"{xiaolin.path}/feedback", json={"message_id": own}), 422)


def test_foreign_answer_cannot_be_judged(xiaolin: Xiaolin, database: Database) -> None:
    xiaolin.sends(text="压力表")
    answer = xiaolin.changes()["changes"][-1]["message"]["id"]
    with xiaolin.served.client() as mallory:
        own = mallory.post("/api/widget/conversations", json={}).json()
        mallory.headers["Authorization"] = f"Bearer {own['token']}"
        path = f"/api/widget/conversations/{own['conversation_id']}/feedback"
        refused(mallory.post(path, json={"message_id": answer, "helpful": True}), 404)
    with database.reading() as session:
        assert session.get(MessageFeedback, answer) is None


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
    refused(next(a for a in answers if a.status_code != 202), 429, "too_many_requests")
    assert messages_stored(database) <= 2


def test_answers_are_never_cached_or_sniffed(xiaolin: Xiaolin) -> None:
    headers = xiaolin.client.get(f"{xiaolin.path}/changes").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
