"""Several people at one desk, and customers who come and go."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import httpx
from websockets.sync.client import connect

from bot.conversations.brain import Brain
from bot.conversations.models import Author, Conversation
from bot.database import Database
from bot.settings import Settings
from bot.staff.service import sign_in
from connectors.app import create_app
from tests import factories
from tests.connectors.desk.calls import refusal
from tests.connectors.serving import Served, served
from tests.connectors.visitor import Xiaolin
from tests.fakes import FakeBrain, FakeClock, FakeFaq
from tests.scenarios.office import (
    PATIENCE_SECONDS,
    ThinkingBrain,
    asks_for_a_person,
    at_desk,
    replies,
    said_by,
    says,
    serves,
    texts,
)


@contextmanager
def _running(database: Database, brain: Brain, clock: FakeClock) -> Iterator[Served]:
    """The web application from a start to a stop that nobody prepared for."""
    settings = Settings(turn_limit_seconds=60)
    app = create_app(settings, database, brain, FakeFaq(), clock, name=f"run-{uuid4().hex}")
    with served(app) as running:
        yield running


def _customers(web: Served, opened: list[dict[str, str]]) -> Iterator[tuple[int, Xiaolin]]:
    for number, each in enumerate(opened):
        with web.client() as client:
            client.headers["Authorization"] = f"Bearer {each['token']}"
            yield number, Xiaolin(web, client, each["conversation_id"], 0)


def test_scenario_01_answer_that_comes_after_a_person_accepted_is_only_a_draft(
    xiaolin: Xiaolin, alice: httpx.Client, brain: ThinkingBrain
) -> None:
    brain.think()
    says(xiaolin, "压力表")
    assert brain.asked.wait(PATIENCE_SECONDS)
    serves(alice, xiaolin.id)
    brain.go_on.set()
    xiaolin.served.settle()
    assert said_by(xiaolin, Author.BOT) == []
    drafts = alice.get(at_desk(xiaolin.id)).json()["suppressed_drafts"]
    assert texts(drafts) == ["听到：压力表"]


def test_scenario_08_of_two_who_accept_at_once_one_wins_and_the_other_learns_who(
    xiaolin: Xiaolin, alice: httpx.Client, bob: httpx.Client, database: Database
) -> None:
    asks_for_a_person(xiaolin)
    with ThreadPoolExecutor(2) as pool:
        tried = list(pool.map(lambda who: who.post(at_desk(xiaolin.id, "accept")), (alice, bob)))
    won, lost = sorted(tried, key=lambda each: each.status_code)
    holder = won.json()["conversation"]["holder"]["name"]
    error = refusal(lost, 409, "already_taken")
    assert error["holder"]["name"] == holder
    assert holder in error["message"]
    with database.reading() as session:
        held = session.get_one(Conversation, xiaolin.id).staff
        assert held is not None
        assert held.name == holder


def test_scenario_12_reloading_the_desk_changes_nothing(
    xiaolin: Xiaolin, alice: httpx.Client, web: Served
) -> None:
    asks_for_a_person(xiaolin)
    serves(alice, xiaolin.id)

    def loads_the_page() -> list[object]:
        cookie = {"Cookie": f"desk_session={alice.cookies['desk_session']}"}
        live = f"{web.url.replace('http', 'ws')}/api/desk/live"
        with connect(live, additional_headers=cookie, proxy=None) as socket:
            news = socket.recv(PATIENCE_SECONDS)
        places = (
            "me",
            "conversations",
            "conversations?status=staff",
            f"conversations/{xiaolin.id}",
        )
        return [news, *(alice.get(f"/api/desk/{place}").json() for place in places)]

    before = loads_the_page()
    assert loads_the_page() == before
    assert replies(alice, xiaolin.id, "我还在").status_code == 201


def test_scenario_13_all_open_conversations_go_on_after_a_restart(
    database: Database, clock: FakeClock, brain: ThinkingBrain
) -> None:
    with database.writing() as session:
        factories.alice(session)
        signed_in = sign_in(session, "alice", "127.0.0.1", now=clock())
    cast = [{"desk_session": signed_in.token}, {"X-CSRF-Token": signed_in.csrf_token}]

    brain.think()
    with _running(database, brain, clock) as first, first.client() as desk:
        desk.cookies, desk.headers = cast
        opened = [desk.post("/api/widget/conversations", json={}).json() for _ in range(20)]
        for number, customer in _customers(first, opened):
            if number < 10:
                asks_for_a_person(customer)
            if number < 5:
                serves(desk, customer.id)
            says(customer, f"问题 {number}")
        assert brain.asked.wait(PATIENCE_SECONDS)
    brain.go_on.set()

    with _running(database, FakeBrain(), clock) as again, again.client() as desk:
        desk.cookies, desk.headers = cast
        again.settle()
        for number, customer in _customers(again, opened):
            if number >= 10:
                assert customer.texts() == [f"问题 {number}", f"听到：问题 {number}"]
                continue
            if number >= 5:
                serves(desk, customer.id)
            assert replies(desk, customer.id, "请讲").status_code == 201
            assert customer.texts()[-1] == "请讲"
            assert said_by(customer, Author.BOT) == []


def test_scenario_14_everything_said_while_the_network_was_off_arrives_in_order_and_once(
    xiaolin: Xiaolin, alice: httpx.Client, clock: FakeClock
) -> None:
    asks_for_a_person(xiaolin)
    serves(alice, xiaolin.id)
    seen = xiaolin.changes()["cursor"]
    meanwhile = [f"第 {number} 句" for number in range(1, 8)]
    for text in meanwhile:
        replies(alice, xiaolin.id, text)
        clock.advance(seconds=80)
    missed = xiaolin.changes(after=seen)
    assert texts([each["message"] for each in missed["changes"]]) == meanwhile
    assert xiaolin.changes(after=missed["cursor"])["changes"] == []


def test_scenario_15_what_was_put_off_wakes_after_four_days_without_a_scheduler(
    database: Database, clock: FakeClock, brain: ThinkingBrain
) -> None:
    with database.writing() as session:
        factories.alice(session)
        signed_in = sign_in(session, "alice", "127.0.0.1", now=clock())
    cast = [{"desk_session": signed_in.token}, {"X-CSRF-Token": signed_in.csrf_token}]
    with _running(database, brain, clock) as first, first.client() as desk:
        desk.cookies, desk.headers = cast
        opened = [desk.post("/api/widget/conversations", json={}).json() for _ in range(3)]
        for number, customer in _customers(first, opened):
            asks_for_a_person(customer)
            serves(desk, customer.id)
            # Due at once, within the four days, and after them.
            until = clock() + (timedelta(minutes=30), timedelta(days=2), timedelta(days=9))[number]
            body = {"until": until.isoformat(), "note": f"第 {number} 件"}
            assert desk.post(at_desk(customer.id, "postpone"), json=body).status_code == 200

    clock.advance(days=4)
    with _running(database, brain, clock) as again, again.client() as desk:
        again.app.ctx.sweeper.run_once("postponed")
        with database.writing() as session:
            signed_in = sign_in(session, "alice", "127.0.0.1", now=clock())
        desk.cookies = {"desk_session": signed_in.token}
        mine = desk.get("/api/desk/conversations?status=staff").json()["conversations"]
        sleeping = {each["id"]: each["postponed"] for each in mine}
        assert [bool(sleeping[each["conversation_id"]]) for each in opened] == [False, False, True]
        changes = desk.get("/api/desk/changes?after=0").json()["changes"]
        woken = [each["note"] for each in changes if each.get("cause") == "due"]
        assert sorted(woken) == ["第 0 件", "第 1 件"]


def test_scenario_32_bot_that_gets_a_conversation_back_starts_afresh(
    xiaolin: Xiaolin, alice: httpx.Client, brain: ThinkingBrain
) -> None:
    xiaolin.sends(text="压力表")
    serves(alice, xiaolin.id)
    xiaolin.sends(text="这句是对人说的")
    assert alice.post(at_desk(xiaolin.id, "return_to_bot")).status_code == 200
    xiaolin.served.settle()
    assert texts(said_by(xiaolin, Author.BOT)) == ["听到：压力表"]
    xiaolin.sends(text="温度计")
    assert [each.text for each in brain.heard] == ["压力表", "温度计"]
    assert len({each.tracker_id for each in brain.heard}) == 2
    assert alice.get(at_desk(xiaolin.id)).json()["conversation"]["status"] == "bot"


def test_scenario_33_own_words_that_come_back_late_are_known_by_their_id(
    xiaolin: Xiaolin, alice: httpx.Client
) -> None:
    asks_for_a_person(xiaolin)
    serves(alice, xiaolin.id)
    sent = [says(xiaolin, "你好", "mine"), replies(alice, xiaolin.id, "您好")]
    for each in (sent[0], says(xiaolin, "你好", "mine")):
        assert each.json()["message"]["client_id"] == "mine"
    cursor = alice.get("/api/desk/me").json()["cursor"]
    for who in (xiaolin.changes(), alice.get("/api/desk/changes").json()):
        heard = [each["message"] for each in who["changes"] if each["type"] == "message"]
        for message in heard:
            message.pop("delivery", None)  # how far it has come, staff see besides
        assert heard[-2:] == [each.json()["message"] for each in sent]
        assert who["cursor"] == cursor


def test_scenario_36_whoever_does_not_hold_a_conversation_may_only_leave_a_note(
    xiaolin: Xiaolin, alice: httpx.Client, bob: httpx.Client
) -> None:
    asks_for_a_person(xiaolin)
    serves(alice, xiaolin.id)
    refusal(replies(bob, xiaolin.id, "我来答"), 409, "not_yours")
    assert replies(bob, xiaolin.id, "这家我熟", private=True).status_code == 201
    assert replies(alice, xiaolin.id, "您好").status_code == 201
    assert texts(said_by(xiaolin, Author.STAFF)) == ["您好"]


def test_scenario_43_address_of_a_conversation_opens_it_to_nobody_without_the_right(
    xiaolin: Xiaolin, coordinator: httpx.Client, mallory: httpx.Client, alice: httpx.Client
) -> None:
    says(xiaolin, "我的电话是 13800000000")
    places = [at_desk(xiaolin.id), "/api/desk/conversations", "/api/desk/changes"]
    for place in places:
        for who, status, code in (
            (coordinator, 403, "forbidden"),
            (mallory, 401, "unauthorized"),
            (xiaolin.client, 401, "unauthorized"),
        ):
            answer = who.get(place)
            refusal(answer, status, code)
            assert "13800000000" not in answer.text
        assert alice.get(place).status_code == 200
