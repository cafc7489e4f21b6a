"""A team at the desk: who gets whom, who vanishes, who hands on, and who may look."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from sqlalchemy import select

from bot.conversations.episodes import Span, episodes_of, replayed, span_of
from bot.conversations.models import Author, Conversation, StatusEvent
from bot.database import Database
from bot.feedback.service import rate_conversation
from bot.staff.models import AccessRefusal
from tests.connectors.desk.calls import refusal
from tests.connectors.serving import Served
from tests.connectors.visitor import Xiaolin
from tests.fakes import FakeClock
from tests.scenarios.office import (
    asks_for_a_person,
    at_desk,
    ends,
    in_queue,
    replies,
    said_by,
    says,
    serves,
    signs_in,
    texts,
)


def _comes(staff: httpx.Client, presence: str = "available") -> dict[str, Any]:
    answer = staff.post("/api/desk/presence", json={"presence": presence})
    assert answer.status_code == 200
    return dict(answer.json())


def _stands(staff: httpx.Client) -> dict[str, Any]:
    return dict(staff.get("/api/desk/presence").json()["presence"])


def _queue_up(web: Served, clock: FakeClock, many: int) -> list[str]:
    waiting = []
    for _ in range(many):
        clock.advance(seconds=1)
        with web.client() as client:
            opened = client.post("/api/widget/conversations", json={}).json()
            client.headers["Authorization"] = f"Bearer {opened['token']}"
            asks_for_a_person(Xiaolin(web, client, opened["conversation_id"], 0))
            waiting.append(opened["conversation_id"])
    return waiting


def _held_by(staff: httpx.Client, name: str) -> list[str]:
    listed = staff.get("/api/desk/conversations?status=staff").json()["conversations"]
    return [each["id"] for each in listed if each["holder"]["name"] == name]


def test_scenario_09_nobody_gets_one_more_than_they_have_room_for(
    web: Served, alice: httpx.Client, clock: FakeClock
) -> None:
    waiting = _queue_up(web, clock, 8)
    _comes(alice)
    for each in waiting[:4]:
        serves(alice, each)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(web.app.ctx.sweeper.run_once, "assignment")
    assert _stands(alice)["open"] == _stands(alice)["capacity"] == 5
    assert sorted(_held_by(alice, "爱丽丝")) == sorted(waiting[:5])
    assert in_queue(alice) == waiting[5:]


def test_scenario_10_conversations_of_somebody_who_vanished_wait_again_with_their_age(
    web: Served, alice: httpx.Client, bob: httpx.Client, clock: FakeClock
) -> None:
    waiting = _queue_up(web, clock, 5)
    _comes(alice)
    web.app.ctx.sweeper.run_once("assignment")
    assert _stands(alice)["open"] == 5
    ages = [_waiting_since(web, each) for each in waiting]
    # The lid is closed; only Bob's page gives signs of life.
    for _ in range(20):
        clock.advance(minutes=1)
        bob.post("/api/desk/presence/heartbeat")
        web.app.ctx.sweeper.run_once("absence")
    assert in_queue(bob) == waiting
    assert [_waiting_since(web, each) for each in waiting] == ages
    assert _stands(alice)["presence"] == "offline"
    _comes(bob)
    web.app.ctx.sweeper.run_once("assignment")
    assert sorted(_held_by(bob, "鲍勃")) == sorted(waiting)


def test_scenario_11_forty_who_wait_in_the_morning_are_spread_longest_first(
    web: Served,
    alice: httpx.Client,
    bob: httpx.Client,
    supervisor: httpx.Client,
    clock: FakeClock,
) -> None:
    clock.advance(hours=-2)  # 7:30 in China, an hour before work begins
    waiting = _queue_up(web, clock, 40)
    for name, capacity in (("alice", 20), ("bob", 10)):
        place = f"/api/desk/colleagues/{name}/capacity"
        assert supervisor.post(place, json={"capacity": capacity}).status_code == 200
    for staff in (alice, bob):
        _comes(staff)
    web.app.ctx.sweeper.run_once("assignment")
    assert len(in_queue(alice)) == 40  # nobody works yet
    clock.advance(hours=2)
    for staff in (alice, bob):
        staff.post("/api/desk/presence/heartbeat")
    web.app.ctx.sweeper.run_once("assignment")
    assert (_stands(alice)["open"], _stands(bob)["open"]) == (20, 10)
    assert in_queue(alice) == waiting[30:]


def test_scenario_12_reloading_the_desk_changes_neither_presence_nor_conversations(
    web: Served, xiaolin: Xiaolin, alice: httpx.Client, clock: FakeClock
) -> None:
    asks_for_a_person(xiaolin)
    before = _comes(alice)["presence"]["since"]
    serves(alice, xiaolin.id)
    clock.advance(seconds=70)  # longer than a page takes to load
    for place in ("/desk", "/api/desk/me", "/api/desk/conversations", "/api/desk/presence"):
        assert alice.get(place).status_code == 200
    for sweep in ("absence", "silence", "assignment"):
        web.app.ctx.sweeper.run_once(sweep)
    standing = _stands(alice)
    assert (standing["presence"], standing["since"]) == ("available", before)
    assert standing["assigned"] is True
    assert _held_by(alice, "爱丽丝") == [xiaolin.id]
    signs_in(alice, "alice")
    assert _stands(alice)["presence"] == "available"


def test_scenario_35_transfer_that_is_refused_or_not_answered_stays_with_the_sender(
    web: Served, xiaolin: Xiaolin, alice: httpx.Client, bob: httpx.Client, clock: FakeClock
) -> None:
    asks_for_a_person(xiaolin)
    serves(alice, xiaolin.id)

    def offers() -> None:
        answer = alice.post(at_desk(xiaolin.id, "transfer"), json={"to": "bob"})
        assert answer.json()["conversation"]["holder"]["name"] == "爱丽丝"

    offers()
    assert bob.post(at_desk(xiaolin.id, "transfer/refuse")).status_code == 200
    offers()
    clock.advance(seconds=30)
    web.app.ctx.sweeper.run_once("transfers")
    refusal(bob.post(at_desk(xiaolin.id, "transfer/accept")), 409, "offer_over")
    assert replies(alice, xiaolin.id, "我继续为您服务").status_code == 201
    changes = alice.get("/api/desk/changes").json()["changes"]
    states = [each["transfer"]["state"] for each in changes if each["type"] == "transfer"]
    assert states == ["open", "refused", "open", "expired"]
    assert texts(said_by(xiaolin, Author.STAFF)) == ["我继续为您服务"]


def test_scenario_36_whoever_wants_to_speak_for_a_colleague_takes_over_openly(
    xiaolin: Xiaolin, alice: httpx.Client, bob: httpx.Client, supervisor: httpx.Client
) -> None:
    asks_for_a_person(xiaolin)
    serves(alice, xiaolin.id)
    for other in (bob, supervisor):
        refusal(replies(other, xiaolin.id, "我来答"), 409, "not_yours")
    assert replies(supervisor, xiaolin.id, "先问清型号", private=True).status_code == 201
    refusal(bob.post(at_desk(xiaolin.id, "take_over")), 403, "forbidden")
    assert supervisor.post(at_desk(xiaolin.id, "take_over")).status_code == 200
    assert replies(supervisor, xiaolin.id, "我是主任").status_code == 201
    refusal(replies(alice, xiaolin.id, "我还在"), 409, "not_yours")
    assert texts(said_by(xiaolin, Author.STAFF)) == ["我是主任"]
    events = supervisor.get(at_desk(xiaolin.id)).json()["events"]
    assert events[-1]["transition"] == "take_over"
    told = [
        e for e in alice.get("/api/desk/changes").json()["changes"] if e["type"] == "taken_over"
    ]
    assert [each["by"]["name"] for each in told] == ["孙主任"]


def test_scenario_42_figures_computed_again_after_an_episode_went_on_are_the_same(
    web: Served, xiaolin: Xiaolin, alice: httpx.Client, database: Database, clock: FakeClock
) -> None:
    asks_for_a_person(xiaolin)
    clock.advance(minutes=2)
    serves(alice, xiaolin.id)
    clock.advance(minutes=1)
    alice.post(at_desk(xiaolin.id, "return_to_bot"))
    first = _episodes(database, xiaolin.id)
    clock.advance(minutes=5)
    asks_for_a_person(xiaolin)
    assert _episodes(database, xiaolin.id)[:1] == first
    clock.advance(minutes=3)
    serves(alice, xiaolin.id)
    alice.post(at_desk(xiaolin.id, "requeue"))
    serves(alice, xiaolin.id)
    ends(alice, xiaolin.id)
    both = _episodes(database, xiaolin.id)
    assert [(each.number, each.end) for each in both] == [(1, "return_to_bot"), (2, "resolve")]
    clock.advance(hours=3)
    # What comes after the end belongs to no earlier episode.
    says(xiaolin, "谢谢")
    with database.writing() as session:
        rate_conversation(session, xiaolin.id, 5, now=clock())
    assert _episodes(database, xiaolin.id) == both
    assert both[:1] == first
    with database.reading() as session:
        events = session.scalars(
            select(StatusEvent)
            .where(StatusEvent.conversation_id == xiaolin.id)
            .order_by(StatusEvent.id)
        )
        assert replayed(events) == both


def test_scenario_43_another_group_opening_a_transcript_by_its_address_is_refused_and_recorded(
    xiaolin: Xiaolin, alice: httpx.Client, bob: httpx.Client, database: Database
) -> None:
    says(xiaolin, "我的电话是 13800000000")
    xiaolin.served.settle()  # the bot has understood that it is about metrology
    for taken in (False, True):
        if taken:
            serves(alice, xiaolin.id)
        answer = bob.get(at_desk(xiaolin.id))
        refusal(answer, 403, "forbidden")
        assert "13800000000" not in answer.text
    found = bob.get("/api/desk/search", params={"text": "13800000000"})
    assert found.json()["conversations"] == []
    with database.reading() as session:
        recorded = session.scalars(select(AccessRefusal)).all()
    assert [(each.method, each.path) for each in recorded] == [("GET", at_desk(xiaolin.id))] * 2


def _waiting_since(web: Served, conversation_id: str) -> object:
    with web.app.ctx.database.reading() as session:
        return session.get_one(Conversation, conversation_id).queued_at


def _episodes(database: Database, conversation_id: str) -> list[Span]:
    with database.reading() as session:
        return [span_of(each) for each in episodes_of(session, conversation_id)]
