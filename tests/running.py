"""The whole product running, as ``make run`` starts it, for tests that need it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from bot.processes.children import free_port
from bot.settings import ROOT

DEMO_PASSWORD = "demo-password-for-tests"
_READY_SECONDS = 120


@dataclass
class Platform:
    """A running platform: its address, its supervisor's process and its database."""

    url: str
    supervisor: subprocess.Popen[bytes]
    database_url: str

    def pid_of(self, words: str) -> int | None:
        """The child of the supervisor whose command line contains these words."""
        return next(iter(self.pids_of(words)), None)

    def pids_of(self, words: str) -> list[int]:
        """All such children, the oldest first."""
        return sorted(self._children(words))

    def _children(self, words: str) -> Iterator[int]:
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if int(parent) == self.supervisor.pid and words in command:
                yield int(folder.name)

    def health(self) -> dict[str, str]:
        """What ``/healthz`` says."""
        return dict(httpx.get(f"{self.url}/healthz", timeout=30, trust_env=False).json())

    def wait_until_ready(self, seconds: float = _READY_SECONDS) -> None:
        """Wait for ``/readyz`` to answer 200."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.supervisor.poll() is not None:
                raise AssertionError(f"the platform stopped with {self.supervisor.returncode}")
            try:
                if httpx.get(f"{self.url}/readyz", timeout=30, trust_env=False).is_success:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError("the platform did not become ready")


@dataclass
class Visitor:
    """A customer on the widget, without a browser."""

    client: httpx.Client
    cursor: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open a conversation."""
        opened = self.client.post("/api/widget/conversations", json={})
        assert opened.status_code == 201, opened.text
        self.id = opened.json()["conversation_id"]
        self.client.headers["Authorization"] = f"Bearer {opened.json()['token']}"

    @property
    def path(self) -> str:
        """The address of the conversation."""
        return f"/api/widget/conversations/{self.id}"

    def post(self, **body: Any) -> httpx.Response:
        """Send a message body as it is, with a fresh id unless one is given."""
        return self.client.post(f"{self.path}/messages", json={"client_id": str(uuid4()), **body})

    def look(self, wait: int = 0) -> list[dict[str, Any]]:
        """Fetch what is new; returns the new messages."""
        answer = self.client.get(
            f"{self.path}/changes", params={"after": self.cursor, "wait": wait}
        ).json()
        self.cursor = answer["cursor"]
        self.statuses += [c["status"] for c in answer["changes"] if c["type"] == "status"]
        new = [c["message"] for c in answer["changes"] if c["type"] == "message"]
        self.messages += new
        return new

    def hears(self, author: str, seconds: float = 60) -> dict[str, Any]:
        """Wait for the next message of an author."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                new = self.look(wait=1)
            except httpx.TransportError:
                # Whoever served this connection was killed; a browser asks again, too.
                continue
            for message in new:
                if message["author"] == author:
                    return message
        raise AssertionError(f"nothing from {author} in {seconds} s; heard {self.messages}")

    def asks(self, text: str, **body: Any) -> dict[str, Any]:
        """Say something and wait for the bot."""
        self.look()
        response = self.post(text=text, **body)
        assert response.status_code == 202, response.text
        return self.hears("bot")

    def presses(self, title: str) -> dict[str, Any]:
        """Press a button of the last bot message and wait for the bot."""
        buttons = next(
            m["data"]["buttons"] for m in reversed(self.messages) if m["data"].get("buttons")
        )
        payload = next(b["payload"] for b in buttons if b["title"] == title)
        return self.asks(title, payload=payload)


@contextmanager
def visitor(platform: Platform) -> Iterator[Visitor]:
    """A customer who has just opened the widget."""
    with httpx.Client(base_url=platform.url, timeout=40, trust_env=False) as client:
        yield Visitor(client)


@contextmanager
def desk(platform: Platform, username: str = "staff1") -> Iterator[httpx.Client]:
    """A signed-in member of staff, without a browser."""
    with httpx.Client(base_url=platform.url, timeout=40, trust_env=False) as client:
        answer = client.post(
            "/api/desk/login", json={"username": username, "password": DEMO_PASSWORD}
        )
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        yield client


@contextmanager
def running_platform(folder: Path, **settings: str) -> Iterator[Platform]:
    """Start everything over an empty database in a folder, and stop it at the end.

    Args:
        folder: Where the database and the log of the supervisor go.
        settings: Environment variables that differ, for instance ``DATABASE_URL``.
    """
    port = free_port()
    environment = {
        **os.environ,
        "PORT": str(port),
        "DATABASE_URL": f"sqlite:///{folder}/platform.db",
        "TRACKER_STORE_URL": f"sqlite:///{folder}/trackers.db",
        "DEMO_PASSWORD": DEMO_PASSWORD,
        **settings,
    }
    with (folder / "supervisor.log").open("wb") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "bot.processes", "run"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    platform = Platform(f"http://127.0.0.1:{port}", supervisor, environment["DATABASE_URL"])
    try:
        platform.wait_until_ready()
        yield platform
    finally:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(90)
