"""Erasing a customer over HTTP: who may, whom they must name, and what is gone afterwards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
from sqlalchemy import create_engine, text

from bot.conversations.ledger import Opened
from bot.conversations.models import Customer
from bot.database import Database
from tests.connectors.desk.calls import path, refusal
from tests.connectors.serving import Served


def _is_erased(database: Database, opened: Opened) -> bool:
    with database.reading() as session:
        customer = session.get_one(Customer, opened.conversation.customer_id)
        return customer.erased_at is not None


def _name(who: httpx.Client, opened: Opened) -> str:
    return str(who.get(path(opened)).json()["customer"]["name"])


def test_supervisor_erases_whom_they_name_once_nobody_serves_them(
    supervisor: httpx.Client, waiting: Opened, database: Database, web: Served, tmp_path: Path
) -> None:
    trackers = f"sqlite:///{tmp_path}/trackers.db"
    engine = create_engine(trackers)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE rasa_trackers (sender_id TEXT, events TEXT)"))
        theirs = {"id": f"{waiting.conversation.id}.0"}
        connection.execute(text("INSERT INTO rasa_trackers VALUES (:id, '[]')"), theirs)
    web.app.ctx.settings = replace(web.app.ctx.settings, tracker_store_url=trackers)
    body = {"name": _name(supervisor, waiting)}
    refusal(supervisor.post(path(waiting, "erase_customer"), json=body), 409, "conflict")
    assert supervisor.post(path(waiting, "accept")).status_code == 200
    assert supervisor.post(path(waiting, "resolve"), json={"outcome": "好"}).status_code == 200
    for wrong in ("", "别人", 7, None):
        answer = supervisor.post(path(waiting, "erase_customer"), json={"name": wrong})
        refusal(answer, 422, "bad_input")
    assert not _is_erased(database, waiting)
    answer = supervisor.post(path(waiting, "erase_customer"), json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["erased"]["conversations"] == 1
    assert _is_erased(database, waiting)
    seen = supervisor.get(path(waiting)).json()
    assert {each["text"] for each in seen["messages"]} == {"［已按客户要求删除］"}
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM rasa_trackers")).scalar() == 0
    engine.dispose()


def test_staff_may_not_erase(alice: httpx.Client, waiting: Opened, database: Database) -> None:
    body = {"name": _name(alice, waiting)}
    refusal(alice.post(path(waiting, "erase_customer"), json=body), 403, "forbidden")
    assert not _is_erased(database, waiting)
