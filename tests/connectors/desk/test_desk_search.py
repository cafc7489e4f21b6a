"""Search over conversations: by words, by who asked, by who served, and only what one may see."""

from __future__ import annotations

from typing import Any

import httpx

from bot.cases.service import open_case
from bot.conversations.ledger import Opened
from bot.conversations.models import Conversation
from bot.database import Database
from tests import factories
from tests.connectors.desk.calls import path, refusal, said
from tests.connectors.desk.counting import statements
from tests.connectors.serving import Served
from tests.fakes import FakeClock

MALFORMED = [
    "", "text=", "text=%20", "text=" + "x" * 101, "text=a&status=mine", "text=a&since=x",
    "text=a&until=2026-13-01", "text=a&since=20261124x", "text=a%20b%20c%20d%20e%20f",
    "text=a&since=0001-01-01", "text=a&category=%00",
]  # fmt: skip


def found(client: httpx.Client, **query: Any) -> list[dict[str, Any]]:
    """What a search finds."""
    answer = client.get("/api/desk/search", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["conversations"])


def test_words_of_messages_are_found_with_their_place(
    alice: httpx.Client, waiting: Opened, database: Database, clock: FakeClock
) -> None:
    alice.post(path(waiting, "accept"))
    alice.post(path(waiting, "messages"), json=said("型号 DN50 的可以\n现场校准"))
    (hit,) = found(alice, text="dn50")
    assert hit["id"] == waiting.conversation.id
    (match,) = hit["matches"]
    assert match["text"] == "型号 DN50 的可以 现场校准"
    assert match["author"] == "staff"
    assert len(found(alice, text="压力表 校准")) == 1
    assert found(alice, text="压力表 水表") == []


def test_signs_of_patterns_are_only_signs(
    alice: httpx.Client, waiting: Opened, database: Database, clock: FakeClock
) -> None:
    for text in ("%", "_", "\\", "'; DROP TABLE messages; --"):
        assert found(alice, text=text) == []
    with database.writing() as session:
        factories.writes(session, waiting, "误差 5% 可以吗_\\", clock)
    for text in ("5%", "吗_", "\\"):
        assert len(found(alice, text=text)) == 1


def test_customer_is_found_by_company_phone_and_case(
    alice: httpx.Client, waiting: Opened, database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        case = open_case(
            session,
            "校准卡尺",
            now=clock(),
            contact="陈工",
            phone="13812341234",
            company="云州恒泰泵业有限公司",
            conversation_id=waiting.conversation.id,
        )
    for text in ("恒泰", "陈工", "1234123", case.number, case.number.lower(), "恒泰 压力表"):
        (hit,) = found(alice, text=text)
        assert hit["customer"]["name"] == "陈工"
    customer = waiting.conversation.customer_id
    assert len(found(alice, text=f"访客{customer}")) == 1
    assert found(alice, text="别家公司") == []


def test_staff_status_and_days_narrow_the_search(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, clock: FakeClock
) -> None:
    assert found(alice, text="压力表", staff="alice") == []
    alice.post(path(waiting, "accept"))
    alice.post(path(waiting, "resolve"), json={"outcome": "已解答"})
    assert len(found(bob, staff="alice")) == 1
    assert found(bob, staff="bob") == []
    assert len(found(bob, text="压力表", status="resolved")) == 1
    assert found(bob, text="压力表", status="queued") == []
    assert len(found(bob, text="压力表", since="2026-11-24", until="2026-11-24")) == 1
    assert found(bob, text="压力表", since="2026-11-25") == []
    assert found(bob, text="压力表", until="2026-11-23") == []
    answer = bob.get("/api/desk/search", params={"staff": "nobody"})
    refusal(answer, 404, "staff_not_found")


def test_what_a_colleague_is_working_on_is_not_found_until_one_is_called(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, database: Database
) -> None:
    with database.writing() as session:
        session.get_one(Conversation, waiting.conversation.id).category = "metrology"
    alice.post(path(waiting, "accept"))
    assert len(found(alice, text="压力表")) == 1
    assert found(bob, text="压力表") == []
    alice.post(path(waiting, "messages"), json=said("@鲍勃 看下", private=True))
    assert len(found(bob, text="压力表")) == 1


def test_number_of_queries_does_not_grow_with_the_hits(
    alice: httpx.Client, web: Served, database: Database, clock: FakeClock
) -> None:
    counts = []
    for more in (1, 12):
        with database.writing() as session:
            for _ in range(more):
                opened = factories.xiaolin(session, clock)
                factories.writes(session, opened, "压力表多久检定", clock)
                web.app.ctx.handoff.request_handoff(
                    session, opened.conversation, "customer_asked", now=clock()
                )
        with statements(database) as seen:
            hits = found(alice, text="压力表")
        counts.append((len(hits), len(seen)))
    assert [count[0] for count in counts] == [1, 13]
    assert counts[0][1] == counts[1][1] > 0


def test_malformed_search_is_refused(alice: httpx.Client, mallory: httpx.Client) -> None:
    for query in MALFORMED:
        refusal(alice.get(f"/api/desk/search?{query}"), 422, "bad_input")
    refusal(mallory.get("/api/desk/search?text=a"), 401, "unauthorized")


def test_similar_answers_are_offered_for_the_open_question(
    alice: httpx.Client, waiting: Opened, database: Database, clock: FakeClock
) -> None:
    alice.post(path(waiting, "accept"))
    alice.post(path(waiting, "messages"), json=said("一般半年检定一次，请打 13812341234 预约。"))
    alice.post(path(waiting, "resolve"), json={"outcome": "已解答"})
    clock.advance(minutes=2)
    with database.writing() as session:
        later = factories.writes(session, waiting, "压力表多久检定一次呢", clock).conversation
    answer = alice.get(f"/api/desk/conversations/{later.id}/similar").json()
    assert answer["question"] == "压力表多久检定一次呢"
    assert [each["answer"] for each in answer["similar"]] == [
        "一般半年检定一次，请打 ［电话］ 预约。"
    ]
