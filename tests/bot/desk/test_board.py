"""The team board: its figures are those of the moment, and cost the same for any number."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversations.ledger import Opened
from bot.database import Database
from bot.desk.board import board
from bot.feedback.service import rate_conversation
from bot.staff.models import Presence, Staff
from tests.bot.duty import HOURS, Duty
from tests.connectors.desk.counting import statements
from tests.fakes import FakeClock


@pytest.fixture
def duty(database: Database, clock: FakeClock) -> Duty:
    return Duty(database, clock, capacity=5)


def _seen_by(duty: Duty, staff_id: int) -> dict[str, Any]:
    with duty.database.reading() as session:
        staff = session.get_one(Staff, staff_id)
        return board(session, staff, HOURS, 5, now=duty.clock())


def _ids(opened: list[Opened]) -> list[str]:
    return [each.conversation.id for each in opened]


def test_board_counts_who_waits_and_who_serves_by_group_and_person(duty: Duty) -> None:
    anna, bert = duty.hires("anna", "metrology"), duty.hires("bert", "ip", capacity=2)
    asked = [duty.asks("metrology"), duty.asks("metrology"), duty.asks("ip"), duty.asks()]
    duty.accepts(anna, asked[0])
    duty.accepts(bert, asked[2])
    seen = _seen_by(duty, anna)
    assert (seen["waiting"]["count"], seen["open"]) == (2, 2)
    waits_since = duty.conversation(asked[1]).queued_at
    assert waits_since is not None
    assert seen["waiting"]["longest_since"] == waits_since.isoformat()
    groups = {each["category"]: (each["waiting"], each["open"]) for each in seen["groups"]}
    assert groups == {"metrology": (1, 1), "ip": (0, 1), None: (1, 0)}
    people = {each["username"]: (each["open"], each["capacity"]) for each in seen["people"]}
    assert people == {"anna": (1, 5), "bert": (1, 2)}


def test_board_says_who_is_there_and_who_is_no_longer_heard_of(duty: Duty) -> None:
    anna = duty.hires("anna")
    duty.hires("bert", presence=Presence.AWAY)
    duty.clock.advance(minutes=3)
    duty.lives(anna)
    seen = _seen_by(duty, anna)
    there = {each["username"]: (each["presence"], each["heard_of"]) for each in seen["people"]}
    assert there == {"anna": ("available", True), "bert": ("away", False)}


def test_what_runs_late_is_counted_for_all_and_named_to_whom_it_concerns(duty: Duty) -> None:
    anna, bert = duty.hires("anna"), duty.hires("bert")
    carol = duty.hires("carol", role="supervisor")
    held = [duty.asks("metrology"), duty.asks("metrology")]
    waiting = duty.asks("metrology")
    duty.accepts(anna, held[0])
    duty.accepts(bert, held[1])
    assert _seen_by(duty, anna)["late"] == []
    duty.clock.advance(hours=5)
    shown = {name: _seen_by(duty, each) for name, each in (("a", anna), ("c", carol))}
    assert {name: each["breached"] for name, each in shown.items()} == {"a": 3, "c": 3}
    named = {name: {one["id"] for one in each["late"]} for name, each in shown.items()}
    assert named["a"] == set(_ids([held[0], waiting]))
    assert named["c"] == set(_ids([*held, waiting]))
    by_person = {each["username"]: each["breached"] for each in shown["c"]["people"]}
    assert by_person == {"anna": 1, "bert": 1, "carol": 0}


def test_the_day_so_far_begins_at_midnight_in_china(duty: Duty) -> None:
    anna = duty.hires("anna")
    duty.accepts(anna, duty.asks())
    duty.clock.advance(days=1)
    ended, left_open = duty.asks(), duty.asks()
    duty.clock.advance(seconds=60)
    duty.accepts(anna, ended)
    duty.accepts(anna, left_open)
    duty.resolves(anna, ended)
    with duty.database.writing() as session:
        rate_conversation(session, ended.conversation.id, 4, now=duty.clock())
    today = _seen_by(duty, anna)["today"]
    assert today == {
        "episodes": 2,
        "accepted": 2,
        "resolved": 1,
        "left": 0,
        "median_wait_seconds": 60,
        "scores": 1,
        "average_score": 4.0,
    }


def test_board_asks_the_database_as_often_for_many_as_for_few(duty: Duty) -> None:
    anna = duty.hires("anna")

    def asked() -> int:
        with statements(duty.database) as seen:
            _seen_by(duty, anna)
        return len(seen)

    duty.accepts(anna, duty.asks("metrology"))
    duty.asks("metrology")
    duty.clock.advance(hours=5)
    few = asked()
    for number in range(12):
        duty.accepts(duty.hires(f"p{number}"), duty.asks("metrology"))
        duty.asks("metrology")
    duty.clock.advance(hours=5)
    assert asked() == few
