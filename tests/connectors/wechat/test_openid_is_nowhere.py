"""A whole run over the chat: no answer, page, log line or other table ever names 小陈's OpenID."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import inspect, select, text

from bot.cases.service import open_case
from bot.conversations.models import Conversation, Message
from bot.database import Database
from bot.staff.service import add_staff, sign_in
from tests.bot.enterprises.cast import VALVES
from tests.connectors.serving import Served
from tests.connectors.wechat.conftest import XIAOCHEN
from tests.connectors.wechat.talking import settled
from tests.factories import PASSWORD
from tests.factories import alice as hire_alice
from tests.fakes import FakeClock
from tests.files import png
from tests.wechat_stand_in.phone import Phone, text_element

_OURS = ("bot", "connectors", "sanic", "knowledge")
_C = "/api/desk/conversations"


class Recorder:
    """Keeps every answer that anybody got from the web application."""

    def __init__(self, web: Served) -> None:
        self.web = web
        self.answers: list[httpx.Response] = []
        self.clients: list[httpx.Client] = []

    def client(self, **headers: str) -> httpx.Client:
        """A caller whose answers are kept."""
        made = self.web.client()
        made.headers.update(headers)
        made.event_hooks["response"] = [self.keep]
        self.clients.append(made)
        return made

    def staff(self, database: Database, username: str) -> httpx.Client:
        """Somebody signed in at the desk."""
        with database.writing() as session:
            done = sign_in(session, username, "127.0.0.1", now=self.web.app.ctx.clock())
        made = self.client(**{"X-CSRF-Token": done.csrf_token})
        made.cookies.set("desk_session", done.token)
        return made

    def keep(self, answer: httpx.Response) -> None:
        """Keep an answer, read to its end."""
        answer.read()
        self.answers.append(answer)


@pytest.fixture
def recorder(web: Served) -> Iterator[Recorder]:
    made = Recorder(web)
    yield made
    for client in made.clients:
        client.close()


def ok(answer: httpx.Response) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json()


def runs(
    phone: Phone, recorder: Recorder, database: Database, clock: FakeClock
) -> tuple[httpx.Client, httpx.Client]:
    """小陈 follows, asks, sends things, is bound and served, scores; Alice does all she can."""
    web, tencent = recorder.web, phone.tencent
    with database.writing() as session:
        hire_alice(session)
        add_staff(
            session, "chief", PASSWORD, name="孙主任", number="4", role="supervisor", skills=[]
        )
    desk, chief = recorder.staff(database, "alice"), recorder.staff(database, "chief")
    phone.client.event_hooks["response"] = [recorder.keep]
    phone.does("subscribe", "<EventKey>qrscene_station_1</EventKey>")
    phone.writes("压力表多久检定一次")
    settled(web)
    tencent.media["PICTURE"] = png(3, 3)
    phone.sends("image", "<MediaId>PICTURE</MediaId>")
    place = "<Location_X>26.6</Location_X><Location_Y>118.2</Location_Y>"
    phone.sends("location", place + text_element("Label", "云东区"))
    phone.sends("voice", "<MediaId>VOICE</MediaId><Recognition></Recognition>")
    settled(web)
    with database.reading() as session:
        conversation_id = session.scalars(select(Conversation.id)).one()
    with database.writing() as session:
        now, here = clock(), conversation_id
        open_case(session, "校准", now=now, phone="13900001234", conversation_id=here)
    kept = {"name": "云州启闭阀门有限公司", "credit_code": VALVES}
    enterprise = ok(desk.post("/api/desk/enterprises", json=kept))["enterprise"]
    asked = {"enterprise_id": enterprise["id"]}
    for way in ("link", "scene", "code"):
        given = ok(desk.post(f"{_C}/{conversation_id}/binding", json={**asked, "way": way}))
    phone.writes(f"绑定 {given['code']}")
    phone.writes("转人工")
    settled(web)
    with database.writing() as session:
        conversation = session.get_one(Conversation, conversation_id)
        web.app.ctx.handoff.request_handoff(session, conversation, "customer_asked", now=clock())
    ok(desk.post(f"{_C}/{conversation_id}/accept"))
    said = {"client_id": str(uuid4()), "text": "您好"}
    ok(desk.post(f"{_C}/{conversation_id}/messages", json=said))
    settled(web)
    tencent.switches.always = 48002
    refused = {"client_id": str(uuid4()), "text": "在吗"}
    ok(desk.post(f"{_C}/{conversation_id}/messages", json=refused))
    settled(web)
    tencent.switches.always = 0
    ok(desk.post(f"{_C}/{conversation_id}/resolve", json={"outcome": "已解答"}))
    settled(web)
    phone.writes("5")
    settled(web)
    return desk, chief


def addresses(web: Served, database: Database) -> Iterator[str]:
    """Every address that can be read, filled with what this run has made."""
    with database.reading() as session:
        conversations = session.scalars(select(Conversation.id)).all()
        messages = session.scalars(select(Message.id)).all()
        attachments = session.execute(text("SELECT id FROM attachments")).scalars().all()
    filled = {
        "conversation_id": list(conversations),
        "message_id": list(messages),
        "attachment_id": list(attachments),
        "username": ["alice"],
        "number": ["x"],
        "__file_uri__": ["base.css"],
    }
    for route in web.app.router.routes:
        if "GET" not in route.methods:
            continue
        [*names] = re.findall(r"<(\w+):", f"/{route.path}")
        for value in filled[names[0]] if names else [""]:
            yield re.sub(r"<\w+:\w+>", value, f"/{route.path}")


def test_no_answer_page_log_or_table_names_an_openid(
    web: Served,
    xiaochen: Phone,
    recorder: Recorder,
    database: Database,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in _OURS:
        caplog.set_level(logging.DEBUG, logger=name)
    desk, chief = runs(xiaochen, recorder, database, clock)
    stranger = recorder.client()
    opened = ok(stranger.post("/api/widget/conversations", json={}))
    stranger.headers["Authorization"] = f"Bearer {opened['token']}"
    read = list(addresses(web, database))
    for caller in (desk, chief, stranger):
        for address in read:
            caller.get(address, params={"text": "压力表", "after": "0"})
        caller.get(_C, params={"status": "resolved"})
    told = [answer for answer in recorder.answers if answer.status_code == 200]
    assert len(told) > 60
    # What they show is this run, and not nothing.
    assert sum("压力表多久检定一次" in answer.text for answer in told) > 2
    for answer in recorder.answers:
        whole = f"{answer.headers} {answer.text}"
        assert XIAOCHEN not in whole, answer.request.url
    lines = [each for each in caplog.records if each.name.startswith(_OURS)]
    assert any("wechat_received" in each.getMessage() for each in lines)
    assert any("enterprise_bound" in each.getMessage() for each in lines)
    for each in lines:
        assert XIAOCHEN not in f"{each.getMessage()} {each.exc_text}"
    assert places(database) == {"customers.address"}


def places(database: Database) -> set[str]:
    """The columns that hold the OpenID."""
    found = set()
    with database.reading() as session:
        for table in inspect(session.connection()).get_table_names():
            for row in session.execute(text(f"SELECT * FROM {table}")).mappings():
                found |= {f"{table}.{name}" for name, v in row.items() if XIAOCHEN in str(v)}
    return found


def test_what_stands_for_an_openid_needs_our_key(web: Served) -> None:
    account = web.app.ctx.wechat_account
    shown = account.masked(XIAOCHEN)
    assert shown == account.masked(XIAOCHEN) != account.masked(XIAOCHEN + "x")
    assert re.fullmatch(r"[0-9a-f]{12}", shown)
    assert replace(account, link_key=b"another").masked(XIAOCHEN) != shown
