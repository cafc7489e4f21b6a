"""What did not reach customers, at the desk: who sees it, and what may be done."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from bot.conversations.ledger import append, conversation_at
from bot.conversations.models import Author
from bot.database import Database
from bot.delivery.channel import Failed
from tests.bot.delivery.post import CHANNEL, FakeChannel
from tests.connectors.desk.calls import refusal
from tests.connectors.serving import Served
from tests.fakes import FakeClock

PATH = "/api/desk/deliveries"
MALFORMED = [b"", b"{", b"[]", b'{"way": 5}', b'{"way": ""}', b'{"way": "pigeon"}']


@pytest.fixture
def failed(web: Served, database: Database, clock: FakeClock) -> str:
    """The id of a message to 小陈 that the channel has refused."""
    channel = FakeChannel()
    channel.script = [[Failed("user_refuses")]]
    web.app.ctx.senders.add(channel)
    with database.writing() as session:
        _, conversation = conversation_at(session, CHANNEL, "address-of-xiaochen", now=clock())
        said = append(session, conversation, Author.BOT, "您好", now=clock()).id
    asyncio.run(web.app.ctx.senders.run_once(CHANNEL))
    return said


def test_list_shows_what_failed_to_those_who_serve(
    alice: httpx.Client, coordinator: httpx.Client, mallory: httpx.Client, failed: str
) -> None:
    body = alice.get(PATH).json()
    assert [each["message_id"] for each in body["messages"]] == [failed]
    assert body["failed"] == 1
    assert alice.get(PATH, params={"state": "held"}).json()["messages"] == []
    refusal(alice.get(PATH, params={"state": "sent"}), 422, "bad_input")
    refusal(coordinator.get(PATH), 403, "forbidden")
    refusal(mallory.get(PATH), 401, "unauthorized")
    assert "address-of-xiaochen" not in str(body), "the address is nobody's business"


def test_sending_again_needs_the_token_and_the_right(
    alice: httpx.Client,
    coordinator: httpx.Client,
    mallory: httpx.Client,
    failed: str,
    web: Served,
) -> None:
    address, body = f"{PATH}/{failed}", {"way": "again"}
    refusal(mallory.post(address, json=body), 401, "unauthorized")
    refusal(coordinator.post(address, json=body), 403, "forbidden")
    token = alice.headers.pop("X-CSRF-Token")
    refusal(alice.post(address, json=body), 403, "csrf_missing")
    assert alice.get(PATH).json()["failed"] == 1, "nothing has happened so far"
    alice.headers["X-CSRF-Token"] = token
    answer = alice.post(address, json=body)
    assert answer.status_code == 200
    assert answer.json()["delivery"] == {"state": "waiting", "reason": ""}
    asyncio.run(web.app.ctx.senders.run_once(CHANNEL))
    refusal(alice.post(address, json=body), 409, "wrong_status")


def test_conversation_shows_the_state_of_each_message(alice: httpx.Client, failed: str) -> None:
    (letter,) = alice.get(PATH).json()["messages"]
    detail = alice.get(f"/api/desk/conversations/{letter['conversation_id']}").json()
    (message,) = detail["messages"]
    assert message["delivery"] == {"state": "failed", "reason": "user_refuses"}


def test_case_takes_the_note(alice: httpx.Client, failed: str) -> None:
    answer = alice.post(f"{PATH}/{failed}", json={"way": "case"}).json()
    assert answer["case_number"].startswith("YZ-")
    assert answer["delivery"] == {"state": "moved", "reason": f"case:{answer['case_number']}"}
    assert alice.get(PATH).json() == {"messages": [], "failed": 0}


@pytest.mark.parametrize("body", MALFORMED)
def test_malformed_wish_is_refused(alice: httpx.Client, failed: str, body: bytes) -> None:
    refusal(alice.post(f"{PATH}/{failed}", content=body), 422, "bad_input")
    assert alice.get(PATH).json()["failed"] == 1


@pytest.mark.parametrize("message_id", ["nothing", "%00", "x" * 3000, "..%2f"])
def test_unknown_message_is_refused(alice: httpx.Client, failed: str, message_id: str) -> None:
    answer = alice.post(f"{PATH}/{message_id}", json={"way": "again"})
    assert answer.status_code == 404
