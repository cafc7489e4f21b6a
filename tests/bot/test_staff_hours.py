"""Working time: weekends, holidays, 调休, breaks, and the edges of a day, a year and a notice."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.staff.hours import SHANGHAI, Calendar, WorkingHours, spoken

HOURS = WorkingHours.parse("08:30-17:30")
BREAK = WorkingHours.parse("08:30-12:00,13:30-17:30")
NIGHT = WorkingHours.parse("00:00-24:00")


def at(text: str) -> datetime:
    """A moment in China."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


# Written by hand from the State Council's notices; the second column is for one span without a
# break, the third for the same day with one from 12:00 to 13:30.
DATED = [
    # the edges of an ordinary Tuesday
    ("2026-11-24T00:00", False, False),
    ("2026-11-24T08:29:59", False, False),
    ("2026-11-24T08:30", True, True),
    ("2026-11-24T11:59:59", True, True),
    ("2026-11-24T12:00", True, False),
    ("2026-11-24T13:29:59", True, False),
    ("2026-11-24T13:30", True, True),
    ("2026-11-24T17:29:59", True, True),
    ("2026-11-24T17:30", False, False),
    ("2026-11-24T23:59:59", False, False),
    # an ordinary weekend
    ("2026-11-27T10:00", True, True),
    ("2026-11-28T10:00", False, False),
    ("2026-11-29T10:00", False, False),
    ("2026-11-30T10:00", True, True),
    # New Year 2026: Thursday to Saturday off, Sunday the 4th worked
    ("2025-12-31T10:00", True, True),
    ("2025-12-31T17:30", False, False),
    ("2026-01-01T10:00", False, False),
    ("2026-01-02T10:00", False, False),
    ("2026-01-03T10:00", False, False),
    ("2026-01-04T10:00", True, True),
    ("2026-01-04T12:30", True, False),
    ("2026-01-05T10:00", True, True),
    # Spring Festival 2026: the 15th to the 23rd off, Saturdays 14 and 28 February worked
    ("2026-02-13T10:00", True, True),
    ("2026-02-14T10:00", True, True),
    ("2026-02-14T17:30", False, False),
    ("2026-02-15T10:00", False, False),
    ("2026-02-16T10:00", False, False),
    ("2026-02-17T10:00", False, False),
    ("2026-02-20T10:00", False, False),
    ("2026-02-23T10:00", False, False),
    ("2026-02-24T08:30", True, True),
    ("2026-02-28T10:00", True, True),
    ("2026-03-01T10:00", False, False),
    # Tomb-Sweeping Day: Saturday to Monday
    ("2026-04-03T10:00", True, True),
    ("2026-04-04T10:00", False, False),
    ("2026-04-06T10:00", False, False),
    ("2026-04-07T10:00", True, True),
    # Labour Day: 1 to 5 May off, Saturday the 9th worked
    ("2026-04-30T10:00", True, True),
    ("2026-05-01T10:00", False, False),
    ("2026-05-04T10:00", False, False),
    ("2026-05-05T10:00", False, False),
    ("2026-05-06T10:00", True, True),
    ("2026-05-09T10:00", True, True),
    ("2026-05-10T10:00", False, False),
    # Dragon Boat Festival: Friday to Sunday
    ("2026-06-18T10:00", True, True),
    ("2026-06-19T10:00", False, False),
    ("2026-06-22T10:00", True, True),
    # Mid-Autumn: Friday to Sunday; the Sunday before is worked for National Day
    ("2026-09-19T10:00", False, False),
    ("2026-09-20T10:00", True, True),
    ("2026-09-25T10:00", False, False),
    ("2026-09-27T10:00", False, False),
    ("2026-09-28T10:00", True, True),
    # National Day: 1 to 7 October off, Saturday the 10th worked
    ("2026-09-30T17:29", True, True),
    ("2026-10-01T10:00", False, False),
    ("2026-10-05T10:00", False, False),
    ("2026-10-07T10:00", False, False),
    ("2026-10-08T08:30", True, True),
    ("2026-10-10T10:00", True, True),
    ("2026-10-10T12:00", True, False),
    ("2026-10-11T10:00", False, False),
    # earlier years
    ("2025-01-26T10:00", True, True),  # a Sunday worked for Spring Festival
    ("2025-01-28T10:00", False, False),  # the eve of the lunar year
    ("2025-02-08T10:00", True, True),  # a Saturday worked
    ("2025-09-28T10:00", True, True),  # a Sunday worked for National Day
    ("2025-10-06T10:00", False, False),  # Mid-Autumn inside National Day
    ("2024-02-29T10:00", True, True),  # a leap day
    # no holiday notice yet: weekdays decide
    ("2031-11-24T10:00", True, True),
    ("2031-11-23T10:00", False, False),
    ("2031-10-01T10:00", True, True),
]


def test_table_is_long_enough() -> None:
    assert len(DATED) >= 60


