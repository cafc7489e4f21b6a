"""What the feed tells of conversations that a member of staff may not read."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from bot.conversations.changes import (
    changes_for_desk,
    note_delivery,
    note_desk,
    note_feedback,
    note_mention,
)
from bot.conversations.handoff import Handoff
from bot.conversations.models import Conversation, HandoffReason
from bot.conversations.offers import offer_transfer, refuse_transfer
from bot.database import Database
from bot.desk.models import Mention
from bot.responses import Responses
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff
from bot.staff.service import add_staff
from tests.factories import PASSWORD, alice, bob, writes, xiaolin
from tests.fakes import FakeClock

HANDOFF = Handoff(Responses.load(), WorkingHours.parse("00:00-24:00"))
WORDS = "孩子的药瓶上的刻度不准"


@pytest.fixture
def conversation_id(database: Database, clock: FakeClock) -> str:
    """A conversation of metrology, held by Alice, of which much has been told."""
    with database.writing() as session:
        holder = alice(session)
        bob(session)
        add_staff(
            session, "chief", PASSWORD, name="组长", number="01", role="supervisor", skills=[]
        )
        opened = xiaolin(session, clock)
        opened.conversation.category = "metrology"
        writes(session, opened, "在吗", clock)
        HANDOFF.request_handoff(
            session, opened.conversation, WORDS, now=clock(), kind=HandoffReason.CUSTOMER_ASKED
        )
        HANDOFF.accept(session, opened.conversation.id, holder, now=clock())
        _tell_all(session, opened.conversation)
    return opened.conversation.id


def _tell_all(session: Any, conversation: Conversation) -> None:
    note_feedback(session, conversation, {"score": 1, "comment": WORDS})
    note_delivery(session, conversation, {"m": {"state": "failed", "reason": WORDS}})
    note_mention(session, conversation, {"to": "alice", "by": {"name": "组长", "number": "01"}})
    note_desk(session, conversation, "postponed", {"postponed": None, "note": WORDS})
    note_desk(session, conversation, "sla", {"sla": {}})


def _told(database: Database, username: str) -> list[dict[str, Any]]:
    with database.reading() as session:
        staff = session.query(Staff).filter_by(username=username).one()
        return changes_for_desk(session, staff, 0).changes


def _types(changes: list[dict[str, Any]]) -> set[str]:
    return {each["type"] for each in changes}


def test_other_groups_hear_who_speaks_and_nothing_else(
    database: Database, conversation_id: str
) -> None:
    told = _told(database, "bob")
    assert [each["status"] for each in told] == ["bot", "queued", "staff"]
    assert {each["reason"] for each in told} == {""}
    assert WORDS not in str(told)
    everything = {"status", "message", "feedback", "delivery", "mention", "postponed", "sla"}
    for username in ("alice", "chief"):
        assert WORDS in str([each for each in _told(database, username) if "reason" in each])
    assert _types(_told(database, "alice")) == everything
    assert _types(_told(database, "chief")) == everything - {"message"}


def test_mention_reaches_whom_it_names(
    database: Database, clock: FakeClock, conversation_id: str
) -> None:
    with database.writing() as session:
        conversation = session.get_one(Conversation, conversation_id)
        people = {each.username: each.id for each in session.query(Staff)}
        said = writes(session, xiaolin(session, clock), "您好", clock).message
        session.add(
            Mention(
                conversation_id=conversation_id,
                message_id=said.id,
                staff_id=people["bob"],
                by_staff_id=people["alice"],
                created_at=clock(),
            )
        )
        note_mention(session, conversation, {"to": "bob", "by": {"name": "爱丽丝", "number": "11"}})
    assert "bob" in [each.get("to") for each in _told(database, "bob")]


def test_offer_that_is_over_leaves_the_screen_of_whom_it_was_made_to(
    database: Database, clock: FakeClock, conversation_id: str
) -> None:
    with database.writing() as session:
        holder, other = (
            session.query(Staff).filter_by(username=name).one() for name in ("alice", "bob")
        )
        other.presence, other.seen_at = "available", clock()
        offer_transfer(session, conversation_id, holder, other, now=clock())
        refuse_transfer(session, conversation_id, other, now=clock())
    told = [each for each in _told(database, "bob") if each["type"] != "status"]
    assert [each["transfer"]["state"] for each in told] == ["open", "refused"]


def test_who_held_a_conversation_hears_that_it_was_taken_over(
    database: Database, clock: FakeClock, conversation_id: str
) -> None:
    with database.writing() as session:
        conversation = session.get_one(Conversation, conversation_id)
        former = session.query(Staff).filter_by(username="bob").one()
        note_desk(session, conversation, "taken_over", {"by": {}, "from": former.card})
        note_desk(session, conversation, "taken_over", {"by": {}, "from": None})
    told = [each for each in _told(database, "bob") if each["type"] != "status"]
    assert [each["from"]["username"] for each in told] == ["bob"]


def test_feed_costs_the_same_queries_however_much_it_tells(
    database: Database, conversation_id: str
) -> None:
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    counts = []
    for _ in range(2):
        asked.clear()
        assert _told(database, "bob")
        counts.append(len(asked))
        with database.writing() as session:
            conversation = session.get_one(Conversation, conversation_id)
            for _ in range(20):
                _tell_all(session, conversation)
    assert counts[0] == counts[1]
