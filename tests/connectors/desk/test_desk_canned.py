"""Canned replies: one's own, the team's, and published entries, offered and filled in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bot.cases.service import open_case
from bot.conversations.ledger import Opened
from bot.database import Database
from bot.demo import seed
from bot.desk.canned import canned_of, drop_canned
from bot.settings import Settings
from bot.staff.models import Staff
from bot.staff.service import add_staff, sign_in
from tests import factories
from tests.connectors.desk.calls import refusal
from tests.connectors.serving import Served
from tests.fakes import ENTRY, FakeClock

CANNED = "/api/desk/canned/"
MALFORMED = [
    {"shortcut": "", "title": "问好", "text": "您好"},
    {"shortcut": "a b", "title": "问好", "text": "您好"},
    {"shortcut": "长" * 21, "title": "问好", "text": "您好"},
    {"shortcut": "<b>", "title": "问好", "text": "您好"},
    {"shortcut": "nh", "title": " ", "text": "您好"},
    {"shortcut": "nh", "title": "长" * 41, "text": "您好"},
    {"shortcut": "nh", "title": "问好", "text": "\u0000"},
    {"shortcut": "nh", "title": "问好", "text": "{客户姓}您好"},
    {"shortcut": "nh", "title": "问好", "text": "您好", "team": "yes"},
    {"shortcut": 5, "title": "问好", "text": "您好"},
]


def phrase(shortcut: str, text: str, **more: Any) -> dict[str, Any]:
    """A phrase's body."""
    return {"shortcut": shortcut, "title": f"常用{shortcut}", "text": text, **more}


def offered(client: httpx.Client, text: str = "", opened: Opened | None = None) -> list[Any]:
    """What is offered for what was typed after “/”."""
    query = {"text": text, "conversation": opened.conversation.id if opened else ""}
    return list(client.get(f"{CANNED}offers", params=query).json()["offers"])


@pytest.fixture
def admin(web: Served, database: Database, clock: FakeClock) -> Iterator[httpx.Client]:
    with database.writing() as session:
        more = {"name": "赵老师", "number": "01", "role": "admin", "skills": []}
        add_staff(session, "admin", factories.PASSWORD, **more)  # type: ignore[arg-type]
        done = sign_in(session, "admin", "127.0.0.1", now=clock())
    with web.client() as client:
        client.cookies.set("desk_session", done.token)
        client.headers["X-CSRF-Token"] = done.csrf_token
        yield client


def test_own_phrases_are_ones_own_and_the_teams_are_everybodys(
    alice: httpx.Client, bob: httpx.Client, admin: httpx.Client
) -> None:
    assert alice.post(CANNED, json=phrase("NH", "您好")).json()["canned"]["shortcut"] == "nh"
    admin.post(CANNED, json=phrase("zj", "再见", team=True))
    assert [each["shortcut"] for each in alice.get(CANNED).json()["canned"]] == ["nh", "zj"]
    (team,) = bob.get(CANNED).json()["canned"]
    assert team["team"] is True
    refusal(bob.post(CANNED, json=phrase("x", "某", team=True)), 403, "forbidden")
    refusal(bob.put(f"{CANNED}{team['id']}", json=phrase("zj", "改")), 403, "forbidden")
    refusal(bob.delete(f"{CANNED}{team['id']}"), 403, "forbidden")
    own = alice.get(CANNED).json()["canned"][0]["id"]
    refusal(bob.put(f"{CANNED}{own}", json=phrase("nh", "改")), 404, "canned_not_found")
    refusal(bob.delete(f"{CANNED}{own}"), 404, "canned_not_found")
    assert [each["text"] for each in alice.get(CANNED).json()["canned"]] == ["您好", "再见"]


def test_phrase_is_changed_and_thrown_away(alice: httpx.Client) -> None:
    first = alice.post(CANNED, json=phrase("nh", "您好")).json()["canned"]["id"]
    alice.post(CANNED, json=phrase("zj", "再见"))
    taken = refusal(alice.put(f"{CANNED}{first}", json=phrase("zj", "您好")), 409, "canned_taken")
    assert "zj" in taken["message"]
    refusal(alice.post(CANNED, json=phrase("nh", "您好")), 409, "canned_taken")
    assert alice.put(f"{CANNED}{first}", json=phrase("nh", "您好！")).status_code == 200
    assert [each["text"] for each in alice.get(CANNED).json()["canned"]] == ["您好！", "再见"]
    assert alice.delete(f"{CANNED}{first}").status_code == 200
    refusal(alice.delete(f"{CANNED}{first}"), 404, "canned_not_found")
    assert [each["text"] for each in alice.get(CANNED).json()["canned"]] == ["再见"]


