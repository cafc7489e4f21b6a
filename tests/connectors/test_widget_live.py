"""The widget's WebSocket: it wakes whoever it belongs to, and nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bot.database import Database
from bot.settings import Settings
from connectors.app import create_app
from tests.connectors.serving import Served, served
from tests.fakes import FakeBrain, FakeClock, FakeFaq


class Caller:
    """小林, who may open a socket in either way."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        opened = client.post("/api/widget/conversations").json()
        self.token = opened["token"]
        self.path = f"/api/widget/conversations/{opened['conversation_id']}"

    def browser(self, token: str | None = None, path: str | None = None) -> ClientConnection:
        """Connect as a browser does, with the token as a subprotocol."""
        protocols = [Subprotocol("bearer"), Subprotocol(token or self.token)]
        return connect(self._url(path), subprotocols=protocols, proxy=None)

    def program(self, token: str | None = None) -> ClientConnection:
        """Connect as a program does, with a header."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return connect(self._url(None), additional_headers=headers, proxy=None)

    def says(self, text: str) -> None:
        """Send a message over HTTP."""
        self.client.post(
            f"{self.path}/messages",
            json={"client_id": str(uuid4()), "text": text},
            headers={"Authorization": f"Bearer {self.token}"},
        )

    def _url(self, path: str | None) -> str:
        return str(self.client.base_url).replace("http", "ws").rstrip("/") + (
            path or f"{self.path}/live"
        )


@pytest.fixture
def web(database: Database, brain: FakeBrain, clock: FakeClock) -> Iterator[Served]:
    app = create_app(Settings(), database, brain, FakeFaq(), clock, name=f"live-{uuid4().hex}")
    with served(app) as running:
        yield running


@pytest.fixture
def xiaolin(web: Served) -> Iterator[Caller]:
    with web.client() as client:
        yield Caller(client)


def cursor_of(socket: ClientConnection) -> int:
    return int(json.loads(socket.recv(timeout=30))["cursor"])


@pytest.mark.parametrize("way", ["browser", "program"])
def test_each_change_sends_a_newer_cursor(xiaolin: Caller, way: str) -> None:
    with getattr(xiaolin, way)() as socket:
        assert socket.subprotocol == ("bearer" if way == "browser" else None)
        seen = [cursor_of(socket)]
        for text in ("第一句", "第二句"):
            xiaolin.says(text)
            seen.append(cursor_of(socket))
    assert seen == sorted(set(seen))


def test_what_happens_to_others_wakes_nobody(web: Served, xiaolin: Caller) -> None:
    with web.client() as client, xiaolin.browser() as socket:
        cursor_of(socket)
        Caller(client).says("别人的话")
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.5)


@pytest.mark.parametrize("way", ["browser", "program"])
def test_wrong_token_is_refused_before_the_handshake(xiaolin: Caller, way: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        getattr(xiaolin, way)("wrong")
    assert refusal.value.response.status_code == 401


def test_foreign_conversation_is_not_found(web: Served, xiaolin: Caller) -> None:
    with web.client() as client:
        mallory = Caller(client)
        with pytest.raises(InvalidStatus) as refusal:
            mallory.browser(path=f"{xiaolin.path}/live")
    assert refusal.value.response.status_code == 404


def test_whatever_a_client_sends_does_no_harm(xiaolin: Caller) -> None:
    with xiaolin.browser() as socket:
        cursor_of(socket)
        socket.send("'; DROP TABLE messages; --")
        socket.send(b"\x00\xff" * 1000)
        xiaolin.says("还在吗")
        assert cursor_of(socket)
