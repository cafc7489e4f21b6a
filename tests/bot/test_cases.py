"""Cases: their numbers, deadlines, and who may see them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from bot.cases.deadlines import due_after
from bot.cases.models import CaseKind, CaseStatus, masked
from bot.cases.service import (
    MOST_WRONG_TAILS,
    advance,
    case_by_number,
    latest_cases,
    note_wrong_tail,
    open_case,
)
from bot.database import Database
from bot.errors import CaseNotFound, WrongStatus
from bot.staff.hours import SHANGHAI
from tests.factories import xiaolin
from tests.fakes import FakeClock

PHONE = "13900001234"


def test_numbers_count_up_within_a_day_and_complaints_apart(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        first = open_case(session, "校准游标卡尺", now=clock())
        second = open_case(session, "质量诊断", now=clock())
        complaint = open_case(session, "报告迟了", kind=CaseKind.COMPLAINT, now=clock())
        clock.advance(days=1)
        next_day = open_case(session, "检定压力表", now=clock())
    assert [first.number, second.number, complaint.number, next_day.number] == [
        "YZ-20261124-0001",
        "YZ-20261124-0002",
        "YT-20261124-0001",
        "YZ-20261125-0001",
    ]


def test_the_day_of_a_number_is_the_customers_day(database: Database) -> None:
    with database.writing() as session:
        case = open_case(session, "校准", now=datetime(2026, 11, 24, 17, 0, tzinfo=UTC))
    assert case.number.startswith("YZ-20261125-")


def test_cases_opened_at_the_same_time_never_share_a_number(
    database: Database, clock: FakeClock
) -> None:
    def one(_: int) -> str:
        with database.writing() as session:
            return open_case(session, "校准", now=clock()).number

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(one, range(12)))
    assert sorted(numbers) == [f"YZ-20261124-{count:04}" for count in range(1, 13)]


def test_the_same_wish_twice_is_one_case(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        first = open_case(session, "校准", now=clock(), request_key="c:7")
        again = open_case(session, "校准", now=clock(), request_key="c:7")
        other = open_case(session, "校准", now=clock(), request_key="c:8")
    assert first.number == again.number != other.number


def test_a_case_is_shown_to_who_opened_it_or_knows_the_phone(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        mine, foreign = xiaolin(session, clock), xiaolin(session, clock)
        number = open_case(
            session, "校准", now=clock(), phone=PHONE, conversation_id=mine.conversation.id
        ).number
    with database.reading() as session:
        assert case_by_number(session, number.lower(), mine.conversation.id).number == number
        assert case_by_number(session, number, foreign.conversation.id, "1234").number == number
        for tail in (None, "", "4321"):
            with pytest.raises(CaseNotFound):
                case_by_number(session, number, foreign.conversation.id, tail)
        with pytest.raises(CaseNotFound):
            case_by_number(session, "YZ-20261124-9999", mine.conversation.id)


def test_guessing_the_phone_ends_after_a_few_tries(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        number = open_case(session, "校准", now=clock(), phone=PHONE).number
        for _ in range(MOST_WRONG_TAILS):
            note_wrong_tail(session, number)
    with database.reading() as session, pytest.raises(CaseNotFound):
        case_by_number(session, number, None, "1234")


def test_latest_cases_are_the_customers_own_newest_first(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        mine, foreign = xiaolin(session, clock), xiaolin(session, clock)
        for count in range(4):
            open_case(session, f"第 {count}", now=clock(), conversation_id=mine.conversation.id)
        open_case(session, "别人的", now=clock(), conversation_id=foreign.conversation.id)
    with database.reading() as session:
        assert [case.need for case in latest_cases(session, mine.conversation.id)] == [
            "第 3",
            "第 2",
            "第 1",
        ]
        assert latest_cases(session, None) == []


def test_a_case_moves_on_once_and_stays_closed(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        number = open_case(session, "校准", now=clock()).number
        advance(session, number, CaseStatus.ACCEPTED, now=clock())
        advance(session, number, CaseStatus.ACCEPTED, now=clock())
        case = advance(session, number, CaseStatus.DONE, now=clock())
        assert [step.status for step in case.steps] == ["submitted", "accepted", "done"]
        assert case.closed_at == clock()
        with pytest.raises(WrongStatus):
            advance(session, number, CaseStatus.ACCEPTED, now=clock())
        with pytest.raises(CaseNotFound):
            advance(session, "YZ-20200101-0001", CaseStatus.DONE, now=clock())


@pytest.mark.parametrize(
    ("arrives", "due"),
    [
        ("2026-11-24T09:30", "2026-11-25"),  # Tuesday morning
        ("2026-11-27T16:00", "2026-11-30"),  # Friday: over the weekend
        ("2026-11-27T18:00", "2026-12-01"),  # Friday after closing: Monday counts as the first
        ("2026-11-28T10:00", "2026-12-01"),  # Saturday
        ("2026-09-30T10:00", "2026-10-08"),  # before the national holiday
    ],
)
def test_deadlines_count_working_days(arrives: str, due: str) -> None:
    moment = datetime.fromisoformat(arrives).replace(tzinfo=SHANGHAI)
    found = due_after(1, moment).astimezone(SHANGHAI)
    assert (found.date().isoformat(), found.hour, found.minute) == (due, 17, 30)


def test_phones_are_shown_masked() -> None:
    assert masked("13812341234") == "138****1234"
    assert masked("88886666") == "****66"
    assert masked("") == ""
