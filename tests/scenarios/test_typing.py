"""That somebody types is passed on and forgotten."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from typing import Any

import httpx
from sqlalchemy import func, select
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bot.conversations.models import Change, Message
from bot.database import Database
from tests.connectors.visitor import UNKNOWN, Xiaolin, refused
from tests.scenarios.office import PATIENCE_SECONDS, asks_for_a_person, at_desk, serves


def widget_socket(customer: Xiaolin) -> ClientConnection:
    """The customer's browser listens."""
    token = customer.client.headers["Authorization"].removeprefix("Bearer ")
    url = str(customer.client.base_url).replace("http", "ws").rstrip("/") + f"{customer.path}/live"
    return connect(url, subprotocols=[Subprotocol("bearer"), Subprotocol(token)], proxy=None)


def desk_socket(staff: httpx.Client) -> ClientConnection:
    """The desk listens."""
    url = str(staff.base_url).replace("http", "ws").rstrip("/") + "/api/desk/live"
    cookie = {"Cookie": f"desk_session={staff.cookies['desk_session']}"}
    return connect(url, additional_headers=cookie, proxy=None)


def typing_heard(socket: ClientConnection) -> dict[str, Any]:
    """The next frame that is about typing."""
    while True:
        frame = json.loads(socket.recv(PATIENCE_SECONDS))
        if "typing" in frame:
            return dict(frame)


def test_scenario_38_typing_is_told_with_an_end_and_stored_nowhere(
    xiaolin: Xiaolin, alice: httpx.Client, database: Database
) -> None:
    asks_for_a_person(xiaolin)
    serves(alice, xiaolin.id)
    with database.reading() as session:
        before = [
            session.scalar(select(func.count()).select_from(each)) for each in (Message, Change)
        ]
    with closing(widget_socket(xiaolin)) as customer, closing(desk_socket(alice)) as desk:
        customer.recv(PATIENCE_SECONDS)
        desk.recv(PATIENCE_SECONDS)
        assert xiaolin.client.post(f"{xiaolin.path}/typing").json() == {"told": True}
        heard = typing_heard(desk)
        # The receiver takes the mark away by itself; no second word is needed for it.
        assert heard["typing"] == {"conversation_id": xiaolin.id, "seconds": 6}
        assert alice.post(at_desk(xiaolin.id, "typing")).json() == {"told": True}
        assert typing_heard(customer)["typing"] == {"conversation_id": xiaolin.id, "seconds": 6}
        assert heard["cursor"] > 0
    with database.reading() as session:
        after = [
            session.scalar(select(func.count()).select_from(each)) for each in (Message, Change)
        ]
    assert before == after


def test_scenario_38_long_poll_hears_of_typing_too(xiaolin: Xiaolin, alice: httpx.Client) -> None:
    asks_for_a_person(xiaolin)
    serves(alice, xiaolin.id)
    cursor = xiaolin.changes()["cursor"]
    served = xiaolin.served
    name = "typing:customer:"

    # What was typed before anybody listened is over; only what comes while waiting is told.
    alice.post(at_desk(xiaolin.id, "typing"))

    def type_once_somebody_listens() -> None:
        while not any(key.startswith(name) for key in served.app.ctx.bell._hearers):
            threading.Event().wait(0.01)
        alice.post(at_desk(xiaolin.id, "typing"))

    thread = threading.Thread(target=type_once_somebody_listens)
    thread.start()
    answer = xiaolin.changes(cursor, wait=10)
    thread.join()
    assert answer["changes"] == []
    assert answer["cursor"] == cursor
    assert answer["typing"]["conversation_id"] == xiaolin.id


def test_typing_is_told_only_between_a_customer_and_the_person_who_serves(
    xiaolin: Xiaolin, alice: httpx.Client, bob: httpx.Client, mallory: httpx.Client
) -> None:
    assert xiaolin.client.post(f"{xiaolin.path}/typing").json() == {"told": False}
    assert alice.post(at_desk(xiaolin.id, "typing")).json() == {"told": False}
    asks_for_a_person(xiaolin)
    serves(alice, xiaolin.id)
    assert bob.post(at_desk(xiaolin.id, "typing")).json() == {"told": False}
    refused(mallory.post(at_desk(xiaolin.id, "typing")), 401)
    refused(mallory.post(f"{xiaolin.path}/typing"), 401)
    refused(alice.post(at_desk(UNKNOWN, "typing")), 404)
    refused(xiaolin.client.post(f"/api/widget/conversations/{UNKNOWN}/typing"), 404)