def test_malformed_phrase_is_refused_and_nothing_is_kept(alice: httpx.Client) -> None:
    for body in MALFORMED:
        refusal(alice.post(CANNED, json=body), 422, "bad_input")
    refusal(alice.post(CANNED, json=phrase("nh", "长" * 2_001)), 413, "too_large")
    refusal(alice.get(f"{CANNED}offers", params={"text": "长" * 61}), 422, "bad_input")
    for key in ("", "x", "faq:", "canned:1;", 5):
        refusal(alice.post(f"{CANNED}used", json={"key": key}), 422, "bad_input")
    del alice.headers["X-CSRF-Token"]
    refusal(alice.post(CANNED, json=phrase("nh", "您好")), 403, "csrf_missing")
    refusal(alice.post(f"{CANNED}used", json={"key": "canned:1"}), 403, "csrf_missing")
    assert alice.get(CANNED).json()["canned"] == []


def test_offers_are_found_by_short_cut_initials_and_words(alice: httpx.Client) -> None:
    alice.post(CANNED, json=phrase("nh", "您好，请问有什么可以帮您"))
    assert offered(alice, "n")[0]["shortcut"] == "nh"
    assert [each["source"] for each in offered(alice, "请问有什么")] == ["own", "faq"]
    by_title = offered(alice, ENTRY.title[:4])
    assert by_title[0]["key"] == f"faq:{ENTRY.id}"
    assert ENTRY.basis[0] in by_title[0]["text"]
    assert offered(alice, "qqqqqq") == []


def test_variables_are_filled_for_the_conversation(
    alice: httpx.Client, waiting: Opened, database: Database, clock: FakeClock
) -> None:
    text = "{客户姓名}您好，{案件号} 由 {姓名}（{工号} 号）跟进。"
    alice.post(CANNED, json=phrase("gj", text))
    assert offered(alice, "gj", waiting)[0]["text"] == (
        "{客户姓名}您好，{案件号} 由 爱丽丝（11 号）跟进。"
    )
    with database.writing() as session:
        case = open_case(
            session,
            "校准卡尺",
            now=clock(),
            contact="陈工",
            company="云州恒泰泵业有限公司",
            conversation_id=waiting.conversation.id,
        )
    offer = offered(alice, "gj", waiting)[0]
    assert offer["text"] == f"陈工您好，{case.number} 由 爱丽丝（11 号）跟进。"
    assert offer["template"] == text
    assert offered(alice, "gj")[0]["text"].startswith("{客户姓名}您好")


def test_what_was_used_last_is_offered_first(alice: httpx.Client, clock: FakeClock) -> None:
    for shortcut in ("aa", "bb"):
        alice.post(CANNED, json=phrase(shortcut, "您好"))
    assert [each["shortcut"] for each in offered(alice)] == ["aa", "bb"]
    for key in (f"canned:{offered(alice)[1]['id']}", f"faq:{ENTRY.id}"):
        clock.advance(minutes=1)
        assert alice.post(f"{CANNED}used", json={"key": key}).status_code == 200
    assert offered(alice)[0]["key"] == f"faq:{ENTRY.id}"
    assert [each["shortcut"] for each in offered(alice)] == ["", "bb", "aa"]


def test_nobody_and_the_coordinator_have_no_phrases(
    mallory: httpx.Client, coordinator: httpx.Client
) -> None:
    refusal(mallory.get(CANNED), 401, "unauthorized")
    refusal(mallory.post(CANNED, json=phrase("nh", "您好")), 401, "unauthorized")
    refusal(coordinator.get(CANNED), 403, "forbidden")
    refusal(coordinator.post(CANNED, json=phrase("nh", "您好")), 403, "forbidden")


def test_team_begins_with_phrases_that_can_be_filled_in(database: Database) -> None:
    settings = Settings(demo_password=factories.PASSWORD)
    for _ in range(2):  # put in once, not at every start
        seed(database, settings)
    with database.writing() as session:
        admin = session.query(Staff).filter_by(username="admin").one()
        phrases = canned_of(session, admin)
        assert len(phrases) == 8
        drop_canned(session, admin, phrases[0].id)
    seed(database, settings)
    with database.reading() as session:
        assert len(canned_of(session, session.query(Staff).first() or admin)) == 7
