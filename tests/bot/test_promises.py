"""Where conversations stand against their group's promises, from what is stored of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from bot.conversations.deadlines import episode_readings, promises
from bot.conversations.desk import record_staff_message
from bot.conversations.handoff import Handoff
from bot.conversations.models import Conversation
from bot.database import Database
from bot.desk.detail import conversation_detail
from bot.responses import Responses
from bot.staff.groups import import_groups
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff
from tests.factories import alice, writes, xiaolin
from tests.fakes import FakeClock

HOURS = WorkingHours.parse("08:30-17:30")


@pytest.fixture
def handoff() -> Handoff:
    return Handoff(Responses.load(), HOURS)


def stand(session: Session, conversation: Conversation, clock: FakeClock) -> dict[str, Any] | None:
    """What the desk shows of one conversation."""
    return promises(session, [conversation], HOURS, now=clock()).get(conversation.id)


def replies(session: Session, conversation: Conversation, staff: Staff, clock: FakeClock) -> None:
    record_staff_message(
        session, conversation.id, staff, f"c{clock():%H%M%S}", "您好", False, now=clock()
    )


def test_promise_follows_an_episode_from_the_queue_to_its_end(
    database: Database, handoff: Handoff, clock: FakeClock
) -> None:
    told: list[tuple[str, str, bool] | None] = []

    def look(session: Session, conversation: Conversation) -> None:
        found = stand(session, conversation, clock)
        told.append(found and (found["which"], found["state"], found["paused"]))

    with database.writing() as session:
        staff, opened = alice(session), xiaolin(session, clock)
        conversation = opened.conversation
        writes(session, opened, "压力表多久检定一次", clock)
        look(session, conversation)  # the bot's
        clock.advance(minutes=1)
        handoff.request_handoff(session, conversation, "customer_asked", now=clock())
        look(session, conversation)
        clock.advance(minutes=6)
        handoff.accept(session, conversation.id, staff, now=clock())
        look(session, conversation)  # accepted is not answered
        clock.advance(minutes=5)
        record_staff_message(session, conversation.id, staff, "n", "备注", True, now=clock())
        look(session, conversation)  # nor is a private note an answer
        replies(session, conversation, staff, clock)
        look(session, conversation)
        clock.advance(days=3)
        writes(session, opened, "还有一个问题", clock)
        look(session, conversation)
        clock.advance(minutes=9)
        handoff.requeue(session, conversation.id, staff, now=clock())
        look(session, conversation)  # back in the queue, the wait goes on
        handoff.accept(session, conversation.id, staff, now=clock())
        handoff.resolve(session, conversation.id, staff, "", now=clock())
        look(session, conversation)
        first, following, resolution = episode_readings(session, conversation, HOURS, now=clock())
    assert told == [
        None,
        ("first_response", "fine", False),
        ("first_response", "warning", False),
        ("first_response", "breached", False),
        ("resolution", "fine", True),
        ("next_response", "fine", False),
        ("next_response", "warning", False),
        None,
    ]
    # Eleven minutes, then nine: three days of the customer's silence cost nothing.
    assert (first.state, first.remaining_minutes) == ("breached", -1)
    assert (following.state, following.remaining_minutes) == ("fine", 1)
    assert (resolution.is_done, resolution.remaining_minutes) == (True, 480 - 11 - 9)


def test_episode_ends_when_the_bot_takes_over_and_the_next_begins_anew(
    database: Database, handoff: Handoff, clock: FakeClock
) -> None:
    with database.writing() as session:
        staff, opened = alice(session), xiaolin(session, clock)
        conversation = opened.conversation
        handoff.accept(session, conversation.id, staff, now=clock())
        clock.advance(minutes=2)
        replies(session, conversation, staff, clock)
        clock.advance(minutes=1)
        handoff.return_to_bot(session, conversation.id, staff, now=clock())
        assert stand(session, conversation, clock) is None
        over = episode_readings(session, conversation, HOURS, now=clock())
        assert [each.is_done for each in over] == [True, True]
        clock.advance(hours=2)
        writes(session, opened, "转人工", clock)
        handoff.request_handoff(session, conversation, "customer_asked", now=clock())
        again = stand(session, conversation, clock)
    assert again is not None
    assert (again["which"], again["remaining_minutes"]) == ("first_response", 10)


def test_promise_that_was_broken_is_not_forgotten_when_a_person_is_asked_for_again(
    database: Database, handoff: Handoff, clock: FakeClock
) -> None:
    with database.writing() as session:
        staff, opened = alice(session), xiaolin(session, clock)
        conversation = opened.conversation
        handoff.request_handoff(session, conversation, "customer_asked", now=clock())
        handoff.accept(session, conversation.id, staff, now=clock())
        due_at = clock() + timedelta(minutes=10)
        clock.advance(minutes=12)
        replies(session, conversation, staff, clock)
        handoff.return_to_bot(session, conversation.id, staff, now=clock())
        clock.advance(minutes=5)
        writes(session, opened, "转人工", clock)
        handoff.request_handoff(session, conversation, "customer_asked", now=clock())
        detail = conversation_detail(session, conversation.id, HOURS, now=clock(), staff=staff)
        again = stand(session, conversation, clock)
    broken = [each for each in detail["events"] if each["transition"] == "sla_breached"]
    assert [(each["which"], each["happened_at"]) for each in broken] == [
        ("first_response", due_at.isoformat())
    ]
    assert again is not None
    assert (again["which"], again["state"]) == ("first_response", "fine")


def test_each_category_has_the_promise_of_its_group(
    database: Database, handoff: Handoff, clock: FakeClock, tmp_path: Path
) -> None:
    table = tmp_path / "groups.csv"
    table.write_text(
        "category,hours,first_response,next_response,resolution\n"
        "metrology,08:00-12:00,5,,\npolicy,14:00-17:00,60,,\n",
        "utf-8",
    )
    due = {}
    with database.writing() as session:
        import_groups(session, table)
        found = []
        for category in ("metrology", "policy", None):
            conversation = xiaolin(session, clock).conversation
            conversation.category = category
            handoff.request_handoff(session, conversation, "customer_asked", now=clock())
            found.append(conversation)
        views = promises(session, found, HOURS, now=clock())
        due = {each.category: views[each.id]["due_at"] for each in found}
    # Asked at 9:30 in China, which is 1:30 in UTC.
    assert due == {
        "metrology": "2026-11-24T01:35:00+00:00",
        "policy": "2026-11-24T07:00:00+00:00",
        None: "2026-11-24T01:40:00+00:00",
    }


def test_queries_do_not_grow_with_the_conversations(
    database: Database, handoff: Handoff, clock: FakeClock
) -> None:
    counts = []
    # Together no more than may wait in one queue.
    for many in (1, 19):
        with database.writing() as session:
            found = []
            for _ in range(many):
                opened = xiaolin(session, clock)
                writes(session, opened, "在吗", clock)
                handoff.request_handoff(session, opened.conversation, "complaint", now=clock())
                found.append(opened.conversation)
            session.flush()
            statements: list[str] = []

            def count(*details: Any, seen: list[str] = statements) -> None:
                seen.append(details[2])

            event.listen(database.engine, "before_cursor_execute", count)
            assert len(promises(session, found, HOURS, now=clock())) == many
            event.remove(database.engine, "before_cursor_execute", count)
            counts.append(len(statements))
    assert counts == [4, 4]
