"""Cases of customers who speak for an enterprise: prefilled, and seen by colleagues."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.case_status import TellCaseStatus
from actions.cases import OpenCase
from actions.context import Context
from actions.forms import ReadCaseForm
from bot.cases.models import Case, CaseKind
from bot.cases.service import open_case
from bot.conversations.models import Conversation
from bot.enterprises.membership import bind, unbind
from bot.enterprises.models import By, Enterprise, Way
from bot.enterprises.records import add_enterprise
from tests.actions.acting import Done, do, heard
from tests.actions.test_cases import FILLED, PHONE
from tests.bot.enterprises.cast import PUMPS, VALVES
from tests.factories import alice, xiaolin
from tests.fakes import FakeClock

COMPANY = "云州启闭阀门有限公司"


class Firm:
    """An enterprise, another one, and people who come to speak for them."""

    def __init__(self, here: Context, clock: FakeClock) -> None:
        self.here, self.clock = here, clock
        with here.database.writing() as session:
            self.staff = alice(session)
            self.valves, self.pumps = (
                add_enterprise(session, self.staff, name, code, "", now=clock())
                for name, code in ((COMPANY, VALVES), ("云州扬程泵业有限公司", PUMPS))
            )

    def person(self, enterprise: Enterprise | None = None) -> str:
        """Somebody's conversation."""
        with self.here.database.writing() as session:
            conversation = xiaolin(session, self.clock).conversation
            if enterprise is not None:
                bind(
                    session,
                    conversation.customer_id,
                    enterprise,
                    way=Way.CODE,
                    staff_id=self.staff.id,
                    now=self.clock(),
                )
            return conversation.id

    def opens(self, conversation_id: str, kind: CaseKind = CaseKind.SERVICE, **more: str) -> Case:
        """Somebody opens a case."""
        with self.here.database.writing() as session:
            return open_case(
                session,
                "校准压力表",
                now=self.clock(),
                kind=kind,
                contact="陈工",
                phone=PHONE,
                conversation_id=conversation_id,
                **more,  # type: ignore[arg-type]
            )

    def leaves(self, conversation_id: str) -> None:
        """Somebody speaks for nobody any more."""
        with self.here.database.writing() as session:
            customer_id = _customer(session, conversation_id)
            unbind(session, customer_id, by=By.CUSTOMER, now=self.clock())


def _customer(session: Session, conversation_id: str) -> int:
    return session.get_one(Conversation, conversation_id).customer_id


@pytest.fixture
def firm(here: Context, clock: FakeClock) -> Firm:
    return Firm(here, clock)


def asks(conversation_id: str, number: str | None = None) -> Done:
    entities = {"case_number": number} if number else {}
    return do(
        TellCaseStatus(),
        heard("查进度", "ask_case_status", entities=entities, conversation_id=conversation_id),
    )


def test_the_form_begins_with_the_enterprise(firm: Firm) -> None:
    text = "我要校准 20 把游标卡尺"
    bound, stranger = firm.person(firm.valves), firm.person()
    read = do(ReadCaseForm(), heard(text, "open_case", conversation_id=bound))
    assert read.slots["case_company"] == COMPANY
    read = do(ReadCaseForm(), heard(text, "open_case", conversation_id=stranger))
    assert "case_company" not in read.slots
    # What is said counts more than what is known.
    other = f"{text}，单位是云州扬程泵业有限公司"
    read = do(ReadCaseForm(), heard(other, "open_case", conversation_id=bound))
    assert read.slots["case_company"] == "云州扬程泵业有限公司"


def test_what_a_bound_customer_opens_belongs_to_the_enterprise(firm: Firm) -> None:
    bound = firm.person(firm.valves)
    slots = {**FILLED, "case_company": None}
    do(OpenCase(), heard("提交", slots=slots, conversation_id=bound, turn_id=1))
    with firm.here.database.reading() as session:
        [case] = session.scalars(select(Case))
    assert (case.company, case.enterprise_id) == (COMPANY, firm.valves.id)


def test_colleagues_see_the_service_without_the_number_to_call(firm: Firm) -> None:
    opener, colleague = firm.person(firm.valves), firm.person(firm.valves)
    case = firm.opens(opener)
    for told in (asks(colleague), asks(colleague, case.number)):
        assert told.responses == ["utter_case_status"]
        assert "139" not in str(told.messages)
    assert "139****1234" in str(asks(opener).messages)


def test_others_see_nothing_of_it(firm: Firm) -> None:
    case = firm.opens(firm.person(firm.valves))
    for other in (firm.person(firm.pumps), firm.person()):
        assert asks(other).next == ["case_status_form"]
        assert asks(other, case.number).next == ["case_status_form"]


def test_colleagues_see_no_complaint_no_message_and_nothing_for_another_firm(firm: Firm) -> None:
    opener, colleague = firm.person(firm.valves), firm.person(firm.valves)
    private = [firm.opens(opener, kind) for kind in CaseKind if kind is not CaseKind.SERVICE]
    private.append(firm.opens(opener, company="云州扬程泵业有限公司"))
    for case in private:
        assert asks(colleague, case.number).next == ["case_status_form"]
        assert asks(opener, case.number).responses == ["utter_case_status"]
    assert asks(colleague).next == ["case_status_form"]


def test_what_was_wanted_before_and_after_stays_the_openers_own(firm: Firm) -> None:
    early = firm.person()
    before = firm.opens(early)
    with firm.here.database.writing() as session:
        bind(
            session,
            _customer(session, early),
            firm.valves,
            way=Way.CODE,
            staff_id=firm.staff.id,
            now=firm.clock(),
        )
    during, colleague = firm.opens(early), firm.person(firm.valves)
    assert asks(colleague, before.number).next == ["case_status_form"]
    assert asks(colleague, during.number).responses == ["utter_case_status"]
    firm.leaves(colleague)
    assert asks(colleague, during.number).next == ["case_status_form"]
    firm.leaves(early)
    assert asks(early, during.number).responses == ["utter_case_status"]
