"""Enterprises at the desk: kept, given out, shown with what the reader may see of them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot.cases.service import open_case
from bot.conversations.ledger import Opened
from bot.conversations.models import Conversation
from bot.database import Database
from bot.enterprises.models import BindingCode, BindingEvent, Enterprise, Membership
from tests import factories
from tests.bot.enterprises.cast import PUMPS, VALVES
from tests.connectors.desk.calls import path, refusal, seen_by
from tests.connectors.serving import Served
from tests.fakes import FakeClock

KEPT = {"name": "云州启闭阀门有限公司", "credit_code": VALVES, "region": "云州市"}
MALFORMED = [
    b"{",
    b"[]",
    b"{}",
    b'{"name": 5, "credit_code": "x"}',
    b'{"name": "\\u0000\\u0000\\u0000\\u0000", "credit_code": "%s"}' % VALVES.encode(),
    b'{"name": "%s", "credit_code": "%s"}' % ("阀".encode() * 201, VALVES.encode()),
    b'{"name": "abcd", "credit_code": "91350700MA2XDEM0AX"}',
    b'{"name": "abcd", "credit_code": "%s", "region": "x"}' % VALVES.encode(),
]


def keep(client: httpx.Client, **more: str) -> dict[str, Any]:
    answer = client.post("/api/desk/enterprises", json={**KEPT, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["enterprise"])


def give(
    client: httpx.Client, opened: Opened, enterprise: int, way: str = "code"
) -> httpx.Response:
    body = {"enterprise_id": enterprise, "way": way}
    return client.post(path(opened, "binding"), json=body)


def types(web: Served, opened: Opened, text: str) -> None:
    with web.client() as client:
        answer = client.post(
            f"/api/widget/conversations/{opened.conversation.id}/messages",
            json={"client_id": text.replace(" ", "-").replace("绑定", "b"), "text": text},
            headers={"Authorization": f"Bearer {opened.token}"},
        )
        assert answer.status_code == 202, answer.text


def test_staff_keep_an_enterprise_give_a_code_and_the_customer_is_bound(
    alice: httpx.Client, waiting: Opened, web: Served, database: Database
) -> None:
    assert alice.get(path(waiting)).json()["enterprise"] is None
    made = keep(alice)
    found = alice.get("/api/desk/enterprises", params={"text": "启闭"}).json()["enterprises"]
    assert found == [made]
    given = give(alice, waiting, made["id"])
    assert given.status_code == 201
    types(web, waiting, f"绑定 {given.json()['code']}")
    assert seen_by(database, waiting)[-1].startswith("已绑定：云州启闭阀门有限公司")
    shown = alice.get(path(waiting)).json()["enterprise"]
    assert {**made, **shown} == shown
    assert (shown["others"], shown["earlier"], shown["cases"]) == ([], [], [])


def test_staff_unbind_and_the_customer_is_told(
    alice: httpx.Client, waiting: Opened, web: Served, database: Database
) -> None:
    made = keep(alice)
    refusal(alice.delete(path(waiting, "binding")), 404, "enterprise_not_found")
    types(web, waiting, f"绑定 {give(alice, waiting, made['id']).json()['code']}")
    assert alice.delete(path(waiting, "binding")).status_code == 200
    assert "工作人员已解除" in seen_by(database, waiting)[-1]
    assert alice.get(path(waiting)).json()["enterprise"] is None
    with database.reading() as session:
        acts = [(each.act, each.by) for each in session.scalars(select(BindingEvent))]
    assert acts == [("bound", "customer"), ("unbound", "staff")]


def test_malformed_enterprises_and_offers_leave_nothing_behind(
    alice: httpx.Client, waiting: Opened, database: Database
) -> None:
    for content in MALFORMED:
        refusal(alice.post("/api/desk/enterprises", content=content), 422, "bad_input")
    made = keep(alice)
    error = refusal(
        alice.post("/api/desk/enterprises", json={**KEPT, "name": "同一个代码"}),
        409,
        "enterprise_known",
    )
    assert error["enterprise"] == made
    for body in (
        {},
        {"enterprise_id": made["id"]},
        {"enterprise_id": "1", "way": "code"},
        {"enterprise_id": True, "way": "code"},
        {"enterprise_id": 0, "way": "code"},
        {"enterprise_id": 2**31, "way": "code"},
        {"enterprise_id": made["id"], "way": "post"},
        # Neither an address of our own nor WeChat is set up here.
        {"enterprise_id": made["id"], "way": "link"},
        {"enterprise_id": made["id"], "way": "scene"},
    ):
        refusal(alice.post(path(waiting, "binding"), json=body), 422, "bad_input")
    refusal(give(alice, waiting, 99_999), 404, "enterprise_not_found")
    unknown = alice.post(
        "/api/desk/conversations/x/binding", json={"enterprise_id": 1, "way": "code"}
    )
    refusal(unknown, 404, "conversation_not_found")
    with database.reading() as session:
        assert session.query(Enterprise).count() == 1
        assert session.query(BindingCode).count() == 0


def test_without_the_token_nothing_is_kept_given_or_ended(
    alice: httpx.Client, waiting: Opened, database: Database
) -> None:
    made = keep(alice)
    token = alice.headers.pop("X-CSRF-Token")
    refusal(alice.post("/api/desk/enterprises", json=KEPT), 403, "csrf_missing")
    refusal(give(alice, waiting, made["id"]), 403, "csrf_missing")
    refusal(alice.delete(path(waiting, "binding")), 403, "csrf_missing")
    alice.headers["X-CSRF-Token"] = token
    assert give(alice, waiting, made["id"]).status_code == 201


@pytest.fixture
def firm(
    alice: httpx.Client, waiting: Opened, web: Served, database: Database, clock: FakeClock
) -> Opened:
    """A colleague of 小林 who was served before, by 小林's side now bound to the same company."""
    enterprise = keep(alice)["id"]
    with database.writing() as session:
        colleague = factories.xiaolin(session, clock)
        factories.writes(session, colleague, "商标怎么注册", clock)
        session.get_one(Conversation, colleague.conversation.id).category = "ip"
    for opened in (colleague, waiting):
        types(web, opened, f"绑定 {give(alice, waiting, enterprise).json()['code']}")
    with database.writing() as session:
        open_case(
            session,
            "注册商标",
            now=clock(),
            contact="赵敏",
            phone="13900001234",
            conversation_id=colleague.conversation.id,
        )
    return colleague


