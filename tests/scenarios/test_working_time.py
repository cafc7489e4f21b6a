"""A person is promised only when there will be one."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select

from bot.cases.models import Case, CaseKind
from bot.conversations.models import Author, Conversation
from bot.database import Database
from bot.staff.hours import SHANGHAI
from tests.connectors.visitor import Xiaolin
from tests.fakes import FakeClock
from tests.scenarios.office import asks_for_a_person, said_by


def in_china(text: str) -> datetime:
    """A moment by the clocks of China."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_scenario_23_in_the_evening_a_message_is_taken_and_no_person_promised(
    xiaolin: Xiaolin, database: Database, clock: FakeClock
) -> None:
    clock.now = in_china("2026-11-24T20:00")
    xiaolin.sends(text="二十块压力表要检定")
    asks_for_a_person(xiaolin)
    notice = said_by(xiaolin, Author.SYSTEM)[-1]
    assert "11 月 25 日（周三）8:30" in notice["text"]
    assert "位" not in notice["text"]
    offer = next(b for b in notice["data"]["buttons"] if b["payload"] == "/leave_message")
    xiaolin.sends(text=offer["title"], payload=offer["payload"])
    with database.reading() as session:
        case = session.scalars(select(Case)).one()
        assert (case.kind, case.need) == (CaseKind.MESSAGE, "二十块压力表要检定")
        assert in_china("2026-11-25T08:30") < case.due_at <= in_china("2026-11-26T17:30")
        assert session.get_one(Conversation, xiaolin.id).status == "bot"
    assert case.number in xiaolin.texts()[-1]


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        ("2026-10-01T10:00", "10 月 8 日（周四）8:30"),  # a Thursday, and National Day
        ("2026-10-10T10:00", "第 1 位"),  # a Saturday, worked in exchange
        ("2026-10-17T10:00", "10 月 19 日（周一）8:30"),  # a Saturday like any other
    ],
)
def test_scenario_24_holiday_on_a_weekday_and_working_saturday_are_known(
    xiaolin: Xiaolin, clock: FakeClock, moment: str, told: str
) -> None:
    clock.now = in_china(moment)
    asks_for_a_person(xiaolin)
    assert told in said_by(xiaolin, Author.SYSTEM)[-1]["text"]
