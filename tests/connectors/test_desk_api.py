"""The desk API as clients meet it: who may do what, what happens, what is refused in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from bot.conversations.changes import changes_for_customer
from bot.conversations.ledger import Opened
from bot.conversations.models import Conversation, Message, SuppressedDraft, Turn, TurnStatus
from bot.database import Database
from bot.feedback.service import rate_conversation
from bot.settings import Settings
from bot.staff.models import SignIn
from bot.staff.service import MOST_FAILURES, SIGN_IN_HOURS, add_staff, sign_in
from connectors.app import create_app
from tests import factories
from tests.connectors.serving import Served, served
from tests.fakes import ENTRY, FakeBrain, FakeClock, FakeFaq

CHINESE = re.compile(r"[\u4e00-\u9fff]")
UNKNOWN = "0" * 32
HTML = "<img src=x onerror=alert(1)> '; DROP TABLE messages; --"

# Each application takes a while to start, so what is refused alike is tried in one test.
MALFORMED_LOGINS = [
    b"{",
    b"[]",
    b"{}",
    b'{"username": 1, "password": "x"}',
    b'{"username": "alice", "password": null}',
    b'{"username": "", "password": ""}',
    b'{"username": "' + b"a" * 65 + b'", "password": "x"}',
    b'{"username": "alice", "password": "' + b"a" * 30_000 + b'"}',
    b'{"username": "\\ud800", "password": "\\ud800"}',
]
MALFORMED_MESSAGES = [
    (b"{", 422, "bad_input"),
    (b"null", 422, "bad_input"),
    (b"[1]", 422, "bad_input"),
    (b"\xff\xfe", 422, "bad_input"),
    (b"[" * 100_000, 422, "bad_input"),
    (b"{}", 422, "bad_input"),
    (b'{"client_id": "a"}', 422, "bad_input"),
    (b'{"client_id": "a", "text": ""}', 422, "bad_input"),
    (b'{"client_id": "a", "text": " \\n "}', 422, "bad_input"),
    (b'{"client_id": "a", "text": "\\u0000\\u0007"}', 422, "bad_input"),
    (b'{"client_id": "a", "text": 5}', 422, "bad_input"),
    (b'{"client_id": "a", "text": ["x"]}', 422, "bad_input"),
    (b'{"client_id": 7, "text": "x"}', 422, "bad_input"),
    (b'{"client_id": "", "text": "x"}', 422, "bad_input"),
    (b'{"client_id": "a", "text": "x", "private": "yes"}', 422, "bad_input"),
    (b'{"client_id": "a", "text": "' + b"x" * 30_000 + b'"}', 413, "too_large"),
    (b'{"client_id": "a", "text": "' + b"x" * 300_000 + b'"}', 413, "too_large"),
]
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


@pytest.fixture
def web(database: Database, brain: FakeBrain, clock: FakeClock) -> Iterator[Served]:
    app = create_app(Settings(), database, brain, FakeFaq(), clock, name=f"desk-{uuid4().hex}")
    with served(app) as running:
        yield running


@pytest.fixture
def alice(web: Served, database: Database, clock: FakeClock) -> Iterator[httpx.Client]:
    with database.writing() as session:
        factories.alice(session)
    yield from _signed_in(web, database, clock, "alice")


@pytest.fixture
def bob(web: Served, database: Database, clock: FakeClock) -> Iterator[httpx.Client]:
    with database.writing() as session:
        factories.bob(session)
    yield from _signed_in(web, database, clock, "bob")


@pytest.fixture
def coordinator(web: Served, database: Database, clock: FakeClock) -> Iterator[httpx.Client]:
    with database.writing() as session:
        add_staff(
            session,
            "coordinator",
            factories.PASSWORD,
            name="周科长",
            number="02",
            role="coordinator",
            skills=[],
        )
    yield from _signed_in(web, database, clock, "coordinator")


@pytest.fixture
def mallory(web: Served) -> Iterator[httpx.Client]:
    with web.client() as client:
        yield client


@pytest.fixture
def waiting(web: Served, database: Database, clock: FakeClock) -> Opened:
    """小林, who asked for a person."""
    with database.writing() as session:
        opened = factories.xiaolin(session, clock)
        factories.writes(session, opened, "压力表多久检定一次", clock)
        web.app.ctx.handoff.request_handoff(
            session, opened.conversation, "customer_asked", now=clock()
        )
    return opened


def _signed_in(
    web: Served, database: Database, clock: FakeClock, username: str
) -> Iterator[httpx.Client]:
    with database.writing() as session:
        done = sign_in(session, username, "127.0.0.1", now=clock())
    with web.client() as client:
        client.cookies.set("desk_session", done.token)
        client.headers["X-CSRF-Token"] = done.csrf_token
        yield client


def path(opened: Opened, verb: str = "") -> str:
    """An address below a conversation."""
    return f"/api/desk/conversations/{opened.conversation.id}{verb and '/' + verb}"


def said(text: str, **more: Any) -> dict[str, Any]:
    """A message's body."""
    return {"client_id": str(uuid4()), "text": text, **more}


