"""What the desk remembers for each member of staff: drafts, what was read, who was called."""

from __future__ import annotations

from typing import Any

import httpx

from bot.conversations.ledger import Opened
from bot.database import Database
from tests import factories
from tests.connectors.desk.calls import path, refusal, said
from tests.fakes import FakeClock

VERSION = 1_795_000_000_000
MALFORMED_DRAFTS = [
    b"{", b"[]", b"{}", b'{"mode": "reply", "text": "a"}',
    b'{"mode": "x", "text": "a", "version": 1}',
    b'{"mode": "reply", "text": 5, "version": 1}', b'{"mode": "reply", "text": "a", "version": 0}',
    b'{"mode": "reply", "text": "a", "version": 1.5}',
    b'{"mode": "reply", "text": "a", "version": 99999999999999}',
]  # fmt: skip


def draft(text: str, version: int = VERSION, mode: str = "reply") -> dict[str, Any]:
    """A draft's body."""
    return {"mode": mode, "text": text, "version": version}


def kept(client: httpx.Client, opened: Opened) -> dict[str, str]:
    """The texts of the caller's drafts."""
    drafts = client.get(path(opened)).json()["drafts"]
    return {mode: each["text"] for mode, each in drafts.items() if each["text"]}


def row(client: httpx.Client, status: str = "queued") -> dict[str, Any]:
    """The only row of a list."""
    query = {"status": status}
    (found,) = client.get("/api/desk/conversations", params=query).json()["conversations"]
    return dict(found)


def test_draft_is_kept_for_its_writer_and_nobody_else(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened
) -> None:
    assert kept(alice, waiting) == {}
    alice.put(path(waiting, "draft"), json=draft("您好，"))
    alice.put(path(waiting, "draft"), json=draft("客户很急", mode="note"))
    assert kept(alice, waiting) == {"reply": "您好，", "note": "客户很急"}
    assert row(alice)["has_draft"] is True
    assert kept(bob, waiting) == {}
    assert row(bob)["has_draft"] is False


def test_older_draft_that_comes_late_changes_nothing(alice: httpx.Client, waiting: Opened) -> None:
    alice.put(path(waiting, "draft"), json=draft("第二版", VERSION + 1))
    answer = alice.put(path(waiting, "draft"), json=draft("第一版", VERSION))
    assert answer.json()["draft"]["text"] == "第二版"
    assert kept(alice, waiting) == {"reply": "第二版"}


def test_draft_is_gone_once_it_is_sent_and_stays_if_it_says_more(
    alice: httpx.Client, waiting: Opened
) -> None:
    alice.post(path(waiting, "accept"))
    alice.put(path(waiting, "draft"), json=draft(" 您好。\n"))
    alice.put(path(waiting, "draft"), json=draft("客户很急，尽快", mode="note"))
    alice.post(path(waiting, "messages"), json=said("您好。"))
    alice.post(path(waiting, "messages"), json=said("客户很急", private=True))
    assert kept(alice, waiting) == {"note": "客户很急，尽快"}
    # The request that saved it may be overtaken by the one that sent it.
    alice.put(path(waiting, "draft"), json=draft("您好。", VERSION))
    assert "reply" not in kept(alice, waiting)
    alice.put(path(waiting, "draft"), json=draft("另外", VERSION + 1))
    assert kept(alice, waiting)["reply"] == "另外"


def test_malformed_draft_is_refused_and_nothing_is_kept(
    alice: httpx.Client, waiting: Opened
) -> None:
    for body in MALFORMED_DRAFTS:
        refusal(alice.put(path(waiting, "draft"), content=body), 422, "bad_input")
    refusal(alice.put(path(waiting, "draft"), json=draft("长" * 8_001)), 413, "too_large")
    unknown = "/api/desk/conversations/nobody/draft"
    refusal(alice.put(unknown, json=draft("a")), 404, "conversation_not_found")
    del alice.headers["X-CSRF-Token"]
    refusal(alice.put(path(waiting, "draft"), json=draft("a")), 403, "csrf_missing")
    assert kept(alice, waiting) == {}
    assert alice.get(path(waiting)).json()["drafts"] == {}


