"""What staff do with a conversation: accept, speak, hand back, end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx

from bot.conversations.ledger import Opened
from bot.conversations.models import Conversation
from bot.database import Database
from tests.connectors.desk.calls import path, refusal, said, seen_by
from tests.fakes import FakeClock

HTML = "<img src=x onerror=alert(1)> '; DROP TABLE messages; --"

# Each application takes a while to start, so what is refused alike is tried in one test.
MALFORMED_MESSAGES = [
    (b"{", 422, "bad_input"),
    (b"null", 422, "bad_input"),
    (b"[1]", 422, "bad_input"),
    (b"\xff\xfe", 422, "bad_input"),
    (b"[" * 100_000, 422, "bad_input"),
    (b"{}", 422, "bad_input"),
    (b'{"client_id": "a"}', 422, "bad_input"),
    (b'{"client_id": "a", "text": ""}', 422, "bad_input"),
    (b'{"client_id": "a", "text": " \\n "}', 422, "bad_input"),
    (b'{"client_id": "a", "text": "\\u0000\\u0007"}', 422, "bad_input"),
    (b'{"client_id": "a", "text": 5}', 422, "bad_input"),
    (b'{"client_id": "a", "text": ["x"]}', 422, "bad_input"),
    (b'{"client_id": 7, "text": "x"}', 422, "bad_input"),
    (b'{"client_id": "", "text": "x"}', 422, "bad_input"),
    (b'{"client_id": "a", "text": "x", "private": "yes"}', 422, "bad_input"),
    (b'{"client_id": "a", "text": "' + b"x" * 30_000 + b'"}', 413, "too_large"),
    (b'{"client_id": "a", "text": "' + b"x" * 300_000 + b'"}', 413, "too_large"),
]


def test_first_of_two_who_accept_wins_and_the_other_is_told_who(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, database: Database
) -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda who: who.post(path(waiting, "accept")), (alice, bob)))
    assert sorted(each.status_code for each in answers) == [200, 409]
    loser = next(each for each in answers if each.status_code == 409)
    winner = next(each for each in answers if each.status_code == 200)
    error = refusal(loser, 409, "already_taken")
    assert error["holder"]["name"] == winner.json()["conversation"]["holder"]["name"]
    assert error["holder"]["name"] in error["message"]
    with database.reading() as session:
        held = session.get_one(Conversation, waiting.conversation.id)
        assert held.staff is not None
        assert held.staff.name == error["holder"]["name"]


def test_accepting_again_after_a_lost_answer_does_no_harm(
    alice: httpx.Client, waiting: Opened, database: Database
) -> None:
    for _ in range(2):
        assert alice.post(path(waiting, "accept")).status_code == 200
    told = [text for text in seen_by(database, waiting) if "爱丽丝（11 号）为您服务" in text]
    assert len(told) == 1


def test_reply_reaches_the_customer_and_a_note_never_does(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, database: Database
) -> None:
    alice.post(path(waiting, "accept"))
    reply = alice.post(path(waiting, "messages"), json=said("您好，一般半年一次。"))
    note = alice.post(path(waiting, "messages"), json=said("客户很急", private=True))
    theirs = bob.post(path(waiting, "messages"), json=said("我认识这家", private=True))
    assert [each.status_code for each in (reply, note, theirs)] == [201, 201, 201]
    assert reply.json()["message"]["staff"] == {"name": "爱丽丝", "number": "11"}
    assert "private" not in reply.json()["message"]
    assert note.json()["message"]["private"] is True
    told = seen_by(database, waiting)
    assert "您好，一般半年一次。" in told
    assert "客户很急" not in told
    assert "我认识这家" not in told
    texts = [each["text"] for each in alice.get(path(waiting)).json()["messages"]]
    assert {"客户很急", "我认识这家"} <= set(texts)


def test_same_client_id_is_said_once(
    alice: httpx.Client, waiting: Opened, database: Database
) -> None:
    alice.post(path(waiting, "accept"))
    body = said("您好")
    first, second = (alice.post(path(waiting, "messages"), json=body) for _ in range(2))
    assert first.json() == second.json()
    assert seen_by(database, waiting).count("您好") == 1


def test_only_the_holder_may_reply(alice: httpx.Client, bob: httpx.Client, waiting: Opened) -> None:
    refusal(alice.post(path(waiting, "messages"), json=said("您好")), 409, "not_yours")
    alice.post(path(waiting, "accept"))
    refusal(bob.post(path(waiting, "messages"), json=said("您好")), 409, "not_yours")


def test_malformed_message_is_refused_and_nothing_is_stored(
    alice: httpx.Client, waiting: Opened, database: Database
) -> None:
    alice.post(path(waiting, "accept"))
    before = seen_by(database, waiting)
    for body, status, code in MALFORMED_MESSAGES:
        refusal(alice.post(path(waiting, "messages"), content=body), status, code)
    assert seen_by(database, waiting) == before


def test_html_sql_and_slashes_are_kept_as_they_were_typed(
    alice: httpx.Client, waiting: Opened, database: Database
) -> None:
    alice.post(path(waiting, "accept"))
    for text in (HTML, "/restart", "😀" * 3):
        answer = alice.post(path(waiting, "messages"), json=said(text))
        assert answer.json()["message"]["text"] == text
    assert HTML in seen_by(database, waiting)


def test_handing_back_lets_the_bot_speak_again(
    alice: httpx.Client, waiting: Opened, database: Database
) -> None:
    refusal(alice.post(path(waiting, "return_to_bot")), 409, "not_yours")
    alice.post(path(waiting, "accept"))
    answer = alice.post(path(waiting, "return_to_bot"))
    assert answer.json()["conversation"]["status"] == "bot"
    assert "智能助手" in seen_by(database, waiting)[-1]
    refusal(alice.post(path(waiting, "messages"), json=said("您好")), 409, "not_yours")


def test_requeued_conversation_keeps_its_age(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, clock: FakeClock
) -> None:
    alice.post(path(waiting, "accept"))
    clock.advance(minutes=3)
    refusal(bob.post(path(waiting, "requeue")), 409, "not_yours")
    assert alice.post(path(waiting, "requeue")).json()["conversation"]["status"] == "queued"
    (row,) = bob.get("/api/desk/conversations?status=queued").json()["conversations"]
    assert row["waiting_seconds"] == 180
    assert bob.post(path(waiting, "accept")).status_code == 200


def test_resolving_twice_ends_it_once(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, database: Database
) -> None:
    alice.post(path(waiting, "accept"))
    refusal(bob.post(path(waiting, "resolve"), json={"outcome": "x"}), 409, "not_yours")
    # Only who was answered is asked for a score.
    alice.post(path(waiting, "messages"), json=said("一般半年一次。"))
    for _ in range(2):
        answer = alice.post(path(waiting, "resolve"), json={"outcome": "已解答：半年一次"})
        assert answer.json()["conversation"]["status"] == "resolved"
    told = seen_by(database, waiting)
    assert sum("评分" in text for text in told) == 1
    assert not any("已解答" in text for text in told)
    events = alice.get(path(waiting)).json()["events"]
    assert [each["reason"] for each in events if each["transition"] == "resolve"] == [
        "已解答：半年一次"
    ]
    refusal(alice.post(path(waiting, "messages"), json=said("还有")), 409, "wrong_status")
    note = alice.post(path(waiting, "messages"), json=said("已回访", private=True))
    assert note.status_code == 201


def test_malformed_outcome_is_refused(alice: httpx.Client, waiting: Opened) -> None:
    alice.post(path(waiting, "accept"))
    for body in (b'{"outcome": 5}', b'{"outcome": "' + b"x" * 201 + b'"}', b"{", b"[]"):
        refusal(alice.post(path(waiting, "resolve"), content=body), 422, "bad_input")
    assert alice.get(path(waiting)).json()["conversation"]["status"] == "staff"