def test_the_panel_names_colleagues_and_never_how_to_reach_them(
    alice: httpx.Client, waiting: Opened, firm: Opened, database: Database
) -> None:
    [other] = alice.get(path(waiting)).json()["enterprise"]["others"]
    assert other["name"] == "赵敏"
    assert other.keys() == {"name", "channel", "bound_at"}
    with database.reading() as session:
        assert session.query(Membership).count() == 2


def test_colleagues_conversations_and_cases_are_told_to_those_who_may_read_them(
    alice: httpx.Client, supervisor: httpx.Client, waiting: Opened, firm: Opened, database: Database
) -> None:
    # Trade marks are somebody else's business as soon as there is somebody for them.
    with database.writing() as session:
        factories.bob(session).skills = ["ip"]
    for reader, expected in ((alice, 0), (supervisor, 1)):
        shown = reader.get(path(waiting)).json()["enterprise"]
        assert len(shown["earlier"]) == expected
        assert len(shown["cases"]) == expected
    assert shown["earlier"][0]["id"] == firm.conversation.id
    assert shown["cases"][0]["need"] == "注册商标"


def test_another_enterprises_people_are_not_shown(
    alice: httpx.Client, waiting: Opened, firm: Opened, web: Served
) -> None:
    pumps = keep(alice, name="云州扬程泵业有限公司", credit_code=PUMPS)["id"]
    types(web, waiting, f"绑定 {give(alice, waiting, pumps).json()['code']}")
    shown = alice.get(path(waiting)).json()["enterprise"]
    assert shown["name"] == "云州扬程泵业有限公司"
    assert (shown["others"], shown["earlier"], shown["cases"]) == ([], [], [])
