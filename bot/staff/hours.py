"""Working time: when a person can be promised.

Chinese public holidays and 调休 working weekends come from the chinesecalendar package, which
covers the years whose holiday notice has been published; for later years weekdays decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
# The longest run of days off (a national week with the weekends around it) is far shorter.
_LOOK_AHEAD_DAYS = 31


@dataclass(frozen=True)
class WorkingHours:
    """One opening and one closing time on every working day."""

    opens: time
    closes: time

    @classmethod
    def parse(cls, text: str) -> WorkingHours:
        """Read the setting's form ``08:30-17:30``."""
        opens, closes = (time.fromisoformat(part) for part in text.split("-"))
        return cls(opens, closes)

    def is_open(self, now: datetime) -> bool:
        """Whether a person can be promised at this moment."""
        local = now.astimezone(SHANGHAI)
        return is_working_day(local.date()) and self.opens <= local.time() < self.closes

    def next_opening(self, now: datetime) -> datetime:
        """The next moment at which work begins, strictly after ``now``."""
        local = now.astimezone(SHANGHAI)
        for ahead in range(_LOOK_AHEAD_DAYS):
            day = local.date() + timedelta(days=ahead)
            opening = datetime.combine(day, self.opens, SHANGHAI)
            if is_working_day(day) and opening > local:
                return opening.astimezone(UTC)
        raise ValueError("no working day within a month")


def is_working_day(day: date) -> bool:
    """Whether people work on this day in China."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def spoken(moment: datetime) -> str:
    """A moment as people read it: ``11 月 24 日（周二）8:30``."""
    local = moment.astimezone(SHANGHAI)
    weekday = "一二三四五六日"[local.weekday()]
    return f"{local.month} 月 {local.day} 日（周{weekday}）{local.hour}:{local.minute:02}"


def spoken_date(day: date) -> str:
    """A day of any year as people read it: ``2029 年 6 月 30 日``."""
    return f"{day.year} 年 {day.month} 月 {day.day} 日"
