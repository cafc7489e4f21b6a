"""Promised times: against an oracle that counts minute by minute, and the rules one by one."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from bot.staff.hours import SHANGHAI, Calendar, WorkingHours
from bot.staff.sla import (
    Episode,
    Reading,
    Said,
    State,
    Targets,
    Which,
    most_pressing,
    readings,
)

CASES = 10_000
MINUTE = timedelta(minutes=1)
# From here the oracle's table counts; with the notices of 2025 and 2026, and an imported 2027.
FIRST_DAY, LAST_DAY = date(2025, 12, 1), date(2027, 3, 31)
ORIGIN = datetime(2025, 12, 1, tzinfo=SHANGHAI)
# The State Council's notice for 2026 (and New Year 2027, invented here), typed in by hand so
# that the oracle does not ask the package that the product asks.
OFF_RUNS = [
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"),
    ("2026-09-25", "2026-09-27"),
    ("2026-10-01", "2026-10-07"),
    ("2027-01-01", "2027-01-03"),
    ("2027-02-05", "2027-02-11"),
]
WORKED_WEEKENDS = {
    "2026-01-04",
    "2026-02-14",
    "2026-02-28",
    "2026-05-09",
    "2026-09-20",
    "2026-10-10",
    "2027-01-09",
    "2027-02-20",
}
IMPORTED = Calendar(
    {
        **{date(2027, 1, day): False for day in (1, 2, 3)},
        **{date(2027, 2, day): False for day in range(5, 12)},
        date(2027, 1, 9): True,
        date(2027, 2, 20): True,
    },
    frozenset({2027}),
)
SCHEDULES = [
    [(510, 1050)],  # 08:30-17:30
    [(510, 720), (810, 1050)],  # with a break from 12:00 to 13:30
    [(540, 700), (701, 1020)],  # closed for a single minute
    [(0, 1440)],  # all day
    [(1200, 1440)],  # until midnight
]
STARTS = [
    "2025-12-31T17:25",
    "2026-02-13T17:00",
    "2026-02-14T08:29",
    "2026-09-30T17:29",
    "2026-10-09T12:00",
    "2026-12-31T17:29",
]


def worked_in_the_oracle(day: date) -> bool:
    """Whether the hand-written notices say that a day is worked."""
    text = day.isoformat()
    if text in WORKED_WEEKENDS:
        return True
    return day.weekday() < 5 and not any(first <= text <= last for first, last in OFF_RUNS)


class Oracle:
    """One cell per minute of 16 months: is it working time?"""

    def __init__(self, spans: list[tuple[int, int]]) -> None:
        days = (LAST_DAY - FIRST_DAY).days + 1
        table = np.zeros((days, 1440), dtype=bool)
        for number in range(days):
            if worked_in_the_oracle(FIRST_DAY + timedelta(days=number)):
                for opens, closes in spans:
                    table[number, opens:closes] = True
        self.is_work = table.ravel()
        # worked[m]: working minutes before minute m.
        self.worked = np.concatenate([[0], np.cumsum(self.is_work)])

    def wait(
        self, runs: list[tuple[int, int | None]], target: int, now: int
    ) -> tuple[str, int | None, int]:
        """State, minute at which it is due, minutes left of one clock; marching through time.

        The runs' minutes are laid end to end; the clock is due when so many of them were worked.
        """
        spent = sum(
            int(self.worked[min(end or now, now)] - self.worked[start]) for start, end in runs
        )
        left, due = target, None
        for start, end in runs:
            worked = self.worked[start:end] - self.worked[start]
            reached = int(np.searchsorted(worked, left)) if left > 0 else 0
            if reached < len(worked) and (end is None or start + reached < end):
                due = start + reached
                break
            assert end is not None, "the table ends too early"
            left -= int(self.worked[end] - self.worked[start])
        if due is not None and now > due:
            return "breached", due, target - spent
        return "open", due, target - spent


def hours_of(spans: list[tuple[int, int]]) -> WorkingHours:
    parts = [(timedelta(minutes=opens), timedelta(minutes=closes)) for opens, closes in spans]
    return WorkingHours(tuple(parts), IMPORTED)


def minute(number: int) -> datetime:
    return (ORIGIN + number * MINUTE).astimezone(UTC)


def number_of(moment: datetime) -> int:
    return (moment - ORIGIN) // MINUTE


def random_episode(dice: random.Random) -> tuple[int, list[tuple[bool, int]], int | None, int]:
    """Minutes: when it began, who spoke when, when it was resolved, and the present."""
    if dice.random() < 0.3:
        near = datetime.fromisoformat(dice.choice(STARTS)).replace(tzinfo=SHANGHAI)
        at = began = number_of(near) + dice.randint(-20, 20)
    else:
        at = began = dice.randrange(1440, 400 * 1440)
    said = []
    for _ in range(dice.randint(0, 12)):
        at += dice.choice([0, 1, dice.randint(1, 30), dice.randint(1, 600), dice.randint(1, 6000)])
        said.append((dice.random() < 0.55, at))
    at += dice.choice([0, 1, dice.randint(1, 60), dice.randint(1, 5000)])
    return began, said, (at if dice.random() < 0.3 else None), at + dice.randint(0, 3000)


def waits(
    began: int, said: list[tuple[bool, int]], resolved: int | None
) -> list[tuple[str, list[tuple[int, int | None]], bool]]:
    """The clocks of an episode, found by looking at each one's definition by itself."""
    answers = [at for by_customer, at in said if not by_customer]
    first = answers[0] if answers else resolved
    found = [("first_response", [(began, first)], first is not None)]
    batches: list[tuple[int, int | None]] = []
    for place, (by_customer, at) in enumerate(said):
        before = [who for who, _ in said[:place]]
        # The first message after an answer opens a batch; the next answer closes it.
        if by_customer and before and not before[-1]:
            later = [when for who, when in said[place:] if not who]
            batches.append((at, later[0] if later else resolved))
    found += [("next_response", [batch], batch[1] is not None) for batch in batches]
    return [*found, ("resolution", [(began, first), *batches], resolved is not None)]