def refusal(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The error of a response, checked for its shape."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["code"] == code
    assert CHINESE.search(error["message"])
    return dict(error)


def seen_by(database: Database, opened: Opened) -> list[str]:
    """Every text the customer can see."""
    with database.reading() as session:
        page = changes_for_customer(session, opened.conversation.customer_id, 0)
    return [each["message"]["text"] for each in page.changes if each["type"] == "message"]


# Signing in and out


def test_staff_sign_in_and_are_known_after_a_reload(web: Served, database: Database) -> None:
    with database.writing() as session:
        factories.alice(session)
    with web.client() as client:
        body = {"username": "alice", "password": factories.PASSWORD}
        answer = client.post("/api/desk/login", json=body)
        assert answer.status_code == 200
        assert answer.json()["staff"]["name"] == "爱丽丝"
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        me = client.get("/api/desk/me").json()
        assert me["csrf_token"] == answer.json()["csrf_token"]
        assert me["staff"]["username"] == "alice"
        assert me["cursor"] == 0


def test_wrong_name_and_wrong_password_are_refused_alike(web: Served, database: Database) -> None:
    with database.writing() as session:
        factories.alice(session)
    for username, password in (
        ("alice", "wrong"),
        ("mallory", factories.PASSWORD),
        ("' OR 1", "x"),
    ):
        with web.client() as client:
            body = {"username": username, "password": password}
            error = refusal(client.post("/api/desk/login", json=body), 401, "login_refused")
            assert error["message"] == "用户名或密码不正确。"
            assert "desk_session" not in client.cookies


def test_guessing_ends_with_a_sentence(web: Served, database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        factories.alice(session)
    with web.client() as client:
        for _ in range(MOST_FAILURES):
            body = {"username": "alice", "password": "guess"}
            refusal(client.post("/api/desk/login", json=body), 401, "login_refused")
        right = {"username": "alice", "password": factories.PASSWORD}
        error = refusal(client.post("/api/desk/login", json=right), 429, "too_many_requests")
        assert "15 分钟" in error["message"]
        clock.advance(minutes=16)
        assert client.post("/api/desk/login", json=right).status_code == 200


def test_malformed_login_is_refused_in_words(mallory: httpx.Client) -> None:
    for body in MALFORMED_LOGINS:
        answer = mallory.post("/api/desk/login", content=body)
        assert answer.status_code in (401, 422), body[:80]
        assert CHINESE.search(answer.json()["error"]["message"])


def test_every_endpoint_refuses_mallory(mallory: httpx.Client, waiting: Opened) -> None:
    for address in ("me", "changes", "conversations", "suggestions?text=x", "live"):
        refusal(mallory.get(f"/api/desk/{address}"), 401, "unauthorized")
    refusal(mallory.get(path(waiting)), 401, "unauthorized")
    refusal(mallory.post("/api/desk/logout"), 401, "unauthorized")
    for verb in ("accept", "return_to_bot", "requeue", "resolve"):
        refusal(mallory.post(path(waiting, verb)), 401, "unauthorized")
    refusal(mallory.post(path(waiting, "messages"), json=said("我是坐席")), 401, "unauthorized")
    mallory.cookies.set("desk_session", "invented")
    refusal(mallory.get("/api/desk/me"), 401, "unauthorized")
    mallory.cookies.set("desk_session", "x" * 5000)
    assert mallory.get("/api/desk/me").status_code in (400, 401, 431)


def test_acts_need_the_token_that_only_our_page_knows(
    alice: httpx.Client, waiting: Opened, database: Database
) -> None:
    for token in ("", "wrong", "wröng"):
        alice.headers["X-CSRF-Token"] = token
        for verb in ("accept", "return_to_bot", "requeue", "resolve"):
            refusal(alice.post(path(waiting, verb)), 403, "csrf_missing")
        refusal(alice.post(path(waiting, "messages"), json=said("好")), 403, "csrf_missing")
        refusal(alice.post("/api/desk/logout"), 403, "csrf_missing")
    with database.reading() as session:
        assert session.get_one(Conversation, waiting.conversation.id).status == "queued"


def test_expired_sign_in_is_told_to_sign_in_again(alice: httpx.Client, clock: FakeClock) -> None:
    assert alice.get("/api/desk/me").status_code == 200
    clock.advance(hours=SIGN_IN_HOURS)
    assert "登录" in refusal(alice.get("/api/desk/me"), 401, "unauthorized")["message"]
    refusal(alice.get("/api/desk/changes"), 401, "unauthorized")


def test_signing_out_ends_the_sign_in(alice: httpx.Client, database: Database) -> None:
    assert alice.post("/api/desk/logout").status_code == 200
    refusal(alice.get("/api/desk/me"), 401, "unauthorized")
    with database.reading() as session:
        assert session.scalars(select(SignIn)).all() == []


def test_coordinator_signs_in_but_reads_no_conversation(
    coordinator: httpx.Client, waiting: Opened
) -> None:
    assert coordinator.get("/api/desk/me").json()["staff"]["role"] == "coordinator"
    for address in ("changes", "conversations", "suggestions?text=x", "live"):
        refusal(coordinator.get(f"/api/desk/{address}"), 403, "forbidden")
    refusal(coordinator.get(path(waiting)), 403, "forbidden")
    refusal(coordinator.post(path(waiting, "accept")), 403, "forbidden")
    refusal(coordinator.post(path(waiting, "messages"), json=said("好")), 403, "forbidden")
    assert coordinator.post("/api/desk/logout").status_code == 200


def test_socket_is_refused_to_a_foreign_page(alice: httpx.Client) -> None:
    answer = alice.get("/api/desk/live", headers={"Origin": "https://elsewhere.example"})
    refusal(answer, 403, "forbidden")


# The queue


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


def _row(client: httpx.Client) -> dict[str, Any]:
    (row,) = client.get("/api/desk/conversations", params={"status": "staff"}).json()[
        "conversations"
    ]
    return dict(row)


def test_first_of_two_who_accept_wins_and_the_other_is_told_who(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, database: Database
) -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda who: who.post(path(waiting, "accept")), (alice, bob)))
    assert sorted(each.status_code for each in answers) == [200, 409]
    loser = next(each for each in answers if each.status_code == 409)
    winner = next(each for each in answers if each.status_code == 200)
    error = refusal(loser, 409, "already_taken")
    assert error["holder"]["name"] == winner.json()["conversation"]["holder"]["name"]
    assert error["holder"]["name"] in error["message"]
    with database.reading() as session:
        held = session.get_one(Conversation, waiting.conversation.id)
        assert held.staff is not None
        assert held.staff.name == error["holder"]["name"]


