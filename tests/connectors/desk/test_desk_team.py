"""The desk's team over HTTP: presence, handing on, stepping in, and the record of refusals."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot.conversations.ledger import Opened
from bot.conversations.models import Conversation
from bot.database import Database
from bot.staff.models import AccessRefusal, Staff
from tests.connectors.desk.calls import path, refusal, said, seen_by
from tests.connectors.serving import Served
from tests.fakes import FakeClock

PRESENCE = "/api/desk/presence"


def chooses(who: httpx.Client, presence: str) -> dict[str, Any]:
    """Somebody says whether they take conversations."""
    answer = who.post(PRESENCE, json={"presence": presence})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def of_category(database: Database, opened: Opened, category: str | None) -> None:
    """What a conversation is about."""
    with database.writing() as session:
        session.get_one(Conversation, opened.conversation.id).category = category


def events(who: httpx.Client, kind: str) -> list[dict[str, Any]]:
    """What the feed told somebody of one type."""
    changes = who.get("/api/desk/changes").json()["changes"]
    return [each for each in changes if each["type"] == kind]


def test_present_person_is_assigned_and_an_absent_one_is_not(
    web: Served, alice: httpx.Client, waiting: Opened
) -> None:
    assert alice.get(PRESENCE).json()["presence"]["presence"] == "offline"
    web.app.ctx.sweeper.run_once("assignment")
    assert alice.get(path(waiting)).json()["conversation"]["status"] == "queued"
    standing = chooses(alice, "available")["presence"]
    assert (standing["assigned"], standing["open"], standing["capacity"]) == (True, 0, 5)
    web.app.ctx.sweeper.run_once("assignment")
    assert alice.get(path(waiting)).json()["conversation"]["holder"]["name"] == "爱丽丝"
    assert alice.get(PRESENCE).json()["presence"]["open"] == 1


def test_going_gives_back_what_one_has(alice: httpx.Client, waiting: Opened) -> None:
    chooses(alice, "available")
    alice.post(path(waiting, "accept"))
    assert chooses(alice, "away")["requeued"] == []
    assert chooses(alice, "offline")["requeued"] == [waiting.conversation.id]
    assert alice.get(path(waiting)).json()["conversation"]["status"] == "queued"


def test_signing_out_for_good_is_leaving_the_desk(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened
) -> None:
    chooses(alice, "available")
    alice.post(path(waiting, "accept"))
    assert alice.post("/api/desk/logout").status_code == 200
    row = bob.get(path(waiting)).json()["conversation"]
    assert (row["status"], row["holder"]) == ("queued", None)


def test_signing_out_without_having_been_present_keeps_what_one_took(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened
) -> None:
    alice.post(path(waiting, "accept"))
    assert alice.post("/api/desk/logout").status_code == 200
    listed = bob.get("/api/desk/conversations?status=staff").json()["conversations"]
    assert [each["holder"]["name"] for each in listed] == ["爱丽丝"]


@pytest.mark.parametrize("sign", ["heartbeat", "poll"])
def test_open_page_keeps_somebody_present(
    web: Served, alice: httpx.Client, clock: FakeClock, waiting: Opened, sign: str
) -> None:
    chooses(alice, "available")
    for _ in range(20):
        clock.advance(seconds=30)
        if sign == "poll":
            assert alice.get("/api/desk/changes").status_code == 200
        else:
            assert alice.post(f"{PRESENCE}/heartbeat").status_code == 200
        web.app.ctx.sweeper.run_once("absence")
    assert alice.get(PRESENCE).json()["presence"]["assigned"] is True
    clock.advance(seconds=100)
    assert alice.get(PRESENCE).json()["presence"]["assigned"] is False


def test_heartbeat_tells_somebody_that_they_were_taken_off(
    web: Served, alice: httpx.Client, clock: FakeClock
) -> None:
    chooses(alice, "available")
    clock.advance(minutes=6)
    web.app.ctx.sweeper.run_once("absence")
    told = alice.post(f"{PRESENCE}/heartbeat").json()["presence"]
    assert (told["presence"], told["assigned"]) == ("offline", False)
    lines = alice.get(f"{PRESENCE}/log").json()["log"]
    assert [each["cause"] for each in lines] == ["vanished", "chosen"]


def test_presence_that_does_not_exist_is_refused(alice: httpx.Client) -> None:
    for body in ({}, {"presence": "busy"}, {"presence": 1}, {"presence": "x" * 21}):
        refusal(alice.post(PRESENCE, json=body), 422, "bad_input")


def test_log_of_others_is_for_supervisors(
    alice: httpx.Client, bob: httpx.Client, supervisor: httpx.Client
) -> None:
    chooses(alice, "available")
    refusal(bob.get(f"{PRESENCE}/log?username=alice"), 403, "forbidden")
    assert len(supervisor.get(f"{PRESENCE}/log?username=alice").json()["log"]) == 1
    refusal(supervisor.get(f"{PRESENCE}/log?username=nobody"), 404, "staff_not_found")


def test_colleagues_are_shown_with_what_one_must_know_to_hand_on(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened
) -> None:
    chooses(bob, "available")
    bob.post(path(waiting, "accept"))
    found = {
        each["username"]: each for each in alice.get("/api/desk/colleagues").json()["colleagues"]
    }
    assert found["bob"]["skills"] == ["standards"]
    assert (found["bob"]["presence"], found["bob"]["open"]) == ("available", 1)
    assert found["alice"]["presence"] == "offline"


def test_offer_is_shown_accepted_and_introduced(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, database: Database
) -> None:
    alice.post(path(waiting, "accept"))
    answer = alice.post(path(waiting, "transfer"), json={"to": "bob"})
    assert answer.status_code == 200
    offer = answer.json()["transfer"]
    assert (offer["from"]["username"], offer["to"]["username"]) == ("alice", "bob")
    assert answer.json()["conversation"]["holder"]["name"] == "爱丽丝"
    assert events(bob, "transfer")[-1]["transfer"]["state"] == "open"
    assert bob.get(PRESENCE).json()["offers"] == [offer]
    taken = bob.post(path(waiting, "transfer/accept"))
    assert taken.json()["conversation"]["holder"]["name"] == "鲍勃"
    assert events(alice, "transfer")[-1]["transfer"]["state"] == "accepted"
    assert bob.get(PRESENCE).json()["offers"] == []
    assert "鲍勃（12 号）" in seen_by(database, waiting)[-1]
    refusal(alice.post(path(waiting, "messages"), json=said("我还在")), 409, "not_yours")


def test_offer_refused_withdrawn_or_run_out_leaves_it_with_the_sender(
    web: Served, alice: httpx.Client, bob: httpx.Client, waiting: Opened, clock: FakeClock
) -> None:
    alice.post(path(waiting, "accept"))
    alice.post(path(waiting, "transfer"), json={"to": "bob"})
    assert bob.post(path(waiting, "transfer/refuse")).json()["transfer"]["state"] == "refused"
    alice.post(path(waiting, "transfer"), json={"to": "bob"})
    back = alice.post(path(waiting, "transfer/withdraw"))
    assert back.json()["transfer"]["state"] == "withdrawn"
    alice.post(path(waiting, "transfer"), json={"to": "bob"})
    clock.advance(seconds=31)
    web.app.ctx.sweeper.run_once("transfers")
    assert events(alice, "transfer")[-1]["transfer"]["state"] == "expired"
    refusal(bob.post(path(waiting, "transfer/accept")), 409, "offer_over")
    lines = [each for each in alice.get(path(waiting)).json()["events"] if "receiver" in each]
    assert [each["state"] for each in lines] == ["refused", "withdrawn", "expired"]
    assert {each["transition"] for each in lines} == {"offer"}
    refusal(bob.post(path(waiting, "accept")), 409, "already_taken")
    assert alice.get(path(waiting)).json()["conversation"]["holder"]["name"] == "爱丽丝"


def test_group_has_half_a_minute_and_then_the_giver_may_queue_it(
    alice: httpx.Client,
    bob: httpx.Client,
    waiting: Opened,
    web: Served,
    clock: FakeClock,
) -> None:
    alice.post(path(waiting, "accept"))
    bob.post("/api/desk/presence", json={"presence": "available"})
    answer = alice.post(path(waiting, "transfer"), json={"to": "group:standards"})
    offer = answer.json()["transfer"]
    assert (offer["state"], offer["to"], offer["group"]) == ("open", None, "standards")
    assert answer.json()["conversation"]["status"] == "staff"
    assert events(bob, "transfer")[-1]["members"] == ["bob"]
    [standing] = bob.get("/api/desk/presence").json()["offers"]
    assert standing["conversation_id"] == waiting.conversation.id
    assert bob.get(path(waiting)).status_code == 200
    clock.advance(seconds=31)
    web.app.ctx.sweeper.run_once("transfers")
    assert events(alice, "transfer")[-1]["transfer"]["state"] == "expired"
    lines = [each for each in alice.get(path(waiting)).json()["events"] if "receiver" in each]
    assert [(each["state"], each["group"], each["receiver"]) for each in lines] == [
        ("expired", "standards", None)
    ]
    refusal(
        alice.post(path(waiting, "transfer"), json={"to": "group:standards", "queue": "yes"}),
        422,
        "bad_input",
    )
    body = {"to": "group:standards", "queue": True}
    changed = alice.post(path(waiting, "transfer"), json=body).json()
    assert (changed["transfer"], changed["conversation"]["status"]) == (None, "queued")


def test_group_of_which_nobody_is_there_is_handed_the_conversation_at_once(
    alice: httpx.Client, waiting: Opened, database: Database
) -> None:
    alice.post(path(waiting, "accept"))
    answer = alice.post(path(waiting, "transfer"), json={"to": "group:standards"})
    assert answer.json()["transfer"] is None
    changed = answer.json()["conversation"]
    assert (changed["status"], changed["holder"]) == ("queued", None)
    (row,) = alice.get("/api/desk/conversations?status=queued").json()["conversations"]
    assert row["category"] == "standards"
    assert "排队次序不变" in seen_by(database, waiting)[-1]


def test_transfers_that_make_no_sense_are_refused(
    alice: httpx.Client, bob: httpx.Client, coordinator: httpx.Client, waiting: Opened
) -> None:
    refusal(alice.post(path(waiting, "transfer"), json={"to": "bob"}), 409, "not_yours")
    alice.post(path(waiting, "accept"))
    for body in ({}, {"to": ""}, {"to": 5}, {"to": "group:"}, {"to": "group:x"}, {"to": "x" * 81}):
        refusal(alice.post(path(waiting, "transfer"), json=body), 422, "bad_input")
    refusal(alice.post(path(waiting, "transfer"), json={"to": "nobody"}), 404, "staff_not_found")
    for who in ("alice", "coordinator"):
        refusal(alice.post(path(waiting, "transfer"), json={"to": who}), 422, "bad_input")
    assert alice.get(path(waiting)).json()["conversation"]["holder"]["name"] == "爱丽丝"


def test_supervisor_watches_whispers_and_takes_over(
    alice: httpx.Client, supervisor: httpx.Client, waiting: Opened, database: Database
) -> None:
    of_category(database, waiting, "metrology")
    alice.post(path(waiting, "accept"))
    assert supervisor.get(path(waiting)).status_code == 200
    whisper = supervisor.post(path(waiting, "messages"), json=said("先道歉", private=True))
    assert whisper.status_code == 201
    assert "先道歉" not in seen_by(database, waiting)
    taken = supervisor.post(path(waiting, "take_over"))
    assert taken.json()["conversation"]["holder"]["name"] == "孙主任"
    (told,) = events(alice, "taken_over")
    assert (told["by"]["username"], told["from"]["username"]) == ("supervisor", "alice")
    refusal(alice.post(path(waiting, "messages"), json=said("我来")), 409, "not_yours")
    assert supervisor.post(path(waiting, "take_over")).status_code == 200
    assert len(events(alice, "taken_over")) == 1


def test_taking_over_is_refused_to_colleagues_and_recorded(
    alice: httpx.Client, bob: httpx.Client, admin: httpx.Client, waiting: Opened
) -> None:
    alice.post(path(waiting, "accept"))
    refusal(bob.post(path(waiting, "take_over")), 403, "forbidden")
    (recorded,) = admin.get("/api/desk/refusals").json()["refusals"]
    assert recorded["staff"]["username"] == "bob"
    assert (recorded["method"], recorded["role"]) == ("POST", "staff")
    assert recorded["path"] == path(waiting, "take_over")


def test_another_group_reads_nothing_and_the_attempt_is_recorded(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, database: Database
) -> None:
    of_category(database, waiting, "metrology")
    assert bob.get(path(waiting)).status_code == 200  # anybody may take what waits
    alice.post(path(waiting, "accept"))
    refusal(bob.get(path(waiting)), 403, "forbidden")
    listed = bob.get("/api/desk/conversations?status=staff").json()["conversations"]
    assert listed == []
    watched = bob.get("/api/desk/changes", params={"watch": waiting.conversation.id}).json()
    assert "message" not in {each["type"] for each in watched["changes"]}
    with database.reading() as session:
        names = session.scalars(
            select(Staff.username).join(AccessRefusal, AccessRefusal.staff_id == Staff.id)
        ).all()
    assert names == ["bob"]


def test_offer_opens_a_conversation_to_the_one_who_gets_it(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, database: Database
) -> None:
    of_category(database, waiting, "metrology")
    alice.post(path(waiting, "accept"))
    alice.post(path(waiting, "transfer"), json={"to": "bob"})
    assert bob.get(path(waiting)).status_code == 200
    bob.post(path(waiting, "transfer/refuse"))
    refusal(bob.get(path(waiting)), 403, "forbidden")


def test_own_customers_stay_in_sight(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, database: Database
) -> None:
    of_category(database, waiting, "metrology")
    bob.post(path(waiting, "accept"))
    bob.post(path(waiting, "return_to_bot"))
    assert bob.get(path(waiting)).status_code == 200
    assert alice.get(path(waiting)).status_code == 200


def test_what_nobody_has_as_a_skill_is_for_everybody(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, database: Database
) -> None:
    of_category(database, waiting, "brand")
    alice.post(path(waiting, "accept"))
    assert bob.get(path(waiting)).status_code == 200


def test_refusals_of_strangers_are_not_recorded(
    mallory: httpx.Client, supervisor: httpx.Client, waiting: Opened
) -> None:
    refusal(mallory.get(path(waiting)), 401, "unauthorized")
    assert supervisor.get("/api/desk/refusals").json()["refusals"] == []


def test_supervisor_says_how_many_somebody_is_assigned(
    web: Served, alice: httpx.Client, supervisor: httpx.Client, waiting: Opened
) -> None:
    chooses(alice, "available")
    place = "/api/desk/colleagues/alice/capacity"
    assert supervisor.post(place, json={"capacity": 0}).json()["presence"]["capacity"] == 0
    web.app.ctx.sweeper.run_once("assignment")
    assert alice.get(PRESENCE).json()["presence"]["open"] == 0
    assert supervisor.post(place, json={"capacity": None}).json()["presence"]["capacity"] == 5
    web.app.ctx.sweeper.run_once("assignment")
    assert alice.get(PRESENCE).json()["presence"]["open"] == 1
    for capacity in (-1, 101, "2", 1.5):
        refusal(supervisor.post(place, json={"capacity": capacity}), 422, "bad_input")
    refusal(alice.post(place, json={"capacity": 9}), 403, "forbidden")
    nobody = "/api/desk/colleagues/nobody/capacity"
    refusal(supervisor.post(nobody, json={"capacity": 1}), 404, "staff_not_found")
