"""How long the platform has: deadlines in working days of the group that answers."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from bot.cases.models import CaseKind
from bot.staff.hours import SHANGHAI, WorkingHours

# The platform's own promise for a first answer, not a legal term; the coordinating department
# may change it here.
WORKING_DAYS = {
    CaseKind.SERVICE: 1,
    CaseKind.MESSAGE: 1,
    CaseKind.COMPLAINT: 1,
    CaseKind.FOLLOW_UP: 1,
}
# Where nobody says otherwise, as in the settings.
PLATFORM_HOURS = WorkingHours.parse("08:30-17:30")
# From when on a promise is pressing: the customer is reminded, the desk marks it.
NEAR = timedelta(hours=2)
_DAY = timedelta(days=1)


def due_after(working_days: int, now: datetime, hours: WorkingHours = PLATFORM_HOURS) -> datetime:
    """The close of the working day that is so many working days after ``now``.

    What arrives on a day off, or after closing, counts from the next working day on. The promise
    ends when the group's working day does.
    """
    local = now.astimezone(SHANGHAI)
    midnight = datetime.combine(local.date(), time(), SHANGHAI)
    _, closes = hours.spans[-1]
    day = local.date() if local - midnight < closes else local.date() + _DAY
    while not hours.calendar.is_working_day(day):
        day += _DAY
    for _ in range(working_days):
        day += _DAY
        while not hours.calendar.is_working_day(day):
            day += _DAY
    return datetime.combine(day, time(), SHANGHAI) + closes
