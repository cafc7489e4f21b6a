"""Working time: when a person can be promised, and how much of it lies between two moments.

Chinese public holidays and 调休 working weekends come from the chinesecalendar package, which
covers the years whose holiday notice had been published when it was released, and from what was
imported since (``bot.staff.calendar``). For a year that neither knows weekdays decide, and the
log says so once.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import chinese_calendar

logger = logging.getLogger(__name__)

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOURS_RULE = "应写成 08:30-17:30，有午休的写成 08:30-12:00,13:30-17:30，先早后晚"
_SPAN = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)")
# No notice closes an office for so long; a calendar that does is wrong.
_MOST_DAYS_OFF = 366
_NOTHING = timedelta()
_warned: set[int] = set()


@dataclass(frozen=True)
class Calendar:
    """Which days people work: what was imported first, then what the package knows.

    Attributes:
        arranged: Days that a holiday notice names, and whether they are worked.
        years: Years whose notice was imported as a whole.
    """

    arranged: Mapping[date, bool] = field(default_factory=dict)
    years: frozenset[int] = frozenset()

    def knows(self, year: int) -> bool:
        """Whether the holidays of a year are known rather than guessed from weekdays."""
        return year in self.years or _published(date(year, 1, 1)) is not None

    def is_working_day(self, day: date) -> bool:
        """Whether people work on this day in China."""
        worked = self.arranged.get(day)
        if worked is not None:
            return worked
        if day.year not in self.years:
            published = _published(day)
            if published is not None:
                return published
            _warn(day.year)
        return day.weekday() < 5


PUBLISHED = Calendar()


@dataclass(frozen=True)
class WorkingHours:
    """The hours of every working day, with a break or without: open spans of the day, in order."""

    spans: tuple[tuple[timedelta, timedelta], ...]
    calendar: Calendar = PUBLISHED

    @classmethod
    def parse(cls, text: str, calendar: Calendar = PUBLISHED) -> WorkingHours:
        """Read the form ``08:30-17:30`` or, with a break, ``08:30-12:00,13:30-17:30``.

        Raises:
            ValueError: It is not of that form; the text says the rule in Chinese.
        """
        spans = tuple(_span(part.strip()) for part in re.split("[,，;；、]", text))
        edges = [edge for span in spans for edge in span]
        if any(edge >= later for edge, later in pairwise(edges)):
            raise ValueError(HOURS_RULE)
        return cls(spans, calendar)

    def __str__(self) -> str:
        return ",".join(f"{_clock(opens)}-{_clock(closes)}" for opens, closes in self.spans)

    def is_open(self, now: datetime) -> bool:
        """Whether a person can be promised at this moment."""
        day, passed = _local(now)
        open_now = any(opens <= passed < closes for opens, closes in self.spans)
        return open_now and self.calendar.is_working_day(day)

    def next_opening(self, now: datetime) -> datetime:
        """The next moment at which work begins, strictly after ``now``."""
        day, passed = _local(now)
        for each in self._working_days(day):
            for opens, _ in self.spans:
                if each > day or opens > passed:
                    return _moment(each, opens)
        raise AssertionError("working days do not end")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much working time lies between two moments; none if the end is not later."""
        if end <= start:
            return _NOTHING
        (first, began), (last, ended) = _local(start), _local(end)
        worked = self._worked(last, ended) - self._worked(first, began)
        days = (last - first).days
        if not days:
            return worked
        # Whole days are counted; nothing here looks at single minutes.
        whole = sum(
            self.calendar.is_working_day(first + timedelta(days=ahead)) for ahead in range(days)
        )
        return worked + whole * self._daily

    def after(self, start: datetime, length: timedelta) -> datetime:
        """The first moment by which ``length`` of working time has passed since ``start``.

        What is used up exactly at closing time is due then, not at the next opening.
        """
        if length <= _NOTHING:
            return start
        first, began = _local(start)
        wanted = length + self._worked(first, began)
        for day in self._working_days(first):
            if wanted <= self._daily:
                return _moment(day, self._passed_when(wanted))
            wanted -= self._daily
        raise AssertionError("working days do not end")

    @property
    def _daily(self) -> timedelta:
        return sum((closes - opens for opens, closes in self.spans), _NOTHING)

    def _worked(self, day: date, passed: timedelta) -> timedelta:
        """What of a day's working time lies before so much of the day has passed."""
        if not self.calendar.is_working_day(day):
            return _NOTHING
        parts = (min(max(passed, opens), closes) - opens for opens, closes in self.spans)
        return sum(parts, _NOTHING)

    def _passed_when(self, worked: timedelta) -> timedelta:
        """How much of a working day has passed when so much of it is worked."""
        for opens, closes in self.spans:
            if worked <= closes - opens:
                return opens + worked
            worked -= closes - opens
        raise AssertionError("a day has no more hours than it has")

    def _working_days(self, first: date) -> Iterator[date]:
        """Working days from ``first`` on, without end.

        Raises:
            ValueError: Nobody works for a year.
        """
        day, off = first, 0
        while off < _MOST_DAYS_OFF:
            if self.calendar.is_working_day(day):
                yield day
                off = 0
            else:
                off += 1
            day += timedelta(days=1)
        raise ValueError("no working day within a year")


def spoken(moment: datetime) -> str:
    """A moment as people read it: ``11 月 24 日（周二）8:30``."""
    local = moment.astimezone(SHANGHAI)
    weekday = "一二三四五六日"[local.weekday()]
    return f"{local.month} 月 {local.day} 日（周{weekday}）{local.hour}:{local.minute:02}"


def spoken_date(day: date) -> str:
    """A day of any year as people read it: ``2029 年 6 月 30 日``."""
    return f"{day.year} 年 {day.month} 月 {day.day} 日"


def _span(text: str) -> tuple[timedelta, timedelta]:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(HOURS_RULE)
    numbers = [int(part) for part in found.groups()]
    opens = timedelta(hours=numbers[0], minutes=numbers[1])
    closes = timedelta(hours=numbers[2], minutes=numbers[3])
    if opens >= closes or closes > timedelta(days=1):
        raise ValueError(HOURS_RULE)
    return opens, closes


def _clock(passed: timedelta) -> str:
    hours, minutes = divmod(passed // timedelta(minutes=1), 60)
    return f"{hours:02}:{minutes:02}"


def _local(moment: datetime) -> tuple[date, timedelta]:
    """A moment in China: its day, and how much of that has passed."""
    local = moment.astimezone(SHANGHAI)
    # China has not changed its clocks since 1991, so every day has 24 hours.
    midnight = datetime.combine(local.date(), time(), SHANGHAI)
    return local.date(), local - midnight


def _moment(day: date, passed: timedelta) -> datetime:
    return (datetime.combine(day, time(), SHANGHAI) + passed).astimezone(UTC)


# The package looks through all its years at each call, which takes longer than all the rest here.
@lru_cache(maxsize=4096)
def _published(day: date) -> bool | None:
    """What the package says of a day; None for years it does not know."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def _warn(year: int) -> None:
    if year not in _warned:
        _warned.add(year)
        logger.warning("holidays_unknown year=%s weekdays_decide=true", year)