def test_ten_thousand_random_episodes_equal_a_minute_by_minute_count() -> None:
    dice = random.Random(20261001)
    offices = [(hours_of(spans), Oracle(spans)) for spans in SCHEDULES]
    seen: dict[str, int] = {}
    for _ in range(CASES):
        hours, oracle = dice.choice(offices)
        began, said, resolved, now = random_episode(dice)
        first, following = (dice.choice([1, 5, 10, 30, dice.randint(1, 300)]) for _ in range(2))
        targets = Targets(first, following, dice.choice([10, 120, 480, dice.randint(1, 3000)]))
        episode = Episode(
            minute(began),
            [Said(by_customer, minute(at)) for by_customer, at in said],
            None if resolved is None else minute(resolved),
        )
        found = readings(episode, targets, hours, now=minute(now))
        wanted = waits(began, said, resolved)
        assert [each.which for each in found] == [which for which, _, _ in wanted]
        for reading, (which, runs, is_done) in zip(found, wanted, strict=True):
            state, due, left = oracle.wait(runs, getattr(targets, which), now)
            told = "breached" if reading.state == State.BREACHED else "open"
            assert (told, reading.remaining_minutes, reading.is_done) == (state, left, is_done)
            assert (None if reading.due_at is None else number_of(reading.due_at)) == due
            seen[state] = seen.get(state, 0) + 1
            seen["paused"] = seen.get("paused", 0) + reading.is_paused
    # The dice must not have avoided what is interesting.
    assert min(seen.values()) > 1000


def test_working_time_between_random_moments_equals_the_count() -> None:
    dice = random.Random(7)
    for spans in SCHEDULES:
        hours, oracle = hours_of(spans), Oracle(spans)
        for _ in range(2000):
            start = dice.randrange(480 * 1440)
            end = min(start + dice.randrange(60_000), len(oracle.is_work))
            worked = int(oracle.worked[end] - oracle.worked[start])
            assert hours.between(minute(start), minute(end)) == worked * MINUTE
            assert hours.is_open(minute(start)) == oracle.is_work[start]
            if worked:
                due = hours.after(minute(start), worked * MINUTE)
                assert minute(start) < due <= minute(end)
                assert hours.between(minute(start), due) == worked * MINUTE


HOURS = WorkingHours.parse("08:30-12:00,13:30-17:30")
TARGETS = Targets(first_response=10, next_response=10, resolution=450)


