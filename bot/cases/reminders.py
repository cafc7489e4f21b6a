"""Word of what is due soon, once for each promise, to customers who look at no page of ours."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.cases.deadlines import NEAR
from bot.cases.models import Case, CaseReminder
from bot.cases.progress import notice_of, tell
from bot.cases.promises import IS_OWED
from bot.conversations.models import Customer
from bot.delivery.outbox import PUSH_CHANNELS
from bot.responses import Responses
from bot.staff.hours import spoken
from bot.sweeps import Sweep

_EVERY_SECONDS = 60.0
_AT_ONCE = 50


def reminders(responses: Responses) -> Sweep:
    """What tells customers of promises that fall due within two hours."""

    def work(session: Session, now: datetime) -> None:
        for case in session.scalars(_due(now)).all():
            if _claim(session, case, now):
                due = spoken(case.due_at)
                line = responses.line("utter_system_case_due", case_number=case.number, due=due)
                tell(session, case, line.text, notice_of(case, "due", "", now), now=now)

    def needed(session: Session, now: datetime) -> bool:
        return session.scalars(_due(now).limit(1)).first() is not None

    return Sweep("case_reminders", _EVERY_SECONDS, work, needed)


def _due(now: datetime) -> Select[Any]:
    told = select(CaseReminder.case_id).where(
        CaseReminder.case_id == Case.id, CaseReminder.due_at == Case.due_at
    )
    return (
        select(Case)
        .join(Customer, Customer.id == Case.customer_id)
        .where(
            Case.due_at > now,
            Case.due_at <= now + NEAR,
            IS_OWED,
            Customer.channel.in_(PUSH_CHANNELS),
            Customer.address.is_not(None),
            ~told.exists(),
        )
        .order_by(Case.id)
        .limit(_AT_ONCE)
    )


def _claim(session: Session, case: Case, now: datetime) -> bool:
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    claimed = (
        insert(CaseReminder)
        .values(case_id=case.id, due_at=case.due_at, told_at=now)
        .on_conflict_do_nothing(index_elements=[CaseReminder.case_id, CaseReminder.due_at])
        .returning(CaseReminder.case_id)
    )
    return session.execute(claimed).first() is not None
