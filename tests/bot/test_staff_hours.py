"""Working time: weekends, holidays, 调休, and the edges of a day."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.staff.hours import SHANGHAI, WorkingHours, spoken

HOURS = WorkingHours.parse("08:30-17:30")


def at(text: str) -> datetime:
    """A moment in China."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-24T08:29:59", False),
        ("2026-11-24T08:30", True),
        ("2026-11-24T17:29:59", True),
        ("2026-11-24T17:30", False),
        ("2026-11-28T10:00", False),  # a Saturday
        ("2026-10-01T10:00", False),  # National Day
        ("2026-02-17T10:00", False),  # Spring Festival
        ("2026-02-14T10:00", True),  # a Saturday worked for Spring Festival
        ("2026-10-10T10:00", True),  # a Saturday worked for National Day
        ("2031-11-24T10:00", True),  # no holiday notice yet: a Monday
        ("2031-11-23T10:00", False),  # and a Sunday
    ],
)
def test_people_are_promised_only_in_working_time(moment: str, is_open: bool) -> None:
    assert HOURS.is_open(at(moment)) is is_open
    assert HOURS.is_open(at(moment).astimezone(UTC)) is is_open


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-24T07:00", "2026-11-24T08:30"),
        ("2026-11-24T08:30", "2026-11-25T08:30"),
        ("2026-11-27T18:00", "2026-11-30T08:30"),
        ("2026-09-30T18:00", "2026-10-08T08:30"),
    ],
)
def test_next_opening_skips_days_off(moment: str, opening: str) -> None:
    assert HOURS.next_opening(at(moment)) == at(opening)


def test_moments_are_spoken_as_people_read_them() -> None:
    assert spoken(at("2026-11-24T08:05")) == "11 月 24 日（周二）8:05"
