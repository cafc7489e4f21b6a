"""Cases at the desk: staff see the customer's and move them on."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from actions.cards import label
from bot.cases.models import Case, CaseStatus
from bot.cases.service import case_by_number, open_case
from bot.conversations.ledger import Opened
from bot.conversations.models import Conversation, ConversationStatus
from bot.database import Database
from tests import factories
from tests.connectors.desk.calls import path, refusal, seen_by
from tests.fakes import FakeClock

MALFORMED = [
    b"{",
    b"[]",
    b"{}",
    b'{"status": ""}',
    b'{"status": 5}',
    b'{"status": "finished"}',
    b'{"status": "submitted\\u0000"}',
    b'{"status": "accepted", "note": 7}',
    b'{"status": "accepted", "note": "' + b"x" * 201 + b'"}',
]


@pytest.fixture
def number(database: Database, waiting: Opened, clock: FakeClock) -> str:
    with database.writing() as session:
        conversation = waiting.conversation.id
        return open_case(
            session,
            "校准游标卡尺",
            now=clock(),
            contact="陈工",
            phone="13900001234",
            conversation_id=conversation,
        ).number


def move(client: httpx.Client, number: str, status: str, **more: str) -> httpx.Response:
    return client.post(f"/api/desk/cases/{number}/advance", json={"status": status, **more})


def test_conversation_shows_the_customers_cases_and_what_may_follow(
    alice: httpx.Client, waiting: Opened, number: str
) -> None:
    (case,) = alice.get(path(waiting)).json()["cases"]
    assert (case["number"], case["status"]) == (number, "submitted")
    assert (case["contact"], case["phone"]) == ("陈工", "13900001234")
    assert case["next"] == ["accepted", "cancelled"]
    assert [step["status"] for step in case["steps"]] == ["submitted"]


def test_moving_on_tells_the_customer_and_the_bot_knows(
    alice: httpx.Client, waiting: Opened, number: str, database: Database
) -> None:
    answer = move(alice, number, "accepted", note="王工跟进")
    assert answer.status_code == 200
    assert answer.json()["case"]["status"] == "accepted"
    assert move(alice, number, "accepted").status_code == 200
    (told,) = [text for text in seen_by(database, waiting) if number in text]
    assert "已受理" in told
    assert "王工跟进" in told
    with database.reading() as session:
        case = case_by_number(session, number, waiting.conversation.id)
        assert label("case_statuses", case.status) == "已受理"
        assert [step.staff_id is not None for step in case.steps] == [False, True]


def test_what_does_not_follow_is_refused_and_says_what_does(
    alice: httpx.Client, waiting: Opened, number: str, database: Database
) -> None:
    before = seen_by(database, waiting)
    error = refusal(move(alice, number, "done"), 409, "wrong_status")
    assert error["current"] == "submitted"
    assert error["allowed"] == ["accepted", "cancelled"]
    for body in MALFORMED:
        answer = alice.post(f"/api/desk/cases/{number}/advance", content=body)
        refusal(answer, 422, "bad_input")
    for unknown in ("YZ-20200101-0001", "x", "a" * 300):
        refusal(move(alice, unknown, "accepted"), 404, "case_not_found")
    assert seen_by(database, waiting) == before
    with database.reading() as session:
        case = session.query(Case).one()
        assert case.status == CaseStatus.SUBMITTED
        assert len(case.steps) == 1


def test_only_staff_with_the_token_move_cases_on(
    alice: httpx.Client, coordinator: httpx.Client, mallory: httpx.Client, number: str
) -> None:
    refusal(move(mallory, number, "accepted"), 401, "unauthorized")
    refusal(move(coordinator, number, "accepted"), 403, "forbidden")
    token = alice.headers.pop("X-CSRF-Token")
    refusal(move(alice, number, "accepted"), 403, "csrf_missing")
    alice.headers["X-CSRF-Token"] = token
    assert move(alice, number, "accepted").status_code == 200


def test_case_is_moved_on_by_those_whose_business_it_is(
    alice: httpx.Client,
    bob: httpx.Client,
    supervisor: httpx.Client,
    database: Database,
    clock: FakeClock,
) -> None:
    with database.writing() as session:
        conversation = factories.xiaolin(session, clock).conversation
        conversation.category = "metrology"
        talked = {"category": "metrology", "conversation_id": conversation.id}
        numbers = [
            open_case(session, "校准", now=clock(), phone="13900001234", **more).number
            for more in (talked, {"category": "metrology"})
        ]
        nobodys = open_case(session, "不知道归谁", now=clock()).number
    for number in numbers:
        answer = move(bob, number, "accepted")
        refusal(answer, 403, "forbidden")
        assert "13900001234" not in answer.text
        assert move(alice, number, "accepted").json()["case"]["phone"] == "13900001234"
        assert move(supervisor, number, "in_progress").status_code == 200
    assert move(bob, nobodys, "accepted").status_code == 200


def test_cases_of_other_customers_are_not_shown(
    alice: httpx.Client, waiting: Opened, database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        foreign = factories.xiaolin(session, clock).conversation.id
        open_case(session, "别人的", now=clock(), conversation_id=foreign)
    assert alice.get(path(waiting)).json()["cases"] == []


MALFORMED_QUERIES = [
    {"scope": "theirs"},
    {"status": "mine"},
    {"status": "\x00"},
    {"kind": "letter"},
    {"overdue": "yes"},
    {"order": "oldest"},
    {"text": "压" * 101},
    {"text": "一 二 三 四 五 六"},
    {"after": "x"},
    {"after": "0~2026-11-24T00:00:00+00:00~1" + "0" * 80},
]


def test_list_shows_what_is_owed_and_a_case_opens_in_whole(
    alice: httpx.Client, waiting: Opened, number: str, clock: FakeClock
) -> None:
    answer = alice.get("/api/desk/cases", params={"status": "open", "kind": "service"}).json()
    (row,) = answer["cases"]
    assert (row["number"], row["status"], row["need"]) == (number, "submitted", "校准游标卡尺")
    assert row["conversation_id"] == waiting.conversation.id
    assert "13900001234" not in str(answer), "the number is for who opens the case"
    assert answer["more"] is None
    assert answer["now"] == clock().isoformat()
    case = alice.get(f"/api/desk/cases/{number}").json()["case"]
    assert case["phone"] == "13900001234"
    assert case["conversation_id"] == waiting.conversation.id
    assert case["next"] == ["accepted", "cancelled"]


def test_what_calls_for_somebody_is_counted(
    alice: httpx.Client, number: str, database: Database, clock: FakeClock
) -> None:
    def calling() -> dict[str, int]:
        return dict(alice.get("/api/desk/cases/calling").json())

    assert calling() == {"waiting": 1, "overdue": 0, "calling": 1}
    with database.writing() as session:
        session.scalars(select(Case)).one().due_at = clock() - timedelta(minutes=1)
    assert calling() == {"waiting": 1, "overdue": 1, "calling": 1}
    assert [row["number"] for row in _listed(alice, overdue="true")] == [number]
    move(alice, number, "accepted")
    assert calling() == {"waiting": 0, "overdue": 0, "calling": 0}
    assert _listed(alice, overdue="true") == []


def _listed(client: httpx.Client, **asked: str) -> list[dict[str, object]]:
    return list(client.get("/api/desk/cases", params=asked).json()["cases"])


def test_cases_of_another_group_are_neither_listed_nor_opened(
    bob: httpx.Client, waiting: Opened, number: str, database: Database
) -> None:
    with database.writing() as session:
        conversation = session.get_one(Conversation, waiting.conversation.id)
        conversation.category, conversation.status = "metrology", ConversationStatus.BOT
        factories.alice(session)
    assert _listed(bob) == []
    refusal(bob.get(f"/api/desk/cases/{number}"), 403, "forbidden")
    refusal(bob.get("/api/desk/cases/YZ-20260101-0001"), 404, "case_not_found")


@pytest.mark.parametrize("query", MALFORMED_QUERIES, ids=str)
def test_list_refuses_what_it_does_not_understand(
    alice: httpx.Client, query: dict[str, str]
) -> None:
    refusal(alice.get("/api/desk/cases", params=query), 422, "bad_input")