def test_accepting_again_after_a_lost_answer_does_no_harm(
    alice: httpx.Client, waiting: Opened, database: Database
) -> None:
    for _ in range(2):
        assert alice.post(path(waiting, "accept")).status_code == 200
    assert seen_by(database, waiting).count("爱丽丝（11 号）为您服务") == 1


# Speaking


def test_reply_reaches_the_customer_and_a_note_never_does(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, database: Database
) -> None:
    alice.post(path(waiting, "accept"))
    reply = alice.post(path(waiting, "messages"), json=said("您好，一般半年一次。"))
    note = alice.post(path(waiting, "messages"), json=said("客户很急", private=True))
    theirs = bob.post(path(waiting, "messages"), json=said("我认识这家", private=True))
    assert [each.status_code for each in (reply, note, theirs)] == [201, 201, 201]
    assert reply.json()["message"]["staff"] == {"name": "爱丽丝", "number": "11"}
    assert "private" not in reply.json()["message"]
    assert note.json()["message"]["private"] is True
    told = seen_by(database, waiting)
    assert "您好，一般半年一次。" in told
    assert "客户很急" not in told
    assert "我认识这家" not in told
    texts = [each["text"] for each in alice.get(path(waiting)).json()["messages"]]
    assert {"客户很急", "我认识这家"} <= set(texts)


