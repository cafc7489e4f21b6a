"""How long the platform has: deadlines in working days."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from bot.cases.models import CaseKind
from bot.staff.hours import PUBLISHED, SHANGHAI, Calendar

# The platform's own promise for a first answer, not a legal term; the coordinating department
# may change it here.
WORKING_DAYS = {CaseKind.SERVICE: 1, CaseKind.MESSAGE: 1, CaseKind.COMPLAINT: 1}
# The promise ends when the working day does.
CLOSING = time(17, 30)


def due_after(working_days: int, now: datetime, calendar: Calendar = PUBLISHED) -> datetime:
    """The close of the working day that is so many working days after ``now``.

    What arrives on a day off, or after closing, counts from the next working day on.
    """
    local = now.astimezone(SHANGHAI)
    day = local.date()
    if local.time() >= CLOSING:
        day += timedelta(days=1)
    while not calendar.is_working_day(day):
        day += timedelta(days=1)
    for _ in range(working_days):
        day += timedelta(days=1)
        while not calendar.is_working_day(day):
            day += timedelta(days=1)
    return datetime.combine(day, CLOSING, SHANGHAI)
