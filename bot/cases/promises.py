"""What a customer was promised of a case, and whether it is still owed.

What is promised is a first answer: a service is accepted by its due time, whatever else (a
message, a complaint, a low score) is settled by then. A service that was accepted owes nothing
more by that time, however long it takes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, or_

from bot.cases.deadlines import NEAR
from bot.cases.models import Case, CaseKind, CaseStatus
from bot.cases.service import CLOSED

# The same as ``promise_of`` says, as a condition on cases.
IS_OWED = and_(
    Case.status.not_in(CLOSED),
    or_(Case.status == CaseStatus.SUBMITTED, Case.kind != CaseKind.SERVICE),
)


def promise_of(case: Case) -> dict[str, Any] | None:
    """What is owed, by when, and from when on that is pressing; None if nothing is."""
    is_service = case.kind == CaseKind.SERVICE
    if case.status in CLOSED or (is_service and case.status != CaseStatus.SUBMITTED):
        return None
    return {
        "which": "acceptance" if is_service else "answer",
        "due_at": case.due_at.isoformat(),
        "warn_at": (case.due_at - NEAR).isoformat(),
    }
