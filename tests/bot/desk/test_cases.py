"""The desk's list of cases: whose they are, what is owed, and how many call for somebody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from bot.cases.models import Case, CaseKind, CaseStatus
from bot.cases.progress import advance
from bot.cases.service import open_case
from bot.conversations.changes import changes_for_customer, changes_for_desk
from bot.conversations.handoff import Handoff
from bot.conversations.models import Conversation
from bot.database import Database
from bot.desk.cases import PAGE, Order, Scope, Wanted, cases_calling, cases_in
from bot.errors import BadInput
from bot.responses import Responses
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff
from bot.staff.service import add_staff
from tests import factories
from tests.connectors.desk.counting import statements
from tests.fakes import FakeClock

RESPONSES = Responses.load()
HANDOFF = Handoff(RESPONSES, WorkingHours.parse("00:00-24:00"))
GARBLED = ["x", "0", "0~", "0~2026-11-24~1", "3~2026-11-24T00:00:00+00:00~1", "~~", "0~x~1"]
GARBLED += ["0~2026-11-24T00:00:00+00:00~-1", "0~2026-11-24T00:00:00+00:00~99999999999999"]


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as writing:
        factories.alice(writing)
        factories.bob(writing)
        more = {"number": "21", "role": "supervisor", "skills": []}
        add_staff(writing, "dora", factories.PASSWORD, name="朵拉", **more)  # type: ignore[arg-type]
        yield writing


def person(session: Session, username: str) -> Staff:
    return session.scalars(select(Staff).where(Staff.username == username)).one()


def case_of(
    session: Session,
    clock: FakeClock,
    category: str | None = "metrology",
    *,
    need: str = "校准压力表",
    kind: CaseKind = CaseKind.SERVICE,
    **more: str,
) -> Case:
    """A case that another customer opened in a conversation of that category."""
    opened = factories.xiaolin(session, clock)
    opened.conversation.category = category
    conversation = opened.conversation.id
    found = open_case(
        session,
        need,
        now=clock(),
        kind=kind,
        category=category,
        conversation_id=conversation,
        **more,  # type: ignore[arg-type]
    )
    return found


def move(session: Session, case: Case, clock: FakeClock, *statuses: CaseStatus, by: str) -> None:
    for status in statuses:
        staff = person(session, by)
        advance(session, case.number, status, now=clock(), responses=RESPONSES, staff=staff)


def numbers(session: Session, username: str, clock: FakeClock, **wanted: object) -> list[str]:
    asked = Wanted(**wanted)  # type: ignore[arg-type]
    found = cases_in(session, person(session, username), asked, now=clock())
    return [row["number"] for row in found.rows]


def test_staff_see_their_groups_cases_and_supervisors_all(
    session: Session, clock: FakeClock
) -> None:
    gauge, standard = case_of(session, clock), case_of(session, clock, "standards")
    unknown = case_of(session, clock, None)
    assert numbers(session, "alice", clock) == [gauge.number, unknown.number]
    assert numbers(session, "bob", clock) == [standard.number, unknown.number]
    every = [gauge.number, standard.number, unknown.number]
    assert numbers(session, "dora", clock) == every
    assert numbers(session, "dora", clock, scope=Scope.GROUP) == every


def test_own_cases_are_those_one_moved_on_or_whose_customer_one_served(
    session: Session, clock: FakeClock
) -> None:
    case_of(session, clock)
    moved, served = case_of(session, clock), case_of(session, clock, "standards")
    move(session, moved, clock, CaseStatus.ACCEPTED, by="alice")
    conversation = session.get_one(Conversation, served.conversation_id)
    HANDOFF.request_handoff(session, conversation, "customer_asked", now=clock())
    HANDOFF.accept(session, conversation.id, person(session, "alice"), now=clock())
    mine = numbers(session, "alice", clock, scope=Scope.MINE)
    assert sorted(mine) == sorted([moved.number, served.number])
    # Served, but nothing that her group is there for.
    assert served.number not in numbers(session, "alice", clock, scope=Scope.GROUP)
    assert numbers(session, "bob", clock, scope=Scope.MINE) == []


def test_case_without_a_conversation_falls_to_the_group_of_its_category(
    session: Session, clock: FakeClock
) -> None:
    found = open_case(session, "校准", now=clock(), category="metrology")
    assert numbers(session, "alice", clock) == [found.number]
    assert numbers(session, "bob", clock) == []


def test_service_that_was_accepted_owes_no_first_answer_but_a_complaint_must_be_settled(
    session: Session, clock: FakeClock
) -> None:
    service = case_of(session, clock)
    complaint = case_of(session, clock, kind=CaseKind.COMPLAINT)
    move(session, service, clock, CaseStatus.ACCEPTED, by="alice")
    move(session, complaint, clock, CaseStatus.ACCEPTED, by="alice")
    clock.advance(days=4)
    assert numbers(session, "alice", clock, overdue=True) == [complaint.number]
    rows = {
        row["number"]: row
        for row in cases_in(session, person(session, "alice"), Wanted(), now=clock()).rows
    }
    assert rows[service.number]["promise"] is None
    assert rows[complaint.number]["promise"] == {
        "which": "answer",
        "due_at": complaint.due_at.isoformat(),
        "warn_at": (complaint.due_at - timedelta(hours=2)).isoformat(),
    }
    assert rows[service.number]["staff"]["name"] == "爱丽丝"
    move(session, complaint, clock, CaseStatus.DONE, by="alice")
    assert numbers(session, "alice", clock, overdue=True) == []


def test_what_is_owed_soonest_comes_first_and_what_is_closed_last(
    session: Session, clock: FakeClock
) -> None:
    closed, accepted, first = (case_of(session, clock) for _ in range(3))
    clock.advance(days=1)
    second = case_of(session, clock)
    move(session, closed, clock, CaseStatus.CANCELLED, by="alice")
    move(session, accepted, clock, CaseStatus.ACCEPTED, by="alice")
    expected = [first.number, second.number, accepted.number, closed.number]
    assert numbers(session, "alice", clock) == expected
    newest = numbers(session, "alice", clock, order=Order.NEWEST)
    assert newest == [second.number, first.number, accepted.number, closed.number]


def test_cases_are_narrowed_by_status_kind_and_words(session: Session, clock: FakeClock) -> None:
    service = case_of(
        session, clock, company="云州泵业有限公司", contact="陈工", phone="13900001234"
    )
    message = case_of(session, clock, kind=CaseKind.MESSAGE, need="100% 能来吗")
    move(session, service, clock, CaseStatus.CANCELLED, by="alice")

    def found(**wanted: object) -> list[str]:
        return numbers(session, "alice", clock, **wanted)

    assert found(status="open") == [message.number]
    assert found(status="submitted") == [message.number]
    assert found(status="closed") == found(status="cancelled") == [service.number]
    assert found(kind=CaseKind.MESSAGE) == [message.number]
    assert found(kind=CaseKind.FOLLOW_UP) == []
    for words in ("泵业", "陈工", "00001234", service.number.lower(), "云州 陈工", "压力表"):
        assert found(text=words) == [service.number], words
    assert found(text="云州 能来吗") == []
    # Signs of the pattern language mean themselves.
    assert found(text="0%") == [message.number]
    assert found(text="_") == []
    with pytest.raises(BadInput):
        found(text="一 二 三 四 五 六")


@pytest.mark.parametrize("order", list(Order))
def test_pages_hold_each_case_once_though_new_ones_come_between(
    session: Session, clock: FakeClock, order: Order
) -> None:
    before = []
    for number in range(2 * PAGE + 7):
        clock.advance(minutes=17)
        one = case_of(session, clock)
        before.append(one.number)
        if number % 3 == 0:
            move(session, one, clock, CaseStatus.ACCEPTED, by="alice")
        if number % 7 == 0:
            move(session, one, clock, CaseStatus.CANCELLED, by="alice")
    staff, after, seen = person(session, "alice"), None, []
    while True:
        page = cases_in(session, staff, Wanted(order=order, after=after), now=clock())
        seen += [row["number"] for row in page.rows]
        case_of(session, clock)
        if page.more is None:
            break
        after = page.more
    assert [each for each in seen if each in before] == [
        each for each in numbers_of_all(session, order) if each in before
    ]
    assert len(seen) == len(set(seen))


def numbers_of_all(session: Session, order: Order) -> list[str]:
    """What the order means, said in Python."""

    def urgency(case: Case) -> tuple[int, object, int]:
        rank = {"submitted": 0, "cancelled": 2}.get(case.status, 1)
        return rank, case.due_at, case.id

    cases = list(session.scalars(select(Case).order_by(Case.id.desc())))
    return [case.number for case in (sorted(cases, key=urgency) if order == "urgent" else cases)]


@pytest.mark.parametrize("after", GARBLED)
def test_place_that_no_page_ended_with_is_refused(
    session: Session, clock: FakeClock, after: str
) -> None:
    with pytest.raises(BadInput):
        numbers(session, "alice", clock, after=after)


def test_new_and_overdue_cases_of_ones_group_call(session: Session, clock: FakeClock) -> None:
    def calling(username: str) -> tuple[int, ...]:
        return tuple(cases_calling(session, person(session, username), now=clock()).values())

    assert calling("alice") == (0, 0, 0)
    accepted, complaint = case_of(session, clock), case_of(session, clock, kind=CaseKind.COMPLAINT)
    for each in (accepted, complaint):
        move(session, each, clock, CaseStatus.ACCEPTED, by="alice")
    assert calling("alice") == (0, 0, 0)
    clock.advance(days=4)
    case_of(session, clock)
    assert calling("alice") == calling("dora") == (1, 1, 2)
    assert calling("bob") == (0, 0, 0)
    clock.advance(days=4)
    assert calling("alice") == (1, 2, 2), "one that is new and overdue is one case"


def test_desk_whose_business_it_is_hears_of_new_cases_and_of_each_step(
    session: Session, clock: FakeClock
) -> None:
    found = case_of(session, clock)
    move(session, found, clock, CaseStatus.ACCEPTED, CaseStatus.ACCEPTED, by="alice")

    def told(username: str) -> list[tuple[str, str]]:
        changes = changes_for_desk(session, person(session, username), 0).changes
        return [(each["number"], each["case"]) for each in changes if each["type"] == "case"]

    assert told("alice") == [(found.number, "submitted"), (found.number, "accepted")]
    assert told("dora") == told("alice")
    assert told("bob") == []
    customer = changes_for_customer(session, found.customer_id or 0, 0).changes
    assert "case" not in {each["type"] for each in customer}


def test_ten_thousand_cases_take_no_more_queries_than_ten(tmp_path: Path, clock: FakeClock) -> None:
    database = Database(f"sqlite:///{tmp_path}/many.db")
    database.create_tables()
    counts = []
    for total in (10, 10_000):
        with database.writing() as session:
            if not counts:
                factories.alice(session)
            opened = factories.xiaolin(session, clock)
            rows = [
                {
                    "number": f"YZ-{total}-{number:05}",
                    "kind": "service",
                    "status": "submitted",
                    "category": "metrology",
                    "need": "校准压力表",
                    "details": {},
                    "conversation_id": opened.conversation.id,
                    "customer_id": opened.conversation.customer_id,
                    "created_at": clock(),
                    "due_at": clock() + timedelta(minutes=number),
                }
                for number in range(total)
            ]
            session.execute(insert(Case), rows)
        with database.reading() as session:
            staff = person(session, "alice")
            with statements(database) as seen:
                for scope in Scope:
                    cases_in(session, staff, Wanted(scope=scope, text="压力"), now=clock())
                cases_calling(session, staff, now=clock())
        counts.append(len(seen))
    database.close()
    assert counts[0] == counts[1] <= 20
