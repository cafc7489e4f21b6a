"""Promised times: until the first response, until each next one, and until the resolution.

Only working time counts, and the clock of the resolution stands still while the customer owes
an answer. Everything here is computed from plain values, so a report made later, with the same
events, says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.staff.hours import WorkingHours

_MINUTE = timedelta(minutes=1)
# A warning must leave time to act, yet one that stands all day is not seen any more.
_WARN_SHARE = 0.5
_LONGEST_WARNING = timedelta(hours=1)


class Which(StrEnum):
    """What was promised."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


class State(StrEnum):
    """How a promise stands, from the best to the worst."""

    FINE = "fine"
    WARNING = "warning"
    BREACHED = "breached"


_WORST_FIRST = (State.BREACHED, State.WARNING, State.FINE)


@dataclass(frozen=True)
class Targets:
    """What is promised, in working minutes."""

    first_response: int
    next_response: int
    resolution: int

    def of(self, which: Which) -> timedelta:
        """The working time that one promise gives."""
        return timedelta(minutes=getattr(self, which.value))


@dataclass(frozen=True)
class Said:
    """Something said aloud, by the customer or else by a member of staff."""

    by_customer: bool
    at: datetime


@dataclass(frozen=True)
class Episode:
    """What happened between a hand-off and its end, in its order."""

    began_at: datetime
    said: Sequence[Said] = ()
    resolved_at: datetime | None = None


@dataclass(frozen=True)
class Clock:
    """One promise's clock: when it ran, and whether what it measures has come about.

    ``runs`` are pairs of moments; only the last may be open (None: it still runs).
    """

    which: Which
    runs: tuple[tuple[datetime, datetime | None], ...]
    is_done: bool


@dataclass(frozen=True)
class Reading:
    """A clock as it stands at one moment.

    Attributes:
        which: The promise.
        state: How it stands.
        remaining: Working time left; negative by how much it is overdue.
        due_at: When it is (or was) due; None while the clock stands still before that.
        warn_at: When the warning begins (or began); None likewise.
        is_done: It was answered or resolved.
        is_paused: It stands still, because the customer owes an answer.
        began_at: When the clock began; with ``which`` it names the clock.
    """

    which: Which
    state: State
    remaining: timedelta
    due_at: datetime | None
    warn_at: datetime | None
    is_done: bool
    is_paused: bool
    began_at: datetime

    @property
    def remaining_minutes(self) -> int:
        """Whole working minutes left; below zero as soon as it is overdue in working time."""
        return self.remaining // _MINUTE

    def view(self) -> dict[str, Any]:
        """The reading as JSON."""
        return {
            "which": self.which.value,
            "state": self.state.value,
            "due_at": self.due_at.isoformat() if self.due_at else None,
            "warn_at": self.warn_at.isoformat() if self.warn_at else None,
            "remaining_minutes": self.remaining_minutes,
            "paused": self.is_paused,
        }


def readings(
    episode: Episode, targets: Targets, hours: WorkingHours, *, now: datetime
) -> list[Reading]:
    """All clocks of an episode as they stand: the first response, each next one, the resolution."""
    return [_read(clock, targets.of(clock.which), hours, now) for clock in clocks(episode)]


def most_pressing(
    episode: Episode, targets: Targets, hours: WorkingHours, *, now: datetime
) -> Reading | None:
    """What to look at first: the worst, among equals the one due first; None if all is done.

    A clock that stands still presses less than any that runs.
    """
    waiting = [clock for clock in clocks(episode) if not clock.is_done]
    found = [_read(clock, targets.of(clock.which), hours, now) for clock in waiting]
    return min(
        found,
        key=lambda each: (
            _WORST_FIRST.index(each.state),
            each.is_paused,
            each.due_at.timestamp() if each.due_at else 0.0,
        ),
        default=None,
    )


def clocks(episode: Episode) -> list[Clock]:
    """The clocks that an episode's events start, stop and end."""
    end = episode.resolved_at
    said = [
        each
        for each in episode.said
        if each.at >= episode.began_at and (end is None or each.at <= end)
    ]
    answers = [each.at for each in said if not each.by_customer]
    first = answers[0] if answers else end
    found = [Clock(Which.FIRST_RESPONSE, ((episode.began_at, first),), first is not None)]
    runs: list[tuple[datetime, datetime | None]] = []
    # Since when the customer has been waiting; nobody waits after an answer.
    since: datetime | None = episode.began_at
    for each in said:
        if each.by_customer:
            since = since or each.at
        elif since is not None:
            runs.append((since, each.at))
            since = None
    if since is not None:
        runs.append((since, end))
    # The first wait is the first response's.
    found += [Clock(Which.NEXT_RESPONSE, (run,), run[1] is not None) for run in runs[1:]]
    return [*found, Clock(Which.RESOLUTION, tuple(runs), end is not None)]


def _read(clock: Clock, target: timedelta, hours: WorkingHours, now: datetime) -> Reading:
    worked = [
        hours.between(start, now if end is None else min(end, now)) for start, end in clock.runs
    ]
    due_at = _reached(clock, worked, target, hours)
    warning = min(target * _WARN_SHARE, _LONGEST_WARNING)
    warn_at = _reached(clock, worked, target - warning, hours)
    state = State.FINE
    if due_at is not None and now > due_at:
        state = State.BREACHED
    elif not clock.is_done and warn_at is not None and now >= warn_at:
        state = State.WARNING
    return Reading(
        which=clock.which,
        state=state,
        remaining=target - sum(worked, timedelta()),
        due_at=due_at,
        warn_at=warn_at,
        is_done=clock.is_done,
        is_paused=not clock.is_done and clock.runs[-1][1] is not None,
        began_at=clock.runs[0][0],
    )


def _reached(
    clock: Clock, worked: Sequence[timedelta], length: timedelta, hours: WorkingHours
) -> datetime | None:
    """When the clock shows (or will show, if it runs on) so much; None if it stopped before.

    What happens at that very moment is still in time, so a run that ends there does not reach it.
    """
    for (start, end), spent in zip(clock.runs, worked, strict=True):
        if end is None or length <= spent:
            reached = hours.after(start, length)
            if end is None or reached < end:
                return reached
        length -= spent
    return None