@pytest.mark.parametrize(("moment", "is_open", "with_break"), DATED)
def test_people_are_promised_only_in_working_time(
    moment: str, is_open: bool, with_break: bool
) -> None:
    for told in (at(moment), at(moment).astimezone(UTC)):
        assert HOURS.is_open(told) is is_open
        assert BREAK.is_open(told) is with_break


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-24T07:00", "2026-11-24T08:30"),
        ("2026-11-24T08:30", "2026-11-24T13:30"),
        ("2026-11-24T12:10", "2026-11-24T13:30"),
        ("2026-11-24T13:30", "2026-11-25T08:30"),
        ("2026-11-27T18:00", "2026-11-30T08:30"),
        ("2026-09-30T18:00", "2026-10-08T08:30"),
        ("2026-10-09T18:00", "2026-10-10T08:30"),
        ("2026-02-14T18:00", "2026-02-24T08:30"),
        ("2025-12-31T18:00", "2026-01-04T08:30"),
    ],
)
def test_next_opening_skips_breaks_and_days_off(moment: str, opening: str) -> None:
    assert BREAK.next_opening(at(moment)) == at(opening)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-11-24T09:00", "2026-11-24T09:00", 0),
        ("2026-11-24T10:00", "2026-11-24T09:00", 0),  # never negative
        ("2026-11-24T09:00", "2026-11-24T09:10", 10),
        ("2026-11-24T07:00", "2026-11-24T08:40", 10),
        ("2026-11-24T11:50", "2026-11-24T13:40", 20),
        ("2026-11-24T12:00", "2026-11-24T13:30", 0),
        ("2026-11-24T17:20", "2026-11-25T08:40", 20),
        ("2026-11-24T00:00", "2026-11-25T00:00", 450),
        ("2026-11-27T17:00", "2026-11-30T09:00", 60),  # a weekend between
        ("2026-09-30T17:00", "2026-10-08T09:00", 60),  # National Day between
        ("2026-10-09T17:00", "2026-10-11T12:00", 480),  # a worked Saturday between
        ("2026-02-13T17:30", "2026-02-24T08:30", 450),  # Spring Festival with its Saturday
        ("2025-12-31T17:00", "2026-01-04T09:00", 60),  # the year's end
        ("2026-01-01T00:00", "2027-01-01T00:00", 248 * 450),  # the notice leaves 248 days
    ],
)
def test_only_working_time_lies_between_two_moments(start: str, end: str, minutes: int) -> None:
    assert BREAK.between(at(start), at(end)) == timedelta(minutes=minutes)


def test_seconds_count() -> None:
    start = at("2026-11-24T17:29:30")
    assert BREAK.between(start, at("2026-11-25T08:30:15")) == timedelta(seconds=45)
    assert BREAK.after(start, timedelta(seconds=45)) == at("2026-11-25T08:30:15")


def test_what_is_used_up_at_closing_is_due_then() -> None:
    assert BREAK.after(at("2026-11-24T17:20"), timedelta(minutes=10)) == at("2026-11-24T17:30")
    assert BREAK.after(at("2026-11-24T20:00"), timedelta()) == at("2026-11-24T20:00")


def test_an_office_may_be_open_round_the_clock() -> None:
    assert NIGHT.is_open(at("2026-11-24T23:59:59"))
    assert NIGHT.is_open(at("2026-11-25T00:00"))
    assert not NIGHT.is_open(at("2026-11-28T00:00"))
    assert NIGHT.between(at("2026-11-27T23:00"), at("2026-11-30T01:00")) == timedelta(hours=2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8-17",
        "8:30-17:30",
        "08:30",
        "17:30-08:30",
        "08:30-08:30",
        "08:30-24:01",
        "25:00-26:00",
        "08:60-17:30",
        "08:30-12:00,12:00-17:30",
        "13:30-17:30,08:30-12:00",
        "08:30-17:30,",
        "08:30-17:30 周末除外",
    ],
)
def test_hours_that_make_no_sense_are_refused_with_the_rule(text: str) -> None:
    with pytest.raises(ValueError, match="应写成 08:30-17:30"):
        WorkingHours.parse(text)


@pytest.mark.parametrize("text", ["08:30-17:30", "08:30-12:00,13:30-17:30", "00:00-24:00"])
def test_hours_are_written_as_they_are_read(text: str) -> None:
    assert str(WorkingHours.parse(text)) == text
    assert WorkingHours.parse(text.replace(",", "；")) == WorkingHours.parse(text)


def test_year_without_a_notice_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for day in (1, 2, 3):
            # A year of its own, because each is told once per process.
            HOURS.is_open(at(f"2043-03-0{day}T10:00"))
        HOURS.is_open(at("2026-03-03T10:00"))
    assert [each.getMessage() for each in caplog.records] == [
        "holidays_unknown year=2043 weekdays_decide=true"
    ]


def test_calendar_on_which_nobody_ever_works_ends_in_an_error() -> None:
    first = date(2026, 1, 1)
    never = Calendar({first + timedelta(days=ahead): False for ahead in range(800)})
    closed = WorkingHours(HOURS.spans, never)
    with pytest.raises(ValueError, match="no working day"):
        closed.after(at("2026-01-01T10:00"), timedelta(minutes=1))
    with pytest.raises(ValueError, match="no working day"):
        closed.next_opening(at("2026-01-01T10:00"))


def test_moments_are_spoken_as_people_read_them() -> None:
    assert spoken(at("2026-11-24T08:05")) == "11 月 24 日（周二）8:05"
