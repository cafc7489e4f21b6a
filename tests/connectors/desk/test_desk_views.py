"""What the desk is shown: the queue, one conversation in whole, and what has changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from sqlalchemy import event, select

from bot.conversations.ledger import Opened, append
from bot.conversations.models import (
    Author,
    Conversation,
    Message,
    SuppressedDraft,
    Turn,
    TurnStatus,
)
from bot.database import Database
from bot.feedback.service import rate_conversation, rate_message
from tests import factories
from tests.connectors.desk.calls import path, refusal, said
from tests.connectors.serving import Served
from tests.fakes import ENTRY, FakeClock

UNKNOWN = "0" * 32
MALFORMED_QUERIES = [
    "conversations?status=mine",
    "conversations?status=%00",
    "changes?after=-1",
    "changes?after=x",
    "changes?after=99999999999999999999999",
    "changes?wait=x",
    "suggestions",
    "suggestions?text=%20",
    "suggestions?text=" + "x" * 201,
]


def test_row_says_who_waits_how_long_and_for_what(
    alice: httpx.Client, waiting: Opened, clock: FakeClock
) -> None:
    clock.advance(minutes=6)
    answer = alice.get("/api/desk/conversations", params={"status": "queued"}).json()
    (row,) = answer["conversations"]
    assert row["first_words"] == "压力表多久检定一次"
    assert row["waiting_seconds"] == 360
    assert row["reason"] == "customer_asked"
    assert row["unanswered"] == 1
    assert answer["now"] == clock().isoformat()


def test_row_counts_what_nobody_answered(
    alice: httpx.Client, waiting: Opened, database: Database, clock: FakeClock
) -> None:
    alice.post(path(waiting, "accept"))
    alice.post(path(waiting, "messages"), json=said("请稍等。"))
    assert _row(alice)["unanswered"] == 0
    clock.advance(minutes=1)
    since = clock().isoformat()
    with database.writing() as session:
        factories.writes(session, waiting, "在吗", clock)
        clock.advance(minutes=1)
        factories.writes(session, waiting, "喂", clock)
    alice.post(path(waiting, "messages"), json=said("客户很急", private=True))
    assert _row(alice)["unanswered"] == 2
    assert _row(alice)["unanswered_since"] == since


def test_row_says_by_when_what_is_promised(
    alice: httpx.Client, waiting: Opened, clock: FakeClock
) -> None:
    due = {
        "which": "first_response",
        "state": "fine",
        "due_at": "2026-11-24T01:40:00+00:00",
        "warn_at": "2026-11-24T01:35:00+00:00",
        "remaining_minutes": 10,
        "paused": False,
    }
    (row,) = alice.get("/api/desk/conversations?status=queued").json()["conversations"]
    assert row["sla"] == due
    clock.advance(minutes=6)
    assert alice.get(path(waiting)).json()["conversation"]["sla"] == {
        **due,
        "state": "warning",
        "remaining_minutes": 4,
    }
    alice.post(path(waiting, "accept"))
    clock.advance(minutes=5)
    assert (_row(alice)["sla"]["state"], _row(alice)["sla"]["remaining_minutes"]) == (
        "breached",
        -1,
    )
    alice.post(path(waiting, "messages"), json=said("请稍等。"))
    assert (_row(alice)["sla"]["which"], _row(alice)["sla"]["paused"]) == ("resolution", True)
    alice.post(path(waiting, "resolve"), json={})
    (row,) = alice.get("/api/desk/conversations?status=resolved").json()["conversations"]
    assert row["sla"] is None


def _row(client: httpx.Client) -> dict[str, Any]:
    (row,) = client.get("/api/desk/conversations", params={"status": "staff"}).json()[
        "conversations"
    ]
    return dict(row)


def test_longer_queue_takes_no_more_queries(
    alice: httpx.Client, web: Served, database: Database, clock: FakeClock
) -> None:
    counts = []
    for more in (1, 12):
        with database.writing() as session:
            for _ in range(more):
                opened = factories.xiaolin(session, clock)
                factories.writes(session, opened, "在吗", clock)
                web.app.ctx.handoff.request_handoff(
                    session, opened.conversation, "complaint", now=clock()
                )
        statements: list[str] = []

        def count(*details: Any, seen: list[str] = statements) -> None:
            seen.append(details[2])

        event.listen(database.engine, "before_cursor_execute", count)
        rows = alice.get("/api/desk/conversations?status=queued").json()["conversations"]
        event.remove(database.engine, "before_cursor_execute", count)
        counts.append((len(rows), len(statements)))
    (few, queries), (many, more_queries) = counts
    assert (few, many) == (1, 13)
    assert queries == more_queries > 0


def test_whole_conversation_helps_the_one_who_takes_it(
    alice: httpx.Client, waiting: Opened, database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        turn = Turn(
            conversation_id=waiting.conversation.id,
            epoch=0,
            first_seq=1,
            last_seq=1,
            status=TurnStatus.SUPPRESSED,
            intent="ask_metrology",
            category="metrology",
            confidence=0.83,
            entities=[{"type": "instrument", "value": "压力表", "text": "压力表"}],
            slots={"case_need": "检定压力表"},
            started_at=clock(),
        )
        session.add(turn)
        session.flush()
        draft = SuppressedDraft(
            conversation_id=waiting.conversation.id,
            turn_id=turn.id,
            text="一般半年一次。",
            created_at=clock(),
        )
        session.add(draft)
    detail = alice.get(path(waiting)).json()
    assert detail["handoff_note"]["reason"] == "customer_asked"
    assert detail["handoff_note"]["intent"] == "ask_metrology"
    assert detail["handoff_note"]["slots"] == {"case_need": "检定压力表"}
    assert detail["handoff_note"]["entities"][0]["value"] == "压力表"
    assert [each["text"] for each in detail["suppressed_drafts"]] == ["一般半年一次。"]
    (suggestion,) = detail["suggestions"]
    assert suggestion == {
        "id": ENTRY.id,
        "title": ENTRY.title,
        "answer": ENTRY.answer,
        "basis": list(ENTRY.basis),
    }
    assert detail["customer"]["earlier"] == []
    assert [each["transition"] for each in detail["events"]] == ["request_handoff"]


def test_earlier_conversations_of_the_customer_are_listed(
    alice: httpx.Client, waiting: Opened, database: Database, clock: FakeClock
) -> None:
    alice.post(path(waiting, "accept"))
    alice.post(path(waiting, "resolve"), json={"outcome": "已解答"})
    clock.advance(hours=1)
    with database.writing() as session:
        later = factories.writes(session, waiting, "证书丢了怎么办", clock).conversation.id
    detail = alice.get(f"/api/desk/conversations/{later}").json()
    (earlier,) = detail["customer"]["earlier"]
    assert earlier["id"] == waiting.conversation.id
    assert earlier["first_words"] == "压力表多久检定一次"
    assert alice.get(path(waiting)).json()["conversation"]["status"] == "resolved"


def test_score_that_the_customer_gave_is_shown(
    alice: httpx.Client, waiting: Opened, database: Database, clock: FakeClock
) -> None:
    alice.post(path(waiting, "accept"))
    alice.post(path(waiting, "resolve"), json={"outcome": "已解答"})
    assert alice.get(path(waiting)).json()["feedback"] is None
    with database.writing() as session:
        rate_conversation(session, waiting.conversation.id, 4, now=clock(), comment="很快")
    assert alice.get(path(waiting)).json()["feedback"] == {
        "score": 4,
        "tags": [],
        "comment": "很快",
        "happened_at": clock().isoformat(),
    }


def test_judged_answer_is_an_event_with_what_was_missing(
    alice: httpx.Client, waiting: Opened, database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        conversation = session.get_one(Conversation, waiting.conversation.id)
        said = append(session, conversation, Author.BOT, "每半年一次。", now=clock())
        clock.advance(seconds=20)
        rate_message(
            session, conversation.id, said.id, False, now=clock(), comment="没说精密压力表"
        )
    events = alice.get(path(waiting)).json()["events"]
    assert events[-1] == {
        "transition": "thumb",
        "which": said.id,
        "helpful": False,
        "comment": "没说精密压力表",
        "happened_at": clock().isoformat(),
    }


def test_knowledge_base_answers_words_of_ones_own(alice: httpx.Client) -> None:
    found = alice.get("/api/desk/suggestions", params={"text": "压力表"}).json()["suggestions"]
    assert [each["id"] for each in found] == [ENTRY.id]


def test_feed_brings_own_and_queued_messages_and_no_others(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, database: Database, clock: FakeClock
) -> None:
    bob.post(path(waiting, "accept"))
    cursor = alice.get("/api/desk/me").json()["cursor"]
    with database.writing() as session:
        factories.writes(session, waiting, "在吗", clock)
    query: dict[str, Any] = {"after": cursor}
    assert alice.get("/api/desk/changes", params=query).json()["changes"] == []
    theirs = bob.get("/api/desk/changes", params=query).json()
    assert [each["message"]["text"] for each in theirs["changes"]] == ["在吗"]
    assert theirs["cursor"] > cursor
    # Alice looks over Bob's shoulder.
    query["watch"] = waiting.conversation.id
    watched = alice.get("/api/desk/changes", params=query).json()
    assert [each["message"]["text"] for each in watched["changes"]] == ["在吗"]


def test_waiting_feed_wakes_when_somebody_writes(
    alice: httpx.Client, waiting: Opened, database: Database, clock: FakeClock
) -> None:
    cursor = alice.get("/api/desk/me").json()["cursor"]
    query = {"after": cursor, "wait": 20}
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(alice.get, "/api/desk/changes", params=query)
        with database.writing() as session:
            factories.writes(session, waiting, "在吗", clock)
        changes = asked.result(10).json()["changes"]
    assert [each["message"]["text"] for each in changes] == ["在吗"]


def test_answers_are_private_data(alice: httpx.Client) -> None:
    headers = alice.get("/api/desk/me").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_message_texts_stay_out_of_the_ledger_when_refused(
    alice: httpx.Client, waiting: Opened, database: Database
) -> None:
    refusal(alice.post(path(waiting, "messages"), json=said("不该在这里")), 409, "not_yours")
    with database.reading() as session:
        texts = session.scalars(select(Message.text)).all()
    assert "不该在这里" not in texts


def test_unknown_conversation_is_not_found(alice: httpx.Client) -> None:
    for unknown in (UNKNOWN, "x", "%00", "..%2f..", "é", "a" * 500):
        address = f"/api/desk/conversations/{unknown}"
        assert alice.get(address).status_code == 404
        for verb in ("accept", "return_to_bot", "requeue", "resolve"):
            assert alice.post(f"{address}/{verb}").status_code == 404
        assert alice.post(f"{address}/messages", json=said("您好")).status_code == 404


def test_malformed_query_is_refused(alice: httpx.Client) -> None:
    for query in MALFORMED_QUERIES:
        refusal(alice.get(f"/api/desk/{query}"), 422, "bad_input")
