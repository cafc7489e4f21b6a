"""The desk's WebSocket says "ask now" to those who have something to read, and to nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.connectors.visitor import Xiaolin
from tests.scenarios.office import PATIENCE_SECONDS, asks_for_a_person, says, serves

# Long enough for news that is on its way within this machine.
SILENCE_SECONDS = 0.3


@pytest.fixture
def desk_of_bob(bob: httpx.Client) -> Iterator[ClientConnection]:
    """Bob's desk, open in a browser that has heard the newest cursor."""
    url = str(bob.base_url).replace("http", "ws").rstrip("/") + "/api/desk/live"
    cookie = {"Cookie": f"desk_session={bob.cookies['desk_session']}"}
    with closing(connect(url, additional_headers=cookie, proxy=None)) as socket:
        assert hears(socket)
        yield socket


def hears(socket: ClientConnection) -> bool:
    """Whether there is news; what came so far is read."""
    heard = False
    while True:
        try:
            heard |= "cursor" in json.loads(socket.recv(SILENCE_SECONDS))
        except TimeoutError:
            return heard


def watches(socket: ClientConnection, conversation_id: str | None) -> None:
    """The page opens a conversation, or closes it."""
    socket.send(json.dumps({"watch": conversation_id}))
    hears(socket)


def test_only_who_watches_hears_of_somebody_elses_conversation(
    xiaolin: Xiaolin, alice: httpx.Client, desk_of_bob: ClientConnection
) -> None:
    asks_for_a_person(xiaolin)
    assert hears(desk_of_bob)
    serves(alice, xiaolin.id)
    assert hears(desk_of_bob)
    says(xiaolin, "在吗")
    assert not hears(desk_of_bob)
    watches(desk_of_bob, xiaolin.id)
    says(xiaolin, "还在吗")
    assert hears(desk_of_bob)
    watches(desk_of_bob, None)
    says(xiaolin, "那我明天再来")
    assert not hears(desk_of_bob)


@pytest.mark.parametrize(
    "frame",
    ["", "not json", "[]", "7", '{"watch": 7}', '{"watch": {"id": 1}}', b"\xff\x00", "x" * 70_000],
)
def test_frame_that_means_nothing_changes_nothing(
    frame: str | bytes, xiaolin: Xiaolin, desk_of_bob: ClientConnection
) -> None:
    desk_of_bob.send(frame)
    hears(desk_of_bob)
    asks_for_a_person(xiaolin)
    assert json.loads(desk_of_bob.recv(PATIENCE_SECONDS))["cursor"] > 0
