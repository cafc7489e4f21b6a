"""Scores and judgements over the widget API."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from bot.database import Database
from bot.feedback.improvements import improvements
from bot.feedback.models import ConversationFeedback, MessageFeedback
from tests.connectors.visitor import UNKNOWN, Xiaolin, refused, resolve


def test_score_is_taken_after_the_end_and_not_before(xiaolin: Xiaolin, database: Database) -> None:
    score = {"score": 4, "tags": ["办得快"], "comment": "谢谢 <b>\x00"}
    refused(xiaolin.client.post(f"{xiaolin.path}/feedback", json=score), 409, "wrong_status")
    resolve(database, xiaolin)
    assert xiaolin.client.post(f"{xiaolin.path}/feedback", json=score).status_code == 201
    with database.reading() as session:
        stored = session.scalars(select(ConversationFeedback)).one()
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
        assert session.scalar(select(ConversationFeedback)) is None


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


def test_scenario_45_comment_is_kept_as_said_and_masked_for_the_knowledge_base(
    xiaolin: Xiaolin, database: Database
) -> None:
    xiaolin.sends(text="压力表")
    answer = xiaolin.changes()["changes"][-1]["message"]["id"]
    comment = "打 13912345678 没人接\x00"
    body = {"message_id": answer, "helpful": False, "comment": comment}
    assert xiaolin.client.post(f"{xiaolin.path}/feedback", json=body).status_code == 201
    with database.writing() as session:
        judged = session.get_one(MessageFeedback, answer)
        assert judged.comment == "打 13912345678 没人接"
        judged.entry_id = "metrology-gauge"
    with database.reading() as session:
        (found,) = improvements(session)
    assert found.comments == ("打 ［电话］ 没人接",)


@pytest.mark.parametrize("comment", ["长" * 501, 7, ["话"]])
def test_wrong_comment_on_an_answer_is_refused(xiaolin: Xiaolin, comment: Any) -> None:
    xiaolin.sends(text="压力表")
    answer = xiaolin.changes()["changes"][-1]["message"]["id"]
    body = {"message_id": answer, "helpful": False, "comment": comment}
    refused(xiaolin.client.post(f"{xiaolin.path}/feedback", json=body), 422, "bad_input")


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
