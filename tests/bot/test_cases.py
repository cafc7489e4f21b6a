"""Cases: their numbers, deadlines, and who may see them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from bot.cases.deadlines import due_after
from bot.cases.models import Case, CaseKind, CaseStatus, masked
from bot.cases.progress import advance, next_statuses
from bot.cases.service import (
    MOST_WRONG_TAILS,
    add_contact,
    case_by_number,
    latest_cases,
    note_wrong_tail,
    open_case,
)
from bot.conversations.ledger import messages_of
from bot.conversations.models import ConversationStatus
from bot.database import Database
from bot.errors import CaseNotFound, WrongStatus
from bot.responses import Responses
from bot.staff.hours import SHANGHAI, WorkingHours
from bot.staff.models import ServiceGroup
from tests.factories import writes, xiaolin
from tests.fakes import FakeClock

PHONE = "13900001234"
RESPONSES = Responses.load()


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


def moved(session: Session, number: str, status: CaseStatus, clock: FakeClock) -> Case:
    return advance(session, number, status, now=clock(), responses=RESPONSES)


def test_a_case_moves_on_once_and_stays_closed(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        number = open_case(session, "校准", now=clock()).number
        moved(session, number, CaseStatus.ACCEPTED, clock)
        moved(session, number, CaseStatus.ACCEPTED, clock)
        case = moved(session, number, CaseStatus.DONE, clock)
        assert [step.status for step in case.steps] == ["submitted", "accepted", "done"]
        assert case.closed_at == clock()
        assert next_statuses(case) == []
        with pytest.raises(WrongStatus, match="已办结或撤销"):
            moved(session, number, CaseStatus.ACCEPTED, clock)
        with pytest.raises(CaseNotFound):
            moved(session, "YZ-20200101-0001", CaseStatus.DONE, clock)


def test_a_case_goes_no_step_too_far_and_none_back(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        case = open_case(session, "校准", now=clock())
        for status in (CaseStatus.DONE, CaseStatus.QUOTED, CaseStatus.IN_PROGRESS):
            with pytest.raises(WrongStatus) as refused:
                moved(session, case.number, status, clock)
            assert refused.value.details["allowed"] == ["accepted", "cancelled"]
        for status in ("accepted", "matched", "quoted", "in_progress"):
            moved(session, case.number, CaseStatus(status), clock)
        with pytest.raises(WrongStatus):
            moved(session, case.number, CaseStatus.ACCEPTED, clock)
        assert case.status == CaseStatus.IN_PROGRESS


def test_a_complaint_is_not_passed_on_for_quotations(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        case = open_case(session, "报告迟了", kind=CaseKind.COMPLAINT, now=clock())
        moved(session, case.number, CaseStatus.ACCEPTED, clock)
        assert next_statuses(case) == ["in_progress", "done", "cancelled"]
        with pytest.raises(WrongStatus):
            moved(session, case.number, CaseStatus.MATCHED, clock)


def test_the_customer_hears_of_progress_once_where_they_are_now(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        conversation = opened.conversation
        case = open_case(session, "校准", now=clock(), conversation_id=conversation.id)
        for _ in range(2):
            moved(session, case.number, CaseStatus.ACCEPTED, clock)
        told = messages_of(session, conversation.id)
        assert [(each.author, each.kind) for each in told] == [("system", "event")]
        assert case.number in told[0].text
        assert "已受理" in told[0].text
        conversation.status = ConversationStatus.RESOLVED
        moved(session, case.number, CaseStatus.MATCHED, clock)
        assert len(messages_of(session, conversation.id)) == 1
        clock.advance(hours=1)
        later = writes(session, opened, "在吗", clock).conversation
        moved(session, case.number, CaseStatus.QUOTED, clock)
        assert "请您确认" in messages_of(session, later.id)[-1].text


def test_a_contact_is_put_down_for_the_newest_case_that_lacks_one(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        mine = xiaolin(session, clock).conversation.id
        other = xiaolin(session, clock).conversation.id
        complaint = open_case(
            session, "报告迟了", kind=CaseKind.COMPLAINT, now=clock(), conversation_id=mine
        )
        noted = add_contact(session, mine, phone=PHONE, contact="陈工")
        assert noted is complaint
        assert (complaint.phone, complaint.contact) == (PHONE, "陈工")
        assert add_contact(session, mine, phone=PHONE, contact="陈工") is None
        assert add_contact(session, other, phone=PHONE, contact="陈工") is None
        assert add_contact(session, None, phone=PHONE, contact="陈工") is None


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


def test_deadline_is_the_close_of_the_groups_own_day(database: Database, clock: FakeClock) -> None:
    clock.now = datetime(2026, 11, 24, 16, 30, tzinfo=SHANGHAI)
    with database.writing() as session:
        session.add(ServiceGroup(category="metrology", hours="09:00-12:00,13:00-16:00"))
        hours = WorkingHours.parse("08:30-17:00")
        own = open_case(session, "检定", now=clock(), category="metrology", hours=hours)
        other = open_case(session, "咨询", now=clock(), category="policy", hours=hours)
    # Metrology has closed for today, so its day is counted from tomorrow on.
    assert own.due_at == datetime(2026, 11, 26, 16, 0, tzinfo=SHANGHAI)
    assert other.due_at == datetime(2026, 11, 25, 17, 0, tzinfo=SHANGHAI)