def test_unread_counts_what_the_customer_said_since_one_looked(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, database: Database, clock: FakeClock
) -> None:
    assert row(alice)["unread"] == 1
    seen = row(alice)["last_seq"]
    assert alice.put(path(waiting, "read"), json={"seq": seen}).json() == {"read_seq": seen}
    assert (row(alice)["unread"], row(bob)["unread"]) == (0, 1)
    with database.writing() as session:
        factories.writes(session, waiting, "在吗", clock)
        factories.writes(session, waiting, "喂", clock)
    assert (row(alice)["unread"], row(bob)["unread"]) == (2, 3)
    # Another device reports late what it saw before; the newest message is the most one can see.
    alice.put(path(waiting, "read"), json={"seq": 10_000})
    alice.put(path(waiting, "read"), json={"seq": 1})
    assert row(alice)["unread"] == 0
    assert row(alice)["read_seq"] == row(alice)["last_seq"]


def test_malformed_mark_is_refused(alice: httpx.Client, waiting: Opened) -> None:
    for body in (b"{", b"{}", b'{"seq": -1}', b'{"seq": "1"}', b'{"seq": 99999999999}'):
        refusal(alice.put(path(waiting, "read"), content=body), 422, "bad_input")
    unknown = "/api/desk/conversations/nobody/read"
    refusal(alice.put(unknown, json={"seq": 1}), 404, "conversation_not_found")
    assert row(alice)["unread"] == 1


def test_colleague_named_in_a_note_is_told_until_they_look(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened
) -> None:
    alice.post(path(waiting, "accept"))
    cursor = bob.get("/api/desk/me").json()["cursor"]
    note = alice.post(path(waiting, "messages"), json=said("@鲍勃 帮忙看下型号", private=True))
    assert [each["name"] for each in note.json()["message"]["data"]["mentions"]] == ["鲍勃"]
    (change,) = [
        each
        for each in bob.get("/api/desk/changes", params={"after": cursor}).json()["changes"]
        if each["type"] == "mention"
    ]
    assert change["to"] == "bob"
    assert "型号" not in str(change)
    told = bob.get("/api/desk/mentions").json()
    assert told["unread"] == 1
    assert told["mentions"][0]["text"] == "@鲍勃 帮忙看下型号"
    assert told["mentions"][0]["by"]["name"] == "爱丽丝"
    assert alice.get("/api/desk/mentions").json() == {"mentions": [], "unread": 0}
    detail = bob.get(path(waiting)).json()
    assert detail["conversation"]["mentioned"] is True
    answer = bob.post(path(waiting, "messages"), json=said("是 DN50", private=True))
    assert answer.status_code == 201
    bob.put(path(waiting, "read"), json={"seq": detail["conversation"]["last_seq"]})
    told = bob.get("/api/desk/mentions").json()
    assert (told["unread"], told["mentions"][0]["is_read"]) == (0, True)


def test_only_notes_call_colleagues_and_each_once(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened
) -> None:
    alice.post(path(waiting, "accept"))
    alice.post(path(waiting, "messages"), json=said("我请 @鲍勃 看"))
    assert bob.get("/api/desk/mentions").json()["unread"] == 0
    body = said("＠鲍勃 @12号 @bob @爱丽丝 @陌生人", private=True)
    for _ in range(2):
        assert alice.post(path(waiting, "messages"), json=body).status_code == 201
    assert bob.get("/api/desk/mentions").json()["unread"] == 1
    assert alice.get("/api/desk/mentions").json()["unread"] == 0


def test_list_of_the_old_comes_in_pages_without_gap_or_repetition(
    alice: httpx.Client, database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        for number in range(130):
            opened = factories.xiaolin(session, clock)
            factories.writes(session, opened, f"第 {number} 位", clock)
            clock.advance(seconds=number % 3)  # some begin at the same moment
    seen: list[str] = []
    query = {"status": "bot"}
    for _ in range(5):
        page = alice.get("/api/desk/conversations", params=query).json()
        seen += [each["id"] for each in page["conversations"]]
        if page["more"] is None:
            break
        query["after"] = page["more"]
    assert (len(seen), len(set(seen))) == (130, 130)
    for wrong in ("x", "2026-11-24~", "2026-11-24T00:00:00+00:00~" + "a" * 33):
        query["after"] = wrong
        refusal(alice.get("/api/desk/conversations", params=query), 422, "bad_input")
