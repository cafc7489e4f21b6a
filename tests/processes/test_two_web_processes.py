"""Two web processes over one PostgreSQL: news passes between them, and one may die."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from bot import ledger
from bot.processes.children import LOGS
from tests.postgresql import postgresql_server
from tests.running import Platform, Visitor, desk, running_platform

pytestmark = [pytest.mark.rasa, pytest.mark.processes, pytest.mark.postgres]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The whole product with two web processes over an empty PostgreSQL."""
    folder = tmp_path_factory.mktemp("two")
    with (
        postgresql_server() as url,
        running_platform(
            folder, DATABASE_URL=url, TRACKER_STORE_URL="", WEB_PROCESSES="2"
        ) as running,
    ):
        yield running


@pytest.fixture
def customers(platform: Platform) -> Iterator[list[Visitor]]:
    """Several customers, each with a connection of their own, so that both processes serve."""
    with ExitStack() as stack:
        clients = [
            stack.enter_context(httpx.Client(base_url=platform.url, timeout=40, trust_env=False))
            for _ in range(8)
        ]
        yield [Visitor(each) for each in clients]


def test_what_one_process_stores_wakes_who_waits_at_the_other(
    platform: Platform, customers: list[Visitor]
) -> None:
    began = {path: path.stat().st_size for path in LOGS.glob("*.log")}
    for each in customers:
        assert each.post(text="转人工").status_code == 202
        each.hears("system")
    with desk(platform) as staff:
        for each in customers:
            staff.post(f"/api/desk/conversations/{each.id}/accept")
            each.hears("system")
            path = f"/api/desk/conversations/{each.id}/messages"
            staff.post(path, json={"client_id": each.id, "text": "您好"})
            assert [m["text"] for m in each.look(wait=20)] == ["您好"]
    # A process says so when it finds news of which no notification has come.
    for path in LOGS.glob("web*.log"):
        assert b"news_missed" not in path.read_bytes()[began.get(path, 0) :]


def test_turns_of_a_killed_process_are_answered_by_the_other(
    platform: Platform, customers: list[Visitor]
) -> None:
    first, second = platform.pids_of("-m connectors")
    for each in customers:
        assert each.post(text="检测报告有效期是多久").status_code == 202
    os.kill(first, signal.SIGKILL)
    assert second in platform.pids_of("-m connectors")
    for each in customers:
        assert each.hears("bot", seconds=60)["text"]
        said = [message for message in each.messages if message["author"] == "customer"]
        assert len(said) == 1
    deadline = time.monotonic() + 120
    while len(platform.pids_of("-m connectors")) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_both_processes_die_and_nobody_is_turned_away(
    platform: Platform, customers: list[Visitor]
) -> None:
    for pid in platform.pids_of("-m connectors"):
        os.kill(pid, signal.SIGKILL)
    with httpx.Client(base_url=platform.url, timeout=120, trust_env=False) as client:
        # The socket is the supervisor's: the call waits until somebody serves again.
        assert client.get("/healthz").status_code == 200


def test_ledger_explains_every_message(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    found = ledger.main(["audit"], {"DATABASE_URL": platform.database_url})
    assert found == ledger.CLEAN, capsys.readouterr().out
