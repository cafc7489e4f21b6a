"""What has to be looked after at the desk, as periodic work for the web application."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.conversations.handoff import Handoff
from bot.conversations.offers import any_expired, expire_transfers
from bot.conversations.sla_notices import SlaWatch
from bot.conversations.transitions import ASSIGNMENT
from bot.settings import Settings
from bot.staff.assignment import Assignment
from bot.staff.hours import WorkingHours
from bot.staff.presence import Absence
from bot.staff.silence import Silence
from bot.sweeps import Sweep


def staff_sweeps(
    settings: Settings, handoff: Handoff, hours: WorkingHours, *, since: datetime
) -> list[Sweep]:
    """Assignment, absences, silence, offers that run out, and warnings.

    Args:
        settings: Its limits; ``assignment=manual`` leaves assignment out.
        handoff: Carries the changes out.
        hours: The platform's hours.
        since: When this process began.
    """
    absence = Absence(handoff, timedelta(minutes=settings.vanished_minutes), since)
    first = timedelta(minutes=settings.answer_minutes)
    following = timedelta(minutes=settings.next_answer_minutes)
    silence = Silence(handoff, hours, first, following)
    watch = SlaWatch(hours)
    sweeps = [
        # An offer stands for half a minute; its end should not be late by much.
        Sweep("transfers", 2, expire_transfers, any_expired),
        Sweep("absence", 10, absence.end, absence.any),
        Sweep("silence", 20, silence.end, silence.any),
        # Promises are kept in minutes.
        Sweep("sla", 20, watch.tell, watch.any),
    ]
    if settings.assignment == "auto":
        assignment = Assignment(handoff, hours, settings.staff_capacity)
        work, needed = assignment.assign_waiting, assignment.is_needed
        # Woken by whatever makes work or room; the interval is for opening hours, for leases,
        # and for a wait for a former member of staff that is over.
        sweeps.append(Sweep("assignment", 5, work, needed, woken_by=ASSIGNMENT))
    return sweeps