def at(text: str) -> datetime:
    """A moment in China."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def customer(text: str) -> Said:
    return Said(True, at(text))


def staff(text: str) -> Said:
    return Said(False, at(text))


def pressing(episode: Episode, now: str) -> Reading:
    found = most_pressing(episode, TARGETS, HOURS, now=at(now))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("now", "state", "remaining"),
    [
        ("2026-11-24T09:00", State.FINE, 10),
        ("2026-11-24T09:04:59", State.FINE, 5),
        ("2026-11-24T09:05", State.WARNING, 5),
        ("2026-11-24T09:09:59", State.WARNING, 0),
        ("2026-11-24T09:10", State.WARNING, 0),  # at the due moment an answer is in time
        ("2026-11-24T09:10:01", State.BREACHED, -1),
        ("2026-11-24T12:00", State.BREACHED, -170),
        ("2026-11-24T13:00", State.BREACHED, -170),
    ],
)
def test_first_response_warns_at_half_time_and_breaches_after_it_is_due(
    now: str, state: State, remaining: int
) -> None:
    found = pressing(Episode(at("2026-11-24T09:00")), now)
    assert (found.which, found.state, found.remaining_minutes) == (
        Which.FIRST_RESPONSE,
        state,
        remaining,
    )
    assert found.due_at == at("2026-11-24T09:10")
    assert found.warn_at == at("2026-11-24T09:05")


@pytest.mark.parametrize(
    ("began", "due"),
    [
        ("2026-11-24T11:55", "2026-11-24T13:35"),  # over the lunch break
        ("2026-11-24T11:50", "2026-11-24T12:00"),  # used up when the break begins
        ("2026-11-27T17:25", "2026-11-30T08:35"),  # over the weekend
        ("2026-09-30T17:25", "2026-10-08T08:35"),  # over National Day
        ("2026-10-09T17:25", "2026-10-10T08:35"),  # into a worked Saturday
        ("2026-11-28T20:00", "2026-11-30T08:40"),  # begun on a Sunday's eve
    ],
)
def test_first_response_is_due_in_working_time(began: str, due: str) -> None:
    assert pressing(Episode(at(began)), began).due_at == at(due)


def test_nights_do_not_breach_and_missed_closing_does() -> None:
    late = Episode(at("2026-11-24T17:25"))
    assert pressing(late, "2026-11-24T23:00").state == State.WARNING
    assert pressing(late, "2026-11-25T08:36").state == State.BREACHED
    # The ten minutes ended with the day: nobody may say "still open" at night.
    missed = pressing(Episode(at("2026-11-24T17:20")), "2026-11-24T23:00")
    assert (missed.state, missed.remaining_minutes) == (State.BREACHED, 0)


def test_acceptance_and_more_questions_do_not_answer_the_first_one() -> None:
    episode = Episode(at("2026-11-24T09:00"), [customer("2026-11-24T09:08")])
    assert pressing(episode, "2026-11-24T09:11").state == State.BREACHED


def test_next_response_counts_from_the_first_unanswered_message() -> None:
    said = [
        staff("2026-11-24T09:02"),
        customer("2026-11-24T09:30"),
        customer("2026-11-24T09:38"),
    ]
    found = pressing(Episode(at("2026-11-24T09:00"), said), "2026-11-24T09:36")
    assert (found.which, found.state) == (Which.NEXT_RESPONSE, State.WARNING)
    assert found.due_at == at("2026-11-24T09:40")


def test_clock_of_the_resolution_stands_still_while_the_customer_owes_an_answer() -> None:
    said = [staff("2026-11-24T09:02")]
    began = at("2026-11-24T09:00")
    owing = pressing(Episode(began, said), "2026-12-24T09:00")
    assert (owing.which, owing.state) == (Which.RESOLUTION, State.FINE)
    assert (owing.is_paused, owing.due_at, owing.remaining_minutes) == (True, None, 448)
    answered = Episode(began, [*said, customer("2026-12-24T09:00")])
    resolution = readings(answered, TARGETS, HOURS, now=at("2026-12-24T09:05"))[-1]
    assert (resolution.is_paused, resolution.remaining_minutes) == (False, 443)
    # 448 of the day's 450 working minutes are left at nine.
    assert resolution.due_at == at("2026-12-25T08:58")


def test_resolution_warns_an_hour_before_it_is_due() -> None:
    said = [staff("2026-11-24T08:31"), customer("2026-11-24T08:31")]
    episode = Episode(at("2026-11-24T08:30"), said)
    calm, warned, broken = (
        readings(episode, TARGETS, HOURS, now=at(f"2026-11-{text}"))[-1]
        for text in ("24T16:29", "24T16:30", "25T08:30")
    )
    assert [calm.state, warned.state, broken.state] == [
        State.FINE,
        State.WARNING,
        State.BREACHED,
    ]
    assert calm.due_at == at("2026-11-24T17:30")


def test_resolved_episode_presses_no_more_and_keeps_its_record() -> None:
    said = [staff("2026-11-24T09:20"), customer("2026-11-24T09:30")]
    episode = Episode(at("2026-11-24T09:00"), said, at("2026-11-24T09:35"))
    first, following, resolution = readings(episode, TARGETS, HOURS, now=at("2026-12-24T09:00"))
    assert most_pressing(episode, TARGETS, HOURS, now=at("2026-12-24T09:00")) is None
    assert [each.state for each in (first, following, resolution)] == [
        State.BREACHED,
        State.FINE,
        State.FINE,
    ]
    assert [each.remaining_minutes for each in (first, following, resolution)] == [-10, 5, 425]


def test_what_is_said_outside_the_episode_does_not_count() -> None:
    said = [staff("2026-11-24T08:40"), customer("2026-11-24T08:50")]
    found = pressing(Episode(at("2026-11-24T09:00"), said), "2026-11-24T09:01")
    assert found.which == Which.FIRST_RESPONSE


def test_worst_state_presses_first_and_among_equals_the_earliest() -> None:
    # The resolution is breached although the newest message is fresh.
    said = [staff("2026-11-24T09:01"), customer("2026-11-24T09:02"), staff("2026-11-26T09:00")]
    long_ago = Episode(at("2026-11-24T09:00"), [*said, customer("2026-11-26T09:10")])
    assert pressing(long_ago, "2026-11-26T09:11").which == Which.RESOLUTION
    young = Episode(at("2026-11-24T09:00"), [said[0], said[1]])
    assert pressing(young, "2026-11-24T09:03").which == Which.NEXT_RESPONSE
