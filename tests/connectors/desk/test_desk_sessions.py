"""Signing in and out of the desk: who is let in, who is not, and in which words."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from bot.conversations.ledger import Opened
from bot.conversations.models import Conversation
from bot.database import Database
from bot.settings import Settings
from bot.staff.models import SignIn
from bot.staff.service import MOST_FAILURES, SIGN_IN_HOURS
from connectors.app import create_app
from tests import factories
from tests.connectors.desk.calls import CHINESE, path, refusal, said
from tests.connectors.serving import Served, served
from tests.fakes import FakeBrain, FakeClock, FakeFaq

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


def test_guesses_side_by_side_are_counted_too(web: Served, database: Database) -> None:
    with database.writing() as session:
        factories.alice(session)
    with web.client() as client, ThreadPoolExecutor(15) as pool:
        body = {"username": "alice", "password": "guess"}
        guesses = [pool.submit(client.post, "/api/desk/login", json=body) for _ in range(30)]
        answers = [each.result().status_code for each in guesses]
    # Two are checked at a time, so one may slip in beside the last that counts.
    assert answers.count(401) <= MOST_FAILURES + 1
    assert set(answers) == {401, 429}


@pytest.mark.parametrize("proxies", [0, 1])
def test_callers_behind_a_proxy_are_told_apart_only_by_a_proxy_of_ours(
    database: Database,
    clock: FakeClock,
    brain: FakeBrain,
    proxies: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.staff.service.MOST_FAILURES_OF_AN_ADDRESS", 3)
    with database.writing() as session:
        factories.alice(session)
    settings = Settings(trusted_proxies=proxies)
    app = create_app(settings, database, brain, FakeFaq(), clock, name=f"proxied-{uuid4().hex}")
    with served(app) as web, web.client() as client:
        # The first address is what the caller claims, the last what our proxy saw.
        of = [{"X-Forwarded-For": f"198.51.100.1, 203.0.113.{number}"} for number in range(2)]
        for number in range(3):
            guess = {"username": f"nobody{number}", "password": "guess"}
            client.post("/api/desk/login", json=guess, headers=of[0])
        right = {"username": "alice", "password": factories.PASSWORD}
        refusal(client.post("/api/desk/login", json=right, headers=of[0]), 429, "too_many_requests")
        answer = client.post("/api/desk/login", json=right, headers=of[1])
        assert answer.status_code == (200 if proxies else 429)


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
