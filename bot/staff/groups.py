"""Hours and promised times of each group of staff; a group serves one service category.

Kept as a table (``category,hours,first_response,next_response,resolution``; times in working
minutes, what is empty follows the row ``default``, then the settings), which is imported with
``python -m bot.staff.groups <file>`` and written out by the same command without a file.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.database import Database
from bot.migrations.run import migrate
from bot.resources.tables import CATEGORIES, Column, Fault, TableRefused, one_of, read_table
from bot.settings import load
from bot.staff.calendar import load_calendar
from bot.staff.hours import WorkingHours
from bot.staff.models import ServiceGroup
from bot.staff.sla import Targets

DEFAULT = "default"
# Ten minutes is what the queue promises; eight working hours are one working day.
TARGETS = Targets(first_response=10, next_response=10, resolution=480)
# Ten working days of eight hours; what takes longer is a case, with a deadline of its own.
_MOST_MINUTES = 4800


@dataclass(frozen=True)
class Group:
    """When a group works and what it promises."""

    hours: WorkingHours
    targets: Targets = TARGETS


@dataclass(frozen=True)
class Groups:
    """All groups; a category without one of its own gets the default."""

    default: Group
    own: Mapping[str, Group] = field(default_factory=dict)

    def of(self, category: str | None) -> Group:
        """Who serves a category, or customers whose category nobody knows yet."""
        return self.own.get(category or DEFAULT, self.default)


def load_groups(session: Session, hours: WorkingHours) -> Groups:
    """All groups as they are now, with the imported holidays.

    Args:
        session: Any unit of work; two queries.
        hours: The platform's hours, for groups that have none of their own.
    """
    calendar = load_calendar(session)
    rows = {row.category: row for row in session.scalars(select(ServiceGroup))}
    platform = Group(WorkingHours(hours.spans, calendar))
    default = _group(rows.pop(DEFAULT, None), platform)
    return Groups(default, {name: _group(row, default) for name, row in rows.items()})


def import_groups(session: Session, path: Path) -> int:
    """Make the groups equal to a table; the same again changes nothing.

    Returns:
        How many rows there are now.

    Raises:
        TableRefused: A row breaks a rule. Nothing is imported; each fault names the file, the
            line and the rule.
    """
    faults: list[str] = []
    rows = read_table(path, _COLUMNS, faults)
    if faults:
        raise TableRefused(faults)
    session.execute(delete(ServiceGroup))
    session.add_all(ServiceGroup(**row) for row in rows)
    session.flush()
    return len(rows)


def _group(row: ServiceGroup | None, otherwise: Group) -> Group:
    if row is None:
        return otherwise
    calendar = otherwise.hours.calendar
    return Group(
        WorkingHours.parse(row.hours, calendar) if row.hours else otherwise.hours,
        Targets(
            row.first_response or otherwise.targets.first_response,
            row.next_response or otherwise.targets.next_response,
            row.resolution or otherwise.targets.resolution,
        ),
    )


def _hours(cell: str) -> str:
    try:
        WorkingHours.parse(cell)
    except ValueError as error:
        raise Fault(str(error)) from None
    if len(cell) > 120:
        raise Fault("最多 120 个字")
    return cell


def _minutes(cell: str) -> int:
    if not (cell.isascii() and cell.isdecimal() and len(cell) <= 5):
        raise Fault("应为工作分钟数，不带小数")
    if not 1 <= int(cell) <= _MOST_MINUTES:
        raise Fault(f"应在 1–{_MOST_MINUTES} 分钟之间")
    return int(cell)


_TIMES = ("first_response", "next_response", "resolution")
_COLUMNS = [
    Column("category", one_of(CATEGORIES | {DEFAULT})),
    Column("hours", _hours, required=False),
    *(Column(name, _minutes, required=False, empty=None) for name in _TIMES),
]


def main(arguments: list[str]) -> int:
    """Import the table named on the command line, then write out what holds now."""
    settings = load()
    database = Database(settings.database_url)
    try:
        migrate(database)
        with database.writing() as session:
            for path in arguments[:1]:
                import_groups(session, Path(path))
            groups = load_groups(session, WorkingHours.parse(settings.working_hours))
    except TableRefused as refused:
        sys.stderr.write(f"没有导入，原有安排不变：\n{refused.sentence}\n")
        return 1
    finally:
        database.close()
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow([column.name for column in _COLUMNS])
    for name in [DEFAULT, *sorted(CATEGORIES)]:
        table.writerow(_row(name, groups.of(name)))
    return 0


def _row(name: str, group: Group) -> list[Any]:
    targets = group.targets
    return [name, str(group.hours), *(getattr(targets, each) for each in _TIMES)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
