"""Who sits at the desk of the served application, and who waits for them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from bot.conversations.ledger import Opened
from bot.database import Database
from bot.staff.service import add_staff, sign_in
from tests import factories
from tests.connectors.serving import Served
from tests.fakes import FakeClock


@pytest.fixture
def alice(web: Served, database: Database, clock: FakeClock) -> Iterator[httpx.Client]:
    with database.writing() as session:
        factories.alice(session)
    yield from _signed_in(web, database, clock, "alice")


@pytest.fixture
def bob(web: Served, database: Database, clock: FakeClock) -> Iterator[httpx.Client]:
    with database.writing() as session:
        factories.bob(session)
    yield from _signed_in(web, database, clock, "bob")


@pytest.fixture
def coordinator(web: Served, database: Database, clock: FakeClock) -> Iterator[httpx.Client]:
    _hire(database, "coordinator", "周科长", "02")
    yield from _signed_in(web, database, clock, "coordinator")


@pytest.fixture
def supervisor(web: Served, database: Database, clock: FakeClock) -> Iterator[httpx.Client]:
    _hire(database, "supervisor", "孙主任", "04")
    yield from _signed_in(web, database, clock, "supervisor")


@pytest.fixture
def admin(web: Served, database: Database, clock: FakeClock) -> Iterator[httpx.Client]:
    _hire(database, "admin", "赵老师", "01")
    yield from _signed_in(web, database, clock, "admin")


@pytest.fixture
def mallory(web: Served) -> Iterator[httpx.Client]:
    with web.client() as client:
        yield client


@pytest.fixture
def waiting(web: Served, database: Database, clock: FakeClock) -> Opened:
    """小林, who asked for a person."""
    with database.writing() as session:
        opened = factories.xiaolin(session, clock)
        factories.writes(session, opened, "压力表多久检定一次", clock)
        web.app.ctx.handoff.request_handoff(
            session, opened.conversation, "customer_asked", now=clock()
        )
    return opened


def _hire(database: Database, role: str, name: str, number: str) -> None:
    with database.writing() as session:
        add_staff(session, role, factories.PASSWORD, name=name, number=number, role=role, skills=[])


def _signed_in(
    web: Served, database: Database, clock: FakeClock, username: str
) -> Iterator[httpx.Client]:
    with database.writing() as session:
        done = sign_in(session, username, "127.0.0.1", now=clock())
    with web.client() as client:
        client.cookies.set("desk_session", done.token)
        client.headers["X-CSRF-Token"] = done.csrf_token
        yield client