def test_same_client_id_is_said_once(
    alice: httpx.Client, waiting: Opened, database: Database
) -> None:
    alice.post(path(waiting, "accept"))
    body = said("您好")
    first, second = (alice.post(path(waiting, "messages"), json=body) for _ in range(2))
    assert first.json() == second.json()
    assert seen_by(database, waiting).count("您好") == 1


def test_only_the_holder_may_reply(alice: httpx.Client, bob: httpx.Client, waiting: Opened) -> None:
    refusal(alice.post(path(waiting, "messages"), json=said("您好")), 409, "not_yours")
    alice.post(path(waiting, "accept"))
    refusal(bob.post(path(waiting, "messages"), json=said("您好")), 409, "not_yours")


def test_malformed_message_is_refused_and_nothing_is_stored(
    alice: httpx.Client, waiting: Opened, database: Database
) -> None:
    alice.post(path(waiting, "accept"))
    before = seen_by(database, waiting)
    for body, status, code in MALFORMED_MESSAGES:
        refusal(alice.post(path(waiting, "messages"), content=body), status, code)
    assert seen_by(database, waiting) == before


def test_html_sql_and_slashes_are_kept_as_they_were_typed(
    alice: httpx.Client, waiting: Opened, database: Database
) -> None:
    alice.post(path(waiting, "accept"))
    for text in (HTML, "/restart", "😀" * 3):
        answer = alice.post(path(waiting, "messages"), json=said(text))
        assert answer.json()["message"]["text"] == text
    assert HTML in seen_by(database, waiting)


# Handing back and ending


def test_handing_back_lets_the_bot_speak_again(
    alice: httpx.Client, waiting: Opened, database: Database
) -> None:
    refusal(alice.post(path(waiting, "return_to_bot")), 409, "not_yours")
    alice.post(path(waiting, "accept"))
    answer = alice.post(path(waiting, "return_to_bot"))
    assert answer.json()["conversation"]["status"] == "bot"
    assert "智能助手" in seen_by(database, waiting)[-1]
    refusal(alice.post(path(waiting, "messages"), json=said("您好")), 409, "not_yours")


def test_requeued_conversation_keeps_its_age(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, clock: FakeClock
) -> None:
    alice.post(path(waiting, "accept"))
    clock.advance(minutes=3)
    refusal(bob.post(path(waiting, "requeue")), 409, "not_yours")
    assert alice.post(path(waiting, "requeue")).json()["conversation"]["status"] == "queued"
    (row,) = bob.get("/api/desk/conversations?status=queued").json()["conversations"]
    assert row["waiting_seconds"] == 180
    assert bob.post(path(waiting, "accept")).status_code == 200


def test_resolving_twice_ends_it_once(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, database: Database
) -> None:
    alice.post(path(waiting, "accept"))
    refusal(bob.post(path(waiting, "resolve"), json={"outcome": "x"}), 409, "not_yours")
    for _ in range(2):
        answer = alice.post(path(waiting, "resolve"), json={"outcome": "已解答：半年一次"})
        assert answer.json()["conversation"]["status"] == "resolved"
    told = seen_by(database, waiting)
    assert sum("评分" in text for text in told) == 1
    assert not any("半年一次" in text for text in told)
    events = alice.get(path(waiting)).json()["events"]
    assert [each["reason"] for each in events if each["transition"] == "resolve"] == [
        "已解答：半年一次"
    ]
    refusal(alice.post(path(waiting, "messages"), json=said("还有")), 409, "wrong_status")
    note = alice.post(path(waiting, "messages"), json=said("已回访", private=True))
    assert note.status_code == 201


def test_malformed_outcome_is_refused(alice: httpx.Client, waiting: Opened) -> None:
    alice.post(path(waiting, "accept"))
    for body in (b'{"outcome": 5}', b'{"outcome": "' + b"x" * 201 + b'"}', b"{", b"[]"):
        refusal(alice.post(path(waiting, "resolve"), content=body), 422, "bad_input")
    assert alice.get(path(waiting)).json()["conversation"]["status"] == "staff"


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


# One conversation in whole


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


def test_knowledge_base_answers_words_of_ones_own(alice: httpx.Client) -> None:
    found = alice.get("/api/desk/suggestions", params={"text": "压力表"}).json()["suggestions"]
    assert [each["id"] for each in found] == [ENTRY.id]


# The feed


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
